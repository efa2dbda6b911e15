// Pad: elements before and behind each axis; negative pads crop instead.
//
//   data, pads [2n] as n begins then n ends, value (absent: zero, false, ""), axes [n] (absent:
//   all)
//
// Where nothing of the (cropped) input lies, modes take: constant the value, edge the nearest
// element, reflect the mirror image without repeating the edge, wrap the input again from its other
// end. The images go on as far as needed.
// Meaning: ONNX Pad, opset 25.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Pad final : MovingOperator {
  enum class Mode { kConstant, kReflect, kEdge, kWrap };
  Mode mode = Mode::kConstant;

  std::string_view name() const noexcept override { return "Pad"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override;
};

/// How one axis is padded: `extent` elements, of which [begin, begin + count) are those of the
/// input from element `first` on.
struct PadRange {
  Index extent, begin, count, first;
};

/// For an axis of n elements; nothing if it would crop more than there is.
std::optional<PadRange> pad_range(Index n, Index before, Index behind) noexcept;

/// For every axis of data, from the operands of a Pad; a fault if they do not fit.
Fault pad_ranges(Inputs in, std::vector<PadRange>& ranges);

}  // namespace engine::ops
