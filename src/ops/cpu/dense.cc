// Dense on the CPU: x [rows, K] row-major times packed W, in register tiles. Many rows run the
// segments of K one after another, one row (dense_row.h) side by side, with the same bits.
#define ENGINE_ISA_FILE "ops/cpu/dense.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/dense_row.h"
#include "ops/cpu/pack.h"
#include "ops/dense.h"

#ifndef ENGINE_DENSE_ARGUMENTS
#define ENGINE_DENSE_ARGUMENTS
namespace engine::cpu {
struct DenseArguments {
  const float* x;
  const float* bias;
  const float* residual;
  float* y;
  Index rows, k, n;
  const PackedMatrix* w;
  const ops::Epilogue* epilogue;
};
}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// The largest tile: accumulators, one row of B and one broadcast must fit the registers.
#if ENGINE_ISA_ID == 2
inline constexpr int kRows = 14, kBlocks = 2;
#elif ENGINE_ISA_ID == 1
inline constexpr int kRows = 6, kBlocks = 1;
#elif ENGINE_ISA_ID == 3
inline constexpr int kRows = 6, kBlocks = 1;
#else
inline constexpr int kRows = 2, kBlocks = 1;
#endif

template <int NV>
ENGINE_INLINE void finish_row(const DenseArguments& d, const TileEpilogue& e, Index row,
                              Index block, const Vec (&sums)[NV]) {
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const Index column = (block + v) * kVecLanes;
    const Index valid = std::min<Index>(d.n - column, kVecLanes);
    const Index at = row * d.n + column;
    Vec bias;
    if (d.bias) bias = load(d.bias + column, valid, 0.0f);
    finish(sums[v], d.bias ? &bias : nullptr, d.residual ? d.residual + at : nullptr, e, valid,
           d.y + at);
  }
}

inline TileEpilogue tile_epilogue(const DenseArguments& d) {
  return {d.bias, d.residual, d.epilogue->activation, d.epilogue->a, d.epilogue->b};
}

// MR rows, NV blocks; the segments one after another, their sums kept in memory.
template <int MR, int NV>
void dense_tile(const DenseArguments& d, Index row, Index block) {
  const Index segments = numerics::dense_segments(d.n);
  Vec sums[MR][NV];
  Vec parts[3][MR][NV];
  for (Index s = 0; s < segments; ++s) {
    const Index first = numerics::segment_start(d.k, segments, s);
    const Index last = numerics::segment_start(d.k, segments, s + 1);
    const TileA a{d.x + row * d.k + first, d.k, 1};
    const TileB b{d.w->block(block) + first * kVecLanes, kVecLanes, d.k * kVecLanes};
    tile_chain<MR, NV>(a, b, last - first, sums);
    if (s + 1 < segments) std::memcpy(parts[s], sums, sizeof sums);
  }
  const TileEpilogue e = tile_epilogue(d);
#pragma GCC unroll 1
  for (int r = 0; r < MR; ++r) {
    for (int v = 0; v < NV; ++v) {
      if (segments == 2) sums[r][v] = add(parts[0][r][v], sums[r][v]);
      if (segments == 4)
        sums[r][v] = add(add(parts[0][r][v], parts[1][r][v]), add(parts[2][r][v], sums[r][v]));
    }
    finish_row<NV>(d, e, row + r, block, sums[r]);
  }
}

template <int NV>
void dense_rows(const DenseArguments& d, Index row, Index last, Index block) {
  for (; last - row >= kRows; row += kRows) dense_tile<kRows, NV>(d, row, block);
  if constexpr (kRows > 8)
    for (; last - row >= 8; row += 8) dense_tile<8, NV>(d, row, block);
  if constexpr (kRows > 4)
    for (; last - row >= 4; row += 4) dense_tile<4, NV>(d, row, block);
  if constexpr (kRows > 2)
    for (; last - row >= 2; row += 2) dense_tile<2, NV>(d, row, block);
  for (; last - row >= 1; row += 1) dense_tile<1, NV>(d, row, block);
}

