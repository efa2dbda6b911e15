// Transpose on the CPU. Where the last axis stays, runs are copied; where it moves, planes of
// elements of 4 bytes are transposed in registers, tile by tile.
#define ENGINE_ISA_FILE "ops/cpu/transpose.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/copy.h"
#include "ops/transpose.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/transpose.inc"

ENGINE_BEGIN_ISA

/// y[i * y_row + j] = x[j * x_row + i]. Bands of columns, so that the lines of x that one band of
/// rows leaves half read are still there for the next.
void transpose(Index rows, Index columns, const float* x, Index x_row, float* y,
               Index y_row) noexcept {
  constexpr Index kBand = 128;
  for (Index j = 0; j < columns;) {
    const Index left = columns - j, width = left < 2 * kBand ? left : kBand;
    transpose_plane(rows, width, x + j * x_row, x_row, y + j, y_row);
    j += width;
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

/// Planes y[rows, columns] at steps of their own. Along `rows` the input is contiguous, along
/// `columns` the output.
struct Planes {
  Index rows = 1, columns = 1, x_row = 0, y_row = 0;
  struct Axis {
    Index extent, from, to;
  };
  Small<Axis> others;
  Index count = 1;  ///< of planes
};

class TransposeKernel final : public Kernel {
 public:
  TransposeKernel(const Planes& planes, Isa isa)
      : p_(planes), isa_(isa), transpose_(ENGINE_KERNEL(isa, transpose)) {}

  Fault run(const Call& call) const noexcept override {
    const auto* x = static_cast<const float*>(call.in[0]);
    auto* y = static_cast<float*>(call.out[0]);
    constexpr Index kElementsPerTask = 1 << 14;  // below, handing over costs more than it saves
    const Index grain =
        std::max<Index>(1, kElementsPerTask / std::max<Index>(1, p_.rows * p_.columns));
    if (p_.count >= call.pool.concurrency()) {
      call.pool.ranges(p_.count, grain, [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) run_rows(i, 0, p_.rows, x, y);
      });
      return ops::kNoFault;
    }
    for (Index i = 0; i < p_.count; ++i)
      call.pool.ranges(p_.rows, std::max<Index>(16, kElementsPerTask / p_.columns / 16 * 16),
                       [&](Index first, Index last) { run_rows(i, first, last, x, y); });
    return ops::kNoFault;
  }
  std::string name() const override { return kernel_name("transpose", isa_); }

 private:
  void run_rows(Index plane, Index first, Index last, const float* x, float* y) const noexcept {
    for (std::size_t i = p_.others.size(); i-- > 0;) {
      const Planes::Axis& axis = p_.others[i];
      x += plane % axis.extent * axis.from;
      y += plane % axis.extent * axis.to;
      plane /= axis.extent;
    }
    transpose_(last - first, p_.columns, x + first, p_.x_row, y + first * p_.y_row, p_.y_row);
  }

  Planes p_;
  Isa isa_;
  void (*transpose_)(Index, Index, const float*, Index, float*, Index) noexcept;
};

Planes find_planes(const ops::LoopAxes<2>& axes) {
  Planes p;
  for (const auto& axis : axes) {
    if (axis.strides[1] == 1) p.columns = axis.extent, p.x_row = axis.strides[0];
    else if (axis.strides[0] == 1) p.rows = axis.extent, p.y_row = axis.strides[1];
    else {
      p.others.push_back({axis.extent, axis.strides[0], axis.strides[1]});
      p.count *= axis.extent;
    }
  }
  return p;
}

}  // namespace

std::unique_ptr<Kernel> bind_transpose(const Binding& binding, Isa isa) {
  const ops::Input& in = binding.in[0];
  if (in.dtype == DType::kString) return nullptr;
  const auto& op = static_cast<const ops::Transpose&>(binding.op);
  const Small<Index> from = ops::loop_strides(in.shape());
  const Small<Index> to = ops::loop_strides(binding.out[0].shape());
  ops::LoopAxes<2> axes;
  const Small<Index> perm = op.permutation(in.rank());
  for (std::size_t i = 0; i < perm.size(); ++i)
    axes.push_back({binding.out[0].shape()[i], {from[static_cast<std::size_t>(perm[i])], to[i]}});
  axes = ops::merge_axes(axes);
  if (axes.back().strides[0] <= 1)
    return make_copy_kernel("transpose_runs",
                            {{0, 0, CopyPlan(axes, static_cast<Index>(size_of(in.dtype)), 0, 0)}});
  if (size_of(in.dtype) != sizeof(float)) return nullptr;
  return std::make_unique<TransposeKernel>(find_planes(axes), isa);
}

}  // namespace engine::cpu
#endif
