// Products with constant matrices as launches.
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// w [k, n], or [n, k] if transposed, as [blocks of columns][k][16], zeros behind the last column.
std::vector<float> packed_columns(const float* w, bool transposed, Index k, Index n);

/// y [rows, n] = x [rows, k] w, one chain for each element.
Launch product_launch(const Device& device, Argument x, cl_mem w, Argument y, Index rows, Index k,
                      Index n);

}  // namespace engine::opencl
