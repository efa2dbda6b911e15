// MatMul and Gemm on the CPU where no operand is constant: B is packed on the fly, a few blocks of
// columns at a time, then the register tiles run. One chain per output.
#define ENGINE_ISA_FILE "ops/cpu/matmul.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/matmul_tiles.h"
#include "ops/cpu/pack.h"
#include "ops/broadcast_loop.h"
#include "ops/matmul.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"
#include "ops/cpu/simd/transpose.inc"

ENGINE_BEGIN_ISA

// The largest tile: accumulators, one row of B and one broadcast must fit the registers.
#if ENGINE_ISA_ID == 2
inline constexpr int kMatMulRows = 14, kMatMulBlocks = 2;
#elif ENGINE_ISA_ID == 0
inline constexpr int kMatMulRows = 1, kMatMulBlocks = 1;
#else
inline constexpr int kMatMulRows = 6, kMatMulBlocks = 1;
#endif

/// The end of a tile with alpha or a third term. sums [rows][blocks][16].
[[gnu::noinline]] inline void finish_matmul(const MatMulArguments& g, Index row, Index rows,
                                            Index column, Index blocks, const Vec* sums) noexcept {
  for (Index r = 0; r < rows; ++r)
    for (Index v = 0; v < blocks; ++v) {
      const Index first = column + v * kVecLanes, valid = g.n - first;
      Vec value = sums[r * blocks + v];
      if (g.alpha != 1.0f) value = mul(fill(g.alpha), value);
      if (g.c) {
        const float* c = g.c + (row + r) * g.c_row + first * g.c_column;
        const Vec addend = g.c_column ? load(c, valid, 0.0f) : fill(*c);
        value = fma(fill(g.beta), addend, value);
      }
      store(g.y + (row + r) * g.y_row + first, valid, value);
    }
}

template <int MR, int NV>
void matmul_tile(const MatMulArguments& g, Index row, Index column, const float* packed) {
  Vec sums[MR][NV];
  tile_chain<MR, NV>({g.a + row * g.a_row, g.a_row, g.a_k}, {packed, kVecLanes, g.k * kVecLanes},
                     g.k, sums);
  if (g.alpha == 1.0f && !g.c) {
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) {
      const Index valid = g.n - column - v * kVecLanes;
      float* y = g.y + row * g.y_row + column + v * kVecLanes;
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r, y += g.y_row) store(y, valid, sums[r][v]);
    }
    return;
  }
  Vec kept[MR][NV];  // what has an address does not stay in registers
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) kept[r][v] = sums[r][v];
  finish_matmul(g, row, MR, column, NV, kept[0]);
}

template <int NV>
void matmul_rows(const MatMulArguments& g, Index column, const float* packed) {
  Index row = 0;
  for (; g.m - row >= kMatMulRows; row += kMatMulRows)
    matmul_tile<kMatMulRows, NV>(g, row, column, packed);
  if constexpr (kMatMulRows > 8)
    for (; g.m - row >= 8; row += 8) matmul_tile<8, NV>(g, row, column, packed);
  if constexpr (kMatMulRows > 4)
    for (; g.m - row >= 4; row += 4) matmul_tile<4, NV>(g, row, column, packed);
  if constexpr (kMatMulRows > 2)
    for (; g.m - row >= 2; row += 2) matmul_tile<2, NV>(g, row, column, packed);
  for (; row < g.m; ++row) matmul_tile<1, NV>(g, row, column, packed);
}

/// to[k][16] = 16 columns of B, zeros behind its end.
void pack_columns(const MatMulArguments& g, Index column, float* to) {
  const float* from = g.b + column * g.b_column;
  const Index width = std::min<Index>(g.n - column, kVecLanes);
  if (g.b_column == 1) {
    for (Index k = 0; k < g.k; ++k, from += g.b_k, to += kVecLanes)
      store(to, load(from, width, 0.0f));
    return;
  }
  if (g.b_k != 1) return pack_block(g.b, g.b_k, g.b_column, g.k, g.n, column / kVecLanes, to);
  if (width < kVecLanes) std::fill_n(to, g.k * kVecLanes, 0.0f);
  transpose_plane(g.k, width, from, g.b_column, to, kVecLanes);
}

