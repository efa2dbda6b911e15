// Windows that slide over spatial axes: what convolution and pooling operators share.
#pragma once

#include "base/dim.h"
#include "ops/attributes.h"

#include <optional>
#include <vector>

namespace engine::ops {

enum class AutoPad : std::uint8_t { kNotSet, kSameUpper, kSameLower, kValid };

/// Windows over known extents; every list has one entry per spatial axis.
/// Window o of an axis covers input positions o * stride - pad_begin + k * dilation, k in [0,
/// kernel); positions outside [0, input) are padding.
struct Windows {
  Shape input, kernel, strides, dilations, pads_begin, pads_end, output;

  Index rank() const noexcept { return static_cast<Index>(input.size()); }
  Index input_size() const noexcept;
  Index kernel_size() const noexcept;
  Index output_size() const noexcept;
};

/// The attributes kernel_shape, strides, dilations, pads, auto_pad and ceil_mode of a node. A list
/// that the node leaves out is empty, and stands for ones (strides, dilations), zeros (pads) or
/// the extents of the weights (kernel).
struct Spatial {
  std::vector<Index> kernel, strides, dilations, pads_begin, pads_end;
  AutoPad auto_pad = AutoPad::kNotSet;
  bool ceil_mode = false;

  /// Reads the attributes; throws Error if a value is illegal whatever the input is, or if the
  /// lists differ in length. With `needs_kernel`, kernel_shape must be there.
  static Spatial parse(const Attributes& attributes, bool needs_kernel = false);

  /// Throws unless every list that is given has one entry per spatial axis.
  void check_rank(Index spatial_rank) const;

  /// Extents of the kernel, given weights [a, b, kernel..] (rank known): kernel_shape and the
  /// weights must agree where both are known.
  Dims kernel_of(const Dims& weights) const;
  /// The same for pooling, where kernel_shape is all there is.
  Dims kernel_dims() const { return Dims(kernel.begin(), kernel.end()); }

  /// Extents of the output for those of the input, spatial axes only. Throws if the kernel
  /// certainly does not fit; an extent that passes through unchanged keeps its symbol.
  Dims output(const Dims& input, const Dims& kernel_extents) const;

  /// Everything resolved; the same checks as `output`.
  Windows windows(const Shape& input, const Shape& kernel_extents) const;

  /// "kernel_shape=[3, 3] strides=[2, 2]": what differs from the defaults.
  std::string describe() const;
};

/// The taps of a window that lie inside the input: for_each calls visit(kernel_offset,
/// input_offset) for them in row-major order. Its work is bounded by the input, however large the
/// kernel is.
class Taps {
 public:
  explicit Taps(const Windows& windows);  ///< keeps a reference

  template <class Visit>
  void for_each(const Shape& position, Visit&& visit) {
    if (!locate(position)) return;
    do visit(kernel_offset_, input_offset_);
    while (next());
  }

 private:
  bool locate(const Shape& position) noexcept;
  bool next() noexcept;

  const Windows& windows_;
  Shape input_strides_, kernel_strides_, tap_, counts_;
  Index kernel_offset_ = 0, input_offset_ = 0;
};

/// The spatial extents of x [n, c, spatial..].
Shape spatial_part(const Shape& x);
Dims spatial_part(const Dims& x);

/// Reads auto_pad; throws Error naming the four legal values.
AutoPad parse_auto_pad(const Attributes& attributes);

/// Throws unless each value is within [low, high]: "strides[0] is 0 (must be positive)".
void check_each(const std::vector<Index>& values, const char* name, Index low, const char* rule);

/// (kernel - 1) * dilation + 1: the input positions from the first to the last that a window
/// covers.
Index kernel_extent(Index kernel, Index dilation);

/// Steps `index` to the next position in row-major order; false behind the last (index is then 0s).
bool next_position(Shape& index, const Shape& extents) noexcept;

}  // namespace engine::ops
