// Dense on the CPU: x [rows, K] row-major times packed W, in register tiles. Many rows run the
// segments of K one after another, one row (dense_row.h) side by side, with the same bits.
#define ENGINE_ISA_FILE "ops/cpu/dense.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/dense_row.h"
#include "ops/cpu/machine.h"
#include "ops/cpu/pack.h"
#include "ops/cpu/unary.h"
#include "ops/dense.h"

#ifndef ENGINE_DENSE_ARGUMENTS
#define ENGINE_DENSE_ARGUMENTS
namespace engine::cpu {
struct DenseArguments {
  const float* x;
  const float* bias;      ///< [n] or null
  const float* residual;  ///< [rows, n] or null
  float* y;
  Index k, n;
  const PackedMatrix* w;
  ConvFinish finish;
  ActivationFunction activate;  ///< for what `finish` has no bounds for
  /// Of a plain end: bias [blocks][16], -0 where there is none, then `low`, -inf where it bounds
  /// nothing. Null: the end has more to it.
  const float* plain_bias;
  float low;
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

// sums[r][v] of rows [row, row + MR) and blocks [block, block + NV): S segments, each of one
// section or more, one after another, and then their tree.
template <int MR, int NV, int S>
ENGINE_INLINE void sum_tile(const DenseArguments& d, Index row, Index block, Vec (&sums)[MR][NV]) {
  const auto segment = [&](int s, Vec(&out)[MR][NV]) __attribute__((always_inline)) {
    const Index first = numerics::segment_start(d.k, S, s);
    const Index last = numerics::segment_start(d.k, S, s + 1);
    const TileA a{d.x + row * d.k + first, d.k, 1};
    const TileB b{d.w->block(block) + first * kVecLanes, kVecLanes, d.k * kVecLanes};
    tile_sections<MR, NV>(a, b, last - first, numerics::kSectionTerms, out);
  };
  const auto add_to =
      [](Vec(&left)[MR][NV], const Vec(&right)[MR][NV]) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) left[r][v] = add(left[r][v], right[r][v]);
  };
  segment(0, sums);
  if constexpr (S == 1) return;
  Vec second[MR][NV];
  segment(1, second);
  add_to(sums, second);
  if constexpr (S == 4) {
    Vec third[MR][NV];
    segment(2, third);
    segment(3, second);
    add_to(third, second);
    add_to(sums, third);
  }
}

// The end of a tile that is not plain. sums [rows][blocks][16].
[[gnu::noinline]] inline void finish_tile(const DenseArguments& d, Index row, Index rows,
                                          Index block, Index blocks, Vec* sums) noexcept {
  const Vec low = fill(d.finish.low), high = fill(d.finish.high);
  for (Index r = 0; r < rows; ++r)
    for (Index v = 0; v < blocks; ++v) {
      Vec& sum = sums[r * blocks + v];
      const Index column = (block + v) * kVecLanes, valid = d.n - column;
      if (d.bias) sum = add(sum, load(d.bias + column, valid, 0.0f));
      if (d.residual) sum = add(sum, load(d.residual + (row + r) * d.n + column, valid, 0.0f));
      if (d.finish.has_low) sum = max_or_second(low, sum);
      if (d.finish.has_high) sum = select(lt(high, sum), high, sum);
    }
  if (d.finish.is_other) {
    const ops::Epilogue& e = *d.finish.epilogue;
    float* values = reinterpret_cast<float*>(sums);
    d.activate(e.activation, e.a, e.b, rows * blocks * kVecLanes, values, values);
  }
  for (Index r = 0; r < rows; ++r)
    for (Index v = 0; v < blocks; ++v) {
      const Index column = (block + v) * kVecLanes;
      store(d.y + (row + r) * d.n + column, d.n - column, sums[r * blocks + v]);
    }
}

// The end of most tiles, from registers to y. Rows of one block that is not full are stored whole
// where `last` allows: what they overwrite belongs to rows that this thread computes later.
template <int MR, int NV>
ENGINE_INLINE void finish_plain(const DenseArguments& d, Index row, Index last, Index block,
                                const Vec (&sums)[MR][NV]) {
  const Vec low = fill(d.low);
#pragma GCC unroll 4
  for (int v = 0; v < NV; ++v) {
    const Index column = (block + v) * kVecLanes, valid = d.n - column;
    const Vec bias = load(d.plain_bias + column);
    const auto end = [&](int r) __attribute__((always_inline)) {
      return max_or_second(low, add(sums[r][v], bias));
    };
    float* y = d.y + row * d.n + column;
    const bool later = d.n < kVecLanes && (row + MR - 1) * d.n + kVecLanes <= last * d.n;
    if (valid >= kVecLanes || later) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r, y += d.n) store(y, end(r));
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r, y += d.n) store(y, valid, end(r));
    }
  }
}

// MR rows of NV blocks; `last` is the end of the rows that this thread computes.
template <int MR, int NV, int S>
void dense_tile(const DenseArguments& d, Index row, Index last, Index block) {
  Vec sums[MR][NV];
  sum_tile<MR, NV, S>(d, row, block, sums);
  if (d.plain_bias) return finish_plain<MR, NV>(d, row, last, block, sums);
  Vec kept[MR][NV];  // what has an address does not stay in registers
  copy_tile<MR, NV>(sums, kept);
  finish_tile(d, row, MR, block, NV, kept[0]);
}

template <int NV, int S, int MR = kRows>
void dense_rows(const DenseArguments& d, Index row, Index last, Index block) {
  for (; last - row >= MR; row += MR) dense_tile<MR, NV, S>(d, row, last, block);
  constexpr int kNext = MR > 8 ? 8 : MR > 4 ? 4 : MR > 2 ? 2 : 1;
  if constexpr (MR > 1) dense_rows<NV, S, kNext>(d, row, last, block);
}