void matmul_columns(const MatMulArguments& g, Index first, Index last, float* scratch) noexcept {
  for (Index column = first; column < last;) {
    const bool pair = kMatMulBlocks == 2 && last - column > kVecLanes;
    const bool in_place = g.b_column == 1 && g.n == kVecLanes && g.b_k == kVecLanes;
    const float* packed = in_place ? g.b : scratch;
    if (!in_place) pack_columns(g, column, scratch);
    if (pair) {
      pack_columns(g, column + kVecLanes, scratch + g.k * kVecLanes);
      matmul_rows<kMatMulBlocks>(g, column, packed);
    } else {
      matmul_rows<1>(g, column, packed);
    }
    column += pair ? kMatMulBlocks * kVecLanes : kVecLanes;
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class MatMulKernel final : public Kernel {
 public:
  MatMulKernel(ops::MatMulPlan plan, MatMulArguments form, bool has_c, Isa isa)
      : plan_(std::move(plan)),
        form_(form),
        has_c_(has_c),
        isa_(isa),
        columns_(matmul_columns_for(isa)) {
    form_.y_row = form_.n;
  }

  Fault run(const Call& call) const noexcept override {
    const Index blocks = (form_.n + kMatMulColumns - 1) / kMatMulColumns;
    const Index products = plan_.batch;
    const Index tasks = products * blocks;
    // Pieces are numbered, and each has its own scratch, so that an executor may run them anywhere.
    const bool small = products * form_.m * form_.n * form_.k < (1 << 17);
    const Index pieces = small ? 1 : std::min<Index>(tasks, call.pool.concurrency());
    call.pool.parallel(pieces, [&](Index piece) {
      float* scratch = reinterpret_cast<float*>(call.scratch) + piece * scratch_floats();
      for (Index task = tasks * piece / pieces; task < tasks * (piece + 1) / pieces; ++task)
        run_block(call, task / blocks, task % blocks, scratch);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads * scratch_floats()) * sizeof(float);
  }
  std::string name() const override { return kernel_name("matmul_tiles", isa_); }

 private:
  Index scratch_floats() const noexcept { return std::max<Index>(form_.k, 1) * kMatMulColumns; }

  void run_block(const Call& call, Index product, Index block, float* scratch) const noexcept {
    MatMulArguments g = form_;
    const auto i = static_cast<std::size_t>(product);
    g.a = static_cast<const float*>(call.in[0]) + plan_.a_matrix[i] * g.m * g.k;
    g.b = static_cast<const float*>(call.in[1]) + plan_.b_matrix[i] * g.k * g.n;
    if (has_c_) g.c = static_cast<const float*>(call.in[2]);
    g.y = static_cast<float*>(call.out[0]) + product * g.m * g.n;
    const Index first = block * kMatMulColumns;
    columns_(g, first, std::min(first + kMatMulColumns, g.n), scratch);
  }

  ops::MatMulPlan plan_;
  MatMulArguments form_;
  bool has_c_;
  Isa isa_;
  MatMulColumns columns_;
};

}  // namespace

MatMulColumns matmul_columns_for(Isa isa) { return ENGINE_KERNEL(isa, matmul_columns); }

std::unique_ptr<Kernel> bind_matmul(const Binding& binding, Isa isa) {
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  ops::MatMulPlan plan = ops::plan_matmul(binding.in[0].shape(), binding.in[1].shape());
  MatMulArguments form{};
  form.m = plan.rows;
  form.k = plan.k;
  form.n = plan.columns;
  form.a_row = plan.a_row;
  form.a_k = plan.a_k;
  form.b_k = plan.b_k;
  form.b_column = plan.b_column;
  return std::make_unique<MatMulKernel>(std::move(plan), form, false, isa);
}

std::unique_ptr<Kernel> bind_gemm(const Binding& binding, Isa isa) {
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  const auto& op = static_cast<const ops::Gemm&>(binding.op);
  ops::MatMulPlan plan;
  plan.a_matrix = {0};
  plan.b_matrix = {0};
  MatMulArguments form{};
  form.m = binding.out[0].shape()[0];
  form.n = binding.out[0].shape()[1];
  form.k = binding.in[0].shape()[op.trans_a ? 0 : 1];
  form.a_row = op.trans_a ? 1 : form.k;
  form.a_k = op.trans_a ? form.m : 1;
  form.b_k = op.trans_b ? 1 : form.n;
  form.b_column = op.trans_b ? form.k : 1;
  form.alpha = op.alpha;
  form.beta = op.beta;
  const bool has_c = binding.in.size() > 2 && binding.in[2];
  if (has_c) {
    const Shape strides = broadcast_strides(binding.in[2].shape(), binding.out[0].shape());
    form.c_row = strides[0];
    form.c_column = strides[1];
  }
  return std::make_unique<MatMulKernel>(std::move(plan), form, has_c, isa);
}

}  // namespace engine::cpu
#endif
