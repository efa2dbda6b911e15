#include "ops/conv_geometry.h"

#include "base/check.h"

#include "ops/conv_shape.h"

#include <algorithm>

namespace engine::ops {
namespace {

Windows windows_of(const Binding& binding) {
  const Shape& w = binding.in[Conv::kWeights].shape();
  return static_cast<const Conv&>(binding.op)
      .spatial.windows(spatial_part(binding.in[Conv::kX].shape()), Shape(w.begin() + 2, w.end()));
}

// What a window reads behind the image.
Index behind(Index input, Index output, Index stride, Index reach, Index pad) {
  return std::max<Index>(0, (output - 1) * stride + reach - 1 - pad - (input - 1));
}

// Whole tiles, of which the last ones may lie behind the output.
void cover_tiles(Index tile, const Windows& v, Border& border) {
  const auto reach = [&](std::size_t axis) {
    const Index tiles = (v.output[axis] + tile - 1) / tile;
    return behind(v.input[axis], tiles * tile, 1, 3, v.pads_begin[axis]);
  };
  border.bottom = reach(0);
  border.right = reach(1);
}

}  // namespace

ConvGeometry::ConvGeometry(const Binding& binding)
    : op(static_cast<const Conv&>(binding.op)),
      x(binding.in[Conv::kX].shape(), binding.in[Conv::kX].layout),
      y(binding.out[0].shape(), binding.out[0].layout),
      has_bias(binding.in.size() > Conv::kBias && binding.in[Conv::kBias]),
      has_residual(op.epilogue.residual) {
  if (has_residual) {
    const Input& r = binding.in[Conv::kResidual];
    residual = BlockedView(r.shape(), r.layout);
  }
  const Windows v = windows_of(binding);
  const std::size_t last = v.kernel.size() - 1;
  kernel_columns = v.kernel[last];
  stride_x = v.strides[last];
  dilation_x = v.dilations[last];
  pad_x = v.pads_begin[last];
  if (last == 0) return;
  kernel_rows = v.kernel[0];
  stride_y = v.strides[0];
  dilation_y = v.dilations[0];
  pad_y = v.pads_begin[0];
}

std::string layer_name(const std::string& kernel, const ConvGeometry& g) {
  return concat(kernel, " ", g.x.batch, "x", g.x.channels, "x", g.x.height, "x", g.x.width, " to ",
                g.y.channels, "x", g.y.height, "x", g.y.width, " by ", g.kernel_rows, "x",
                g.kernel_columns, " stride ", g.stride_y, "x", g.stride_x, " dilation ",
                g.dilation_y, "x", g.dilation_x, g.has_residual ? " residual" : "");
}

Border conv_border(const Binding& binding) {
  const Windows v = windows_of(binding);
  Border border;
  const auto reads = [&](std::size_t axis, Index& before, Index& after) {
    const Index reach = kernel_extent(v.kernel[axis], v.dilations[axis]);
    before = v.pads_begin[axis];
    after = behind(v.input[axis], v.output[axis], v.strides[axis], reach, before);
  };
  const std::size_t last = v.input.size() - 1;
  reads(last, border.left, border.right);
  if (last > 0) reads(0, border.top, border.bottom);
  const Index tile = static_cast<const Conv&>(binding.op).winograd;
  if (tile != 0) cover_tiles(tile, v, border);
  return border;
}

}  // namespace engine::ops
