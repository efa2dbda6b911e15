// Reductions over a set of axes: ReduceSum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp and
// SumSquare.
//
//   x     any shape  number types as ONNX lists them; bool for Max and Min
//   axes  [k]        int64, optional; none means all, or with `noop` none at all
//   y     x with the reduced axes 1, or left out unless keepdims
//
// Meaning: ONNX opset 13 (Sum), 20 (Max, Min), 18 (the others). No element at all gives the neutral
// one (0, 1, lowest, highest), NaN for Mean.
//
// Order: the elements of one output form a sequence, the reduced axes in row-major order. If the
// tensor's last axis is reduced, the trailing reduced axes are a contiguous run, element c of each
// run belongs to lane c mod 16, a lane takes its elements in sequence, and the lanes are folded by
// halves (8, 4, 2, 1; rule 5 of numerics/contract.h). If it is not, one chain takes the sequence.
// Which axes are reduced decides, never an extent, so a batch axis does not either. Squares enter
// by fma. Max and min keep the first NaN, and the last of equal operands. LogSumExp subtracts the
// maximum (0 unless it is finite), sums, takes the logarithm and adds the maximum again.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

/// How an element enters the accumulator, and what becomes of the accumulator in the end.
enum class Step : std::uint8_t { kAdd, kAddAbs, kAddSquare, kAddExp, kMultiply, kMax, kMin };
enum class Finish : std::uint8_t { kNone, kMean, kSqrt, kLog };

/// Where the elements of each output lie. Neighbouring axes of one kind are merged.
struct ReduceLayout {
  struct Axis {
    Index extent, stride;
  };
  bool rows = false;          ///< the last axis is reduced
  Index inner = 1;            ///< extent of the trailing axes of one kind: contiguous elements
  std::vector<Axis> kept;     ///< all others that are kept, outermost first
  std::vector<Axis> reduced;  ///< all others that are reduced

  ReduceLayout(const Shape& shape, const std::vector<bool>& is_reduced);

  Index kept_positions() const noexcept { return positions(kept); }
  Index reduced_positions() const noexcept { return positions(reduced); }
  /// Elements that each output is made of.
  Index count() const noexcept { return reduced_positions() * (rows ? inner : 1); }
  Index outputs() const noexcept { return kept_positions() * (rows ? 1 : inner); }

  /// Offset of position `flat` (row-major) of the axes.
  static Index offset(const std::vector<Axis>& axes, Index flat) noexcept {
    Index offset = 0;
    for (std::size_t i = axes.size(); i-- > 1;) {
      offset += flat % axes[i].extent * axes[i].stride;
      flat /= axes[i].extent;
    }
    return axes.empty() ? 0 : offset + flat * axes[0].stride;
  }

 private:
  static Index positions(const std::vector<Axis>& axes) noexcept {
    Index count = 1;
    for (const Axis& axis : axes) count *= axis.extent;
    return count;
  }
};

class Reduce final : public ComputingOperator<Reduce> {
 public:
  Reduce(const char* name, Step step, Finish finish, bool keepdims, bool noop)
      : step(step), finish(finish), keepdims(keepdims), noop(noop), name_(name) {}

  std::string_view name() const noexcept override { return name_; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// Which axes of a tensor of this rank are reduced. Throws Error if an axis is outside or twice.
  std::vector<bool> reduced_axes(Index rank, std::span<const Index> axes) const;

  const Step step;
  const Finish finish;
  const bool keepdims;
  const bool noop;

 private:
  const char* name_;
};

}  // namespace engine::ops
