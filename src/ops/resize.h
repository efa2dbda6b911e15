// Resizing along any axes by interpolation.
#pragma once

#include "ops/operator.h"

#include <optional>

namespace engine::ops {

enum class ResizeMode : std::uint8_t { kNearest, kLinear, kCubic };
enum class ResizeCoordinates : std::uint8_t {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kCropAndResize,
  kTfHalfPixelForNn  ///< of opsets 11 and 12
};
enum class NearestRounding : std::uint8_t { kPreferFloor, kPreferCeil, kFloor, kCeil, kOpset10 };
enum class AspectPolicy : std::uint8_t { kStretch, kNotLarger, kNotSmaller };

/// One axis of a call: the output is `output` long, and a step in it is 1 / scale in the input.
struct ResizeAxis {
  Index input = 0, output = 0;
  double scale = 1, length = 0;  ///< length: the output's length before it was cut to an integer
  double start = 0, end = 1;     ///< the region of interest, for kCropAndResize
  bool identity = false;         ///< the axis stays as it is
};

/// What output position i of an axis reads: input position index[i * taps + k] with weight[i * taps
/// + k]. A position with `outside` set is extrapolation_value.
struct ResizeTable {
  Index taps = 1;
  std::vector<Index> index;
  std::vector<double> weight;  ///< empty if taps is 1 and all weights are 1
  std::vector<bool> outside;   ///< empty if nothing is outside
};

/// y[o] = sum over the taps of all axes of x[index] * product of weights.
///   inputs  X, roi, scales (float), sizes (int64): one of the last two decides the output's
///   extents
/// Coordinates and weights are computed in double on the host and rounded once, so both
/// implementations read the same positions. Sums go axis by axis, the first axis outermost, each a
/// chain that starts with a product; axes that keep their length are no part of it.
/// The region of interest does not change the output's extents, as in onnxruntime.
/// Meaning: ONNX Resize, opset 19. Older ones (Upsample, Resize 10) are asymmetric; their nearest
/// neighbour lies below where an axis grows, and above where it shrinks (kOpset10).
struct Resize : ComputingOperator<Resize> {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  NearestRounding rounding = NearestRounding::kPreferFloor;
  AspectPolicy policy = AspectPolicy::kStretch;
  bool antialias = false, exclude_outside = false;
  float cubic_coefficient = -0.75f, extrapolation_value = 0;
  std::optional<std::vector<Index>> axes;

  std::string_view name() const noexcept override { return "Resize"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override;

  /// The axes of a call, from the values of scales or sizes and of roi (each null if absent or
  /// empty). Throws Error (kInvalidModel) on illegal values.
  std::vector<ResizeAxis> resolve(const Shape& x, const std::vector<float>* scales,
                                  const std::vector<Index>* sizes,
                                  const std::vector<double>* roi) const;
  /// The same from the inputs of a call, whose values are there.
  std::vector<ResizeAxis> resolve(Inputs in) const;
  ResizeTable table(const ResizeAxis& axis) const;
  std::size_t workspace(Inputs in, Outputs out) const override;

  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
