// Products of matrices as launches.
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// w [k, n], or [n, k] if transposed, as [blocks of columns][k][16], zeros behind the last column.
std::vector<float> packed_columns(const float* w, bool transposed, Index k, Index n);

/// y [rows, n] = x [rows, k] w, one chain for each element.
Launch product_launch(const Device& device, Argument x, cl_mem w, Argument y, Index rows, Index k,
                      Index n);

/// y [matrices][m, n] = a [m, k] b [k, n], matrices of the operands so many elements apart.
struct MatrixSizes {
  Index m, k, n, matrices = 1;
  Index a_step = 0, b_step = 0;
};
Launch matmul_launch(const Device& device, Argument a, Argument b, Argument y,
                     const MatrixSizes& sizes, const ops::Choice* choice = nullptr);

}  // namespace engine::opencl
