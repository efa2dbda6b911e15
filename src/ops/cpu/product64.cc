// MatMul and Dense on the CPU, float64: the sums of a tile of rows and 8 columns side by side, B
// packed on the fly. One fused chain per output over k ascending, Dense in its sections: the bits
// of ops/matmul.h and ops/dense.h, whose text calls the C library for each product.
#define ENGINE_ISA_FILE "ops/cpu/product64.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/matmul_shape.h"

#ifndef ENGINE_CPU_PRODUCT64
#define ENGINE_CPU_PRODUCT64
namespace engine::cpu {

inline constexpr int kColumns64 = 8, kRows64 = 4;

/// Rows of A from `a` on and 8 columns of B.
struct Tile64 {
  const double* a;  ///< element (row, k) at row * a_row + k * a_k
  Index a_row, a_k, k, segments;
  Index section;    ///< terms of a chain
  const double* b;  ///< [k][8]
  double* sums;     ///< [rows][8]
};

}  // namespace engine::cpu
#endif

ENGINE_BEGIN_ISA

template <int kRows>
inline void section_sums(const Tile64& t, Index first, Index last,
                         double (&out)[kRows64][kColumns64]) {
  double sums[kRows][kColumns64] = {};
  for (Index k = first; k < last; ++k)
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const double a = t.a[r * t.a_row + k * t.a_k];
#pragma GCC unroll 8
      for (int c = 0; c < kColumns64; ++c)
        sums[r][c] = __builtin_fma(a, t.b[k * kColumns64 + c], sums[r][c]);
    }
  std::memcpy(out, sums, sizeof sums);
}

// Terms [first, last) in sections.
template <int kRows>
inline void segment_sums(const Tile64& t, Index first, Index last,
                         double (&out)[kRows64][kColumns64]) {
  section_sums<kRows>(t, first, std::min(first + t.section, last), out);
  for (first += t.section; first < last; first += t.section) {
    double section[kRows64][kColumns64];
    section_sums<kRows>(t, first, std::min(first + t.section, last), section);
    for (int r = 0; r < kRows; ++r)
      for (int c = 0; c < kColumns64; ++c) out[r][c] = out[r][c] + section[r][c];
  }
}

template <int kRows>
inline void tile_sums(const Tile64& t) {
  double parts[4][kRows64][kColumns64];
  for (Index s = 0; s < t.segments; ++s)
    segment_sums<kRows>(t, numerics::segment_start(t.k, t.segments, s),
                        numerics::segment_start(t.k, t.segments, s + 1), parts[s]);
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kColumns64; ++c) {
      double sum = parts[0][r][c];
      if (t.segments == 2) sum = sum + parts[1][r][c];
      if (t.segments == 4) sum = (sum + parts[1][r][c]) + (parts[2][r][c] + parts[3][r][c]);
      t.sums[r * kColumns64 + c] = sum;
    }
}