template <int S>
void dense_blocks(const DenseArguments& d, Index row, Index last, Index block, Index end) {
  constexpr int kTogether = S == 4 ? 1 : kBlocks;  // four segments: at most one block
  for (; end - block >= kTogether; block += kTogether)
    dense_rows<kTogether, S>(d, row, last, block);
  if constexpr (kTogether > 1)
    for (; block < end; ++block) dense_rows<1, S>(d, row, last, block);
}

// Rows [row, last) of blocks [block, end).
void dense_range(const DenseArguments& d, Index row, Index last, Index block, Index end) noexcept {
  switch (numerics::dense_segments(d.n)) {
    case 4: return dense_blocks<4>(d, row, last, block, end);
    case 2: return dense_blocks<2>(d, row, last, block, end);
    default: return dense_blocks<1>(d, row, last, block, end);
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

struct PackedDense final : Packed {
  PackedMatrix w;
  PackedMatrix bias;  // [1, n], unless it is computed; -0 if there is none

  bool has_bias() const { return bias.n > 0; }
};

class DenseKernel final : public Kernel {
 public:
  DenseKernel(const ops::Dense& op, const PackedDense& packed, Index rows, bool has_bias, Isa isa)
      : epilogue_(op.epilogue),
        w_(packed.w),
        rows_(rows),
        has_bias_(has_bias),
        isa_(isa),
        activate_(activation_function(isa)),
        range_(ENGINE_KERNEL(isa, dense_range)) {
    const DenseRow row = make_dense_row(packed.w, packed.bias.floats.data(), op.epilogue);
    if (row.is_plain && packed.has_bias()) plain_bias_ = row.bias;
    low_ = row.low;
  }

  Fault run(const Call& call) const noexcept override {
    DenseArguments d{};
    d.x = static_cast<const float*>(call.in[ops::Dense::kX]);
    if (has_bias_) d.bias = static_cast<const float*>(call.in[ops::Dense::kBias]);
    if (epilogue_.residual) d.residual = static_cast<const float*>(call.in[ops::Dense::kResidual]);
    d.y = static_cast<float*>(call.out[0]);
    d.k = w_.k;
    d.n = w_.n;
    d.w = &w_;
    d.finish = finish_;
    d.activate = activate_;
    d.plain_bias = plain_bias_;
    d.low = low_;
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
  const float* plain_bias_ = nullptr;
  float low_;
  ConvFinish finish_{epilogue_};
  Isa isa_;
  ActivationFunction activate_;
  void (*range_)(const DenseArguments&, Index, Index, Index, Index) noexcept;
};

// One row, with a bias that is constant or none. Of a large one, threads take parts.
class DenseRowKernel final : public Kernel {
 public:
  DenseRowKernel(const ops::Dense& op, const PackedDense& packed, Isa isa)
      : row_(make_dense_row(packed.w, packed.bias.floats.data(), op.epilogue)),
        together_(blocks_together(packed.w.k)),
        has_residual_(op.epilogue.residual),
        is_large_(packed.w.k * packed.w.n > kLarge && packed.w.blocks() > 2),
        isa_(isa),
        function_(dense_row_function(isa, row_)) {}

  Fault run(const Call& call) const noexcept override {
    if (is_large_) [[unlikely]]
      return run_parts(call);
    function_(row_, 0, row_.blocks, x(call), residual(call), y(call));
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Dense::kResidual && has_residual_;
  }
  std::string name() const override { return kernel_name("dense_row", isa_); }

 private:
  static const float* x(const Call& call) noexcept {
    return static_cast<const float*>(call.in[ops::Dense::kX]);
  }
  const float* residual(const Call& call) const noexcept {
    return has_residual_ ? static_cast<const float*>(call.in[ops::Dense::kResidual]) : nullptr;
  }
  static float* y(const Call& call) noexcept { return static_cast<float*>(call.out[0]); }

  // Every other run goes backwards: it begins with the weights that the run before has left in the
  // cache, where forwards again would evict each just before its use.
  [[gnu::noinline]] Fault run_parts(const Call& call) const noexcept {
    const bool backwards = call.earlier_runs && *call.earlier_runs % 2 == 1;
    call.pool.ranges(row_.blocks, 1, [&](Index first, Index last) {
      for (Index done = 0; done < last - first; done += together_) {
        const Index count = std::min(together_, last - first - done);
        const Index begin = backwards ? last - done - count : first + done;
        function_(row_, begin, begin + count, x(call), residual(call), y(call));
      }
    });
    return ops::kNoFault;
  }

  // Blocks that stay in the cache until the run after; two at least, side by side.
  static Index blocks_together(Index k) noexcept {
    return std::clamp<Index>(level2_floats() / 2 / std::max<Index>(1, k * PackedMatrix::kBlock), 2,
                             8);
  }

  static constexpr Index kLarge = 1
                                  << 18;  // products; below, handing over costs more than it saves

  DenseRow row_;
  Index together_;  // blocks at a time of a large one
  bool has_residual_, is_large_;
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
  const Tensor* bias = in[ops::Dense::kBias].value;
  if (!in.has(ops::Dense::kBias) || (bias && bias->size() == packed->w.n)) {
    packed->bias = PackedMatrix(1, packed->w.n);
    std::fill_n(packed->bias.block(0), packed->bias.blocks() * PackedMatrix::kBlock, -0.0f);
    if (bias) std::ranges::copy(bias->values<float>(), packed->bias.block(0));
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
  if (rows == 1 && packed.has_bias()) return std::make_unique<DenseRowKernel>(op, packed, isa);
  return std::make_unique<DenseKernel>(op, packed, rows, has_bias, isa);
}

}  // namespace engine::cpu
#endif
