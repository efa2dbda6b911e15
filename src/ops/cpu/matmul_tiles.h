// The register tiles of matrix products of which no operand is packed.
#pragma once

#include "ops/cpu/kernel.h"

namespace engine::cpu {

/// y = alpha * a b + beta * c; element (row, k) of a at row * a_row + k * a_k, and so on.
struct MatMulArguments {
  const float* a;
  const float* b;
  const float* c;  ///< null: no third term
  float* y;
  Index m, k, n;
  Index a_row, a_k, b_k, b_column, c_row, c_column;
  Index y_row;  ///< columns of y are neighbours
  float alpha = 1, beta = 1;
};

/// Columns that the largest tile has.
inline constexpr Index kMatMulColumns = 32;

/// Computes columns [first, last), a multiple of 16 apart but for the end; scratch holds
/// [k][kMatMulColumns], or [k][16] for 16 columns or less. One chain per output over k ascending.
using MatMulColumns = void (*)(const MatMulArguments& g, Index first, Index last,
                               float* scratch) noexcept;
MatMulColumns matmul_columns_for(Isa isa);

}  // namespace engine::cpu
