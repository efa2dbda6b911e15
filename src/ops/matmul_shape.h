// Shapes of a matrix product as numpy.matmul defines it.
#pragma once

#include "base/dim.h"

#include <vector>

namespace engine::ops {

/// Which of the operands' last two axes are exchanged before the product.
struct Transposed {
  bool a = false, b = false;
};

/// Extents of a [.., rows, k] times b [.., k, columns]; an operand of rank 1 is a row (a) or a
/// column (b) whose axis is dropped from the result. Throws Error (kInvalidModel) if they certainly
/// do not fit. Both ranks must be known.
Dims matmul_output(const Dims& a, const Dims& b, Transposed transposed = {});

/// The product for known extents: `a_matrix[i]` and `b_matrix[i]` say which matrices of the
/// operands meet in matrix i of the output.
struct MatMulPlan {
  Index batch = 1, rows = 1, k = 1, columns = 1;
  Index a_row = 0, a_k = 0, b_k = 0, b_column = 0;  ///< strides within a matrix, in elements
  std::vector<Index> a_matrix, b_matrix;
};
MatMulPlan plan_matmul(const Shape& a, const Shape& b, Transposed transposed = {});

}  // namespace engine::ops