/// `rows` is kRows64 or less.
void tile64(const Tile64& t, Index rows) noexcept {
  if (rows == kRows64) return tile_sums<kRows64>(t);
  for (Index r = 0; r < rows; ++r) {
    Tile64 one = t;
    one.a += r * t.a_row;
    one.sums += r * kColumns64;
    tile_sums<1>(one);
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class Product64Kernel final : public Kernel {
 public:
  Product64Kernel(ops::MatMulPlan plan, const ops::Dense* dense, bool has_bias, Isa isa)
      : plan_(std::move(plan)),
        dense_(dense),
        has_bias_(has_bias),
        isa_(isa),
        tile_(ENGINE_KERNEL(isa, tile64)) {}

  Fault run(const Call& call) const noexcept override {
    const Index blocks = (plan_.columns + kColumns64 - 1) / kColumns64;
    const Index tasks = plan_.batch * blocks;
    constexpr Index kProductsPerPiece = 1 << 15;  // below, handing over costs more than it saves
    const Index work = plan_.batch * plan_.rows * plan_.columns * std::max<Index>(1, plan_.k);
    const Index pieces = std::min<Index>(
        {tasks, call.pool.concurrency(), std::max<Index>(1, work / kProductsPerPiece)});
    call.pool.parallel(pieces, [&](Index piece) {
      auto* packed = reinterpret_cast<double*>(call.scratch) + piece * plan_.k * kColumns64;
      for (Index task = tasks * piece / pieces; task < tasks * (piece + 1) / pieces; ++task)
        run_block(call, task / blocks, task % blocks * kColumns64, packed);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads * plan_.k * kColumns64) * sizeof(double);
  }
  std::string name() const override { return kernel_name("product64", isa_); }

 private:
  void run_block(const Call& call, Index matrix, Index column, double* packed) const noexcept {
    const auto i = static_cast<std::size_t>(matrix);
    const ops::MatMulPlan& p = plan_;
    const auto* a = static_cast<const double*>(call.in[0]) + p.a_matrix[i] * p.rows * p.k;
    const auto* b = static_cast<const double*>(call.in[1]) + p.b_matrix[i] * p.k * p.columns;
    const Index width = std::min<Index>(kColumns64, p.columns - column);
    for (Index k = 0; k < p.k; ++k)
      for (Index c = 0; c < kColumns64; ++c)
        packed[k * kColumns64 + c] = c < width ? b[k * p.b_k + (column + c) * p.b_column] : 0.0;
    const Index segments = dense_ ? numerics::dense_segments(p.columns) : 1;
    const Index section = dense_ ? numerics::kSectionTerms : std::max<Index>(1, p.k);
    double sums[kRows64 * kColumns64];
    for (Index row = 0; row < p.rows; row += kRows64) {
      const Index rows = std::min<Index>(kRows64, p.rows - row);
      tile_({a + row * p.a_row, p.a_row, p.a_k, p.k, segments, section, packed, sums}, rows);
      for (Index r = 0; r < rows; ++r)
        finish(call, (matrix * p.rows + row + r) * p.columns + column, column, width,
               sums + r * kColumns64);
    }
  }

  void finish(const Call& call, Index at, Index column, Index width,
              const double* sums) const noexcept {
    auto* y = static_cast<double*>(call.out[0]) + at;
    const auto input = [&](Index i) {
      return static_cast<const double*>(call.in[static_cast<std::size_t>(i)]);
    };
    const double* bias = has_bias_ ? input(ops::Dense::kBias) + column : nullptr;
    const bool has_residual = dense_ && dense_->epilogue.residual;
    const double* residual = has_residual ? input(ops::Dense::kResidual) + at : nullptr;
    for (Index c = 0; c < width; ++c)
      y[c] = dense_ ? dense_->epilogue.apply(sums[c], bias ? bias + c : nullptr,
                                             residual ? residual + c : nullptr)
                    : sums[c];
  }

  ops::MatMulPlan plan_;
  const ops::Dense* dense_;  ///< null: MatMul
  bool has_bias_;
  Isa isa_;
  void (*tile_)(const Tile64&, Index) noexcept;
};

}  // namespace

std::unique_ptr<Kernel> bind_matmul64(const Binding& binding, Isa isa) {
  if (binding.in[0].dtype != DType::kFloat64) return nullptr;
  return std::make_unique<Product64Kernel>(
      ops::plan_matmul(binding.in[0].shape(), binding.in[1].shape()), nullptr, false, isa);
}

std::unique_ptr<Kernel> bind_dense64(const Binding& binding, Isa isa) {
  if (binding.in[0].dtype != DType::kFloat64) return nullptr;
  const auto& op = static_cast<const ops::Dense&>(binding.op);
  const Shape& y = binding.out[0].shape();
  ops::MatMulPlan plan;
  plan.k = binding.in[ops::Dense::kX].shape().back();
  plan.columns = y.back();
  plan.rows = product(y, 0, std::ssize(y) - 1);
  plan.a_row = plan.k;
  plan.a_k = 1;
  plan.b_k = op.transposed ? 1 : plan.columns;
  plan.b_column = op.transposed ? plan.k : 1;
  plan.a_matrix = plan.b_matrix = {0};
  const bool has_bias = binding.in.size() > ops::Dense::kBias && binding.in[ops::Dense::kBias];
  return std::make_unique<Product64Kernel>(std::move(plan), &op, has_bias, isa);
}

}  // namespace engine::cpu
#endif