// Rows [row, last) of blocks [block, end).
void dense_range(const DenseArguments& d, Index row, Index last, Index block, Index end) noexcept {
  for (; end - block >= kBlocks; block += kBlocks) dense_rows<kBlocks>(d, row, last, block);
  for (; block < end; ++block) dense_rows<1>(d, row, last, block);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

struct PackedDense final : Packed {
  PackedMatrix w;
  PackedMatrix bias;  // [1, n], if it is a constant
};

class DenseKernel final : public Kernel {
 public:
  DenseKernel(const ops::Dense& op, const PackedMatrix& w, Index rows, bool has_bias, Isa isa)
      : epilogue_(op.epilogue),
        w_(w),
        rows_(rows),
        has_bias_(has_bias),
        isa_(isa),
        range_(ENGINE_KERNEL(isa, dense_range)) {}

  Fault run(const Call& call) const noexcept override {
    DenseArguments d{};
    d.x = static_cast<const float*>(call.in[ops::Dense::kX]);
    if (has_bias_) d.bias = static_cast<const float*>(call.in[ops::Dense::kBias]);
    if (epilogue_.residual) d.residual = static_cast<const float*>(call.in[ops::Dense::kResidual]);
    d.y = static_cast<float*>(call.out[0]);
    d.rows = rows_;
    d.k = w_.k;
    d.n = w_.n;
    d.w = &w_;
    d.epilogue = &epilogue_;
    const Index blocks = w_.blocks();
    constexpr Index kProductsPerTask = 1 << 17;  // below, handing over costs more than it saves
    if (call.pool.concurrency() == 1 || rows_ * w_.k * w_.n < 2 * kProductsPerTask) {
      range_(d, 0, rows_, 0, blocks);
    } else if (rows_ >= 64) {
      call.pool.ranges(rows_, 28,
                       [&](Index first, Index last) { range_(d, first, last, 0, blocks); });
    } else {
      call.pool.ranges(blocks, 2,
                       [&](Index first, Index last) { range_(d, 0, rows_, first, last); });
    }
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Dense::kResidual && epilogue_.residual;
  }
  std::string name() const override { return kernel_name("dense_tiles", isa_); }

 private:
  const ops::Epilogue& epilogue_;
  const PackedMatrix& w_;
  Index rows_;
  bool has_bias_;
  Isa isa_;
  void (*range_)(const DenseArguments&, Index, Index, Index, Index) noexcept;
};

// One row, on one thread, with a bias that is constant or none.
class DenseRowKernel final : public Kernel {
 public:
  DenseRowKernel(const ops::Dense& op, const PackedDense& packed, Isa isa)
      : row_(make_dense_row(packed.w, packed.bias.floats.data(), op.epilogue)),
        has_residual_(op.epilogue.residual),
        isa_(isa),
        function_(dense_row_function(isa, packed.w.n)) {}

  Fault run(const Call& call) const noexcept override {
    const auto in = [&](Index i) { return static_cast<const float*>(call.in[i]); };
    function_(row_, in(ops::Dense::kX), has_residual_ ? in(ops::Dense::kResidual) : nullptr,
              static_cast<float*>(call.out[0]));
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Dense::kResidual && has_residual_;
  }
  std::string name() const override { return kernel_name("dense_row", isa_); }

 private:
  DenseRow row_;
  bool has_residual_;
  Isa isa_;
  DenseRowFunction function_;
};

}  // namespace

std::shared_ptr<const Packed> pack_dense(const ops::Operator& op, const ops::Operands& in) {
  const Tensor* w = in[ops::Dense::kWeights].value;
  if (!w || w->dtype() != DType::kFloat32) return nullptr;
  const bool transposed = static_cast<const ops::Dense&>(op).transposed;
  const Index rows = w->shape()[0], columns = w->shape()[1];
  auto packed = std::make_shared<PackedDense>();
  packed->w = PackedMatrix(transposed ? columns : rows, transposed ? rows : columns);
  packed->consumed_inputs = 1u << ops::Dense::kWeights;
  for (Index j = 0; j < packed->w.blocks(); ++j)
    pack_block(w->values<float>().data(), transposed ? 1 : columns, transposed ? columns : 1,
               packed->w.k, packed->w.n, j, packed->w.block(j));
  if (const Tensor* bias = in[ops::Dense::kBias].value; bias && bias->size() == packed->w.n) {
    packed->bias = PackedMatrix(1, packed->w.n);
    for (Index j = 0; j < packed->bias.blocks(); ++j)
      pack_block(bias->values<float>().data(), 0, 1, 1, packed->w.n, j, packed->bias.block(j));
  }
  return packed;
}

std::unique_ptr<Kernel> bind_dense(const Binding& binding, Isa isa) {
  if (!binding.packed) return nullptr;
  const auto& op = static_cast<const ops::Dense&>(binding.op);
  const Shape& y = binding.out[0].shape();
  const Index rows = product(y, 0, std::ssize(y) - 1);
  const bool has_bias = binding.in.size() > ops::Dense::kBias && binding.in[ops::Dense::kBias];
  const auto& packed = static_cast<const PackedDense&>(*binding.packed);
  // A large row is worth handing parts of it to other threads; then it is a small matrix.
  constexpr Index kLargeRow = 1 << 18;
  const bool known_bias = !has_bias || packed.bias.n > 0;
  if (rows == 1 && known_bias && packed.w.k * packed.w.n <= kLargeRow)
    return std::make_unique<DenseRowKernel>(op, packed, isa);
  return std::make_unique<DenseKernel>(op, packed.w, rows, has_bias, isa);
}

}  // namespace engine::cpu
#endif
