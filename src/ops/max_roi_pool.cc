// Maxima over the bins of regions of interest, without interpolation.
//   x  [n, c, h, w]   rois  [r, 5] as batch, x1, y1, x2, y2   y  [r, c, ph, pw]
// Corners are scaled and rounded (halves away from zero), a region is at least one pixel; an empty
// bin gives 0. Positions are computed in float by both implementations, so both see the same
// pixels. Meaning: ONNX MaxRoiPool, opset 22.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

// The pixels [first, last) of bin i of a region.
struct Bin {
  Index first, last;
};

Bin bin_of(Index i, Index bins, float low, float high, Index extent) {
  const float length = std::max(high - low + 1, 1.0f), size = length / static_cast<float>(bins);
  const auto inside = [extent](float at) {
    return at > 0 ? at < static_cast<float>(extent) ? static_cast<Index>(at) : extent : Index{0};
  };
  return {inside(std::floor(static_cast<float>(i) * size) + low),
          inside(std::ceil(static_cast<float>(i + 1) * size) + low)};
}

struct MaxRoiPool : ComputingOperator<MaxRoiPool> {
  Index height = 1, width = 1;
  float spatial_scale = 1;

  std::string_view name() const noexcept override { return "MaxRoiPool"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    require_same_type(in, 0, "X", 1, "rois");
    require_rank(in, 0, "X", 4);
    require_rank(in, 1, "rois", 2);
    Dim count = Dim::unknown(), channels = Dim::unknown();
    if (in.type(0).ranked) channels = in.type(0).dims[1];
    if (in.type(1).ranked) {
      count = in.type(1).dims[0];
      ENGINE_VALIDATE(!in.type(1).dims[1].known() || in.type(1).dims[1].value() == 5,
                      "rois has rows of ", in.type(1).dims[1].value(), " values, 5 needed");
    }
    return {TensorType(in.dtype(0), Dims{count, channels, Dim(height), Dim(width)})};
  }

  template <class T>
  Fault run(Inputs in, const Output& out) const {
    const Shape& shape = in[0].shape();
    const Index batch = shape[0], channels = shape[1], h = shape[2], w = shape[3];
    if (out.size() == 0) return kNoFault;
    T* y = out.as<T>();
    for (Index r = 0; r < out.shape()[0]; ++r) {
      const T* roi = in[1].as<T>() + r * 5;
      const Index n = store<Index>(static_cast<double>(roi[0]));
      if (n < 0 || n >= batch) return {Status::Fault::kIndexOutOfRange, n, batch};
      float corner[4];
      for (int i = 0; i < 4; ++i)
        corner[i] = std::round(static_cast<float>(roi[i + 1]) * spatial_scale);
      for (Index c = 0; c < channels; ++c) {
        const T* image = in[0].as<T>() + (n * channels + c) * h * w;
        for (Index i = 0; i < height; ++i)
          for (Index j = 0; j < width; ++j) {
            const Bin down = bin_of(i, height, corner[1], corner[3], h);
            const Bin across = bin_of(j, width, corner[0], corner[2], w);
            T max = T(0.0f);
            bool first = true;
            for (Index a = down.first; a < down.last; ++a)
              for (Index b = across.first; b < across.last; ++b) {
                const T value = image[a * w + b];
                if (first || value > max) max = value;
                first = false;
              }
            *y++ = max;
          }
      }
    }
    return kNoFault;
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    return dispatch_float(in[0].dtype,
                          [&](auto tag) { return run<typename decltype(tag)::type>(in, out[0]); });
  }
};

}  // namespace

OperatorPtr make_MaxRoiPool(const Attributes& attributes) {
  auto op = std::make_shared<MaxRoiPool>();
  const auto shape = attributes.integers("pooled_shape");
  ENGINE_VALIDATE(shape.size() == 2, "pooled_shape has ", shape.size(), " values, 2 needed");
  op->height = shape[0];
  op->width = shape[1];
  ENGINE_VALIDATE(op->height >= 1 && op->width >= 1, "pooled_shape is ", to_string(shape),
                  " (both must be positive)");
  op->spatial_scale = attributes.number("spatial_scale", 1.0f);
  return op;
}

}  // namespace engine::ops
