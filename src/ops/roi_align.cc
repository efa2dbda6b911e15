// Averages or maxima of interpolated samples in each bin of each region of interest.
//   x  [n, c, h, w]   rois  [r, 4] as x1, y1, x2, y2   batch_indices  [r]   y  [r, c, oh, ow]
// A bin takes sampling_ratio^2 samples, or ceil(region / output)^2 if that is 0. A sample is the
// sum of four weighted pixels (y0x0, y0x1, y1x0, y1x1); it is 0 beyond one pixel outside the image.
// avg: one chain from +0 over the samples, row by row, divided by their number; max: the largest
// weighted pixel among all samples (as onnxruntime does). Meaning: ONNX RoiAlign, opset 22.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

constexpr Index kMaxSamples = 4096;  // per axis and bin

bool is_int64(DType t) { return t == DType::kInt64; }

// One sample along one axis: two pixels and their weights.
template <class Real>
struct Line {
  bool inside = false;
  Index low = 0, high = 0;
  Real low_weight = 0, high_weight = 0;

  Line(Real at, Index extent) {
    inside = at >= -1 && at <= static_cast<Real>(extent);
    if (!inside) return;
    if (at < 0) at = 0;
    low = static_cast<Index>(at);
    if (low >= extent - 1) {
      low = high = extent - 1;
      at = static_cast<Real>(low);
    } else {
      high = low + 1;
    }
    high_weight = at - static_cast<Real>(low);
    low_weight = 1 - high_weight;
  }
};

struct RoiAlign : ComputingOperator<RoiAlign> {
  Index height = 1, width = 1, sampling_ratio = 0;
  float spatial_scale = 1;
  bool half_pixel = true, is_max = false;

  std::string_view name() const noexcept override { return "RoiAlign"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    require_same_type(in, 0, "X", 1, "rois");
    require_type(in, 2, "batch_indices", is_int64, "int64");
    require_rank(in, 0, "X", 4);
    require_rank(in, 1, "rois", 2);
    require_rank(in, 2, "batch_indices", 1);
    Dim count = Dim::unknown(), channels = Dim::unknown();
    if (in.type(0).ranked) {
      channels = in.type(0).dims[1];
      for (const int i : {2, 3})
        ENGINE_VALIDATE(!in.type(0).dims[i].known() || in.type(0).dims[i].value() > 0, "X is ",
                        to_string(in.type(0).dims), " (the image must not be empty)");
    }
    if (in.type(1).ranked) {
      count = in.type(1).dims[0];
      ENGINE_VALIDATE(!in.type(1).dims[1].known() || in.type(1).dims[1].value() == 4,
                      "rois has rows of ", in.type(1).dims[1].value(), " values, 4 needed");
    }
    if (in.type(2).ranked) {
      const Dim& own = in.type(2).dims[0];
      ENGINE_VALIDATE(!own.known() || !count.known() || own == count, "there are ", count.value(),
                      " rois and ", own.value(), " batch_indices");
      if (!count.known()) count = own;
    }
    return {TensorType(in.dtype(0), Dims{count, channels, Dim(height), Dim(width)})};
  }

  // The region along one axis: where it begins and how long a bin is.
  template <class Real>
  struct Side {
    Real start, bin;
    Index samples;
    Side(Real low, Real high, const RoiAlign& op, Index outputs) {
      const Real scale = static_cast<Real>(op.spatial_scale);
      const Real shift = op.half_pixel ? Real(0.5) : Real(0);
      start = low * scale - shift;
      Real length = high * scale - shift - start;
      if (!op.half_pixel && !(length > 1)) length = 1;
      bin = length / static_cast<Real>(outputs);
      // In float, so that both implementations take as many samples.
      const float wanted = std::ceil(static_cast<float>(bin));
      samples = op.sampling_ratio > 0  ? op.sampling_ratio
                : !(wanted > 0)        ? 0
                : wanted > kMaxSamples ? kMaxSamples + 1
                                       : static_cast<Index>(wanted);
    }
    Real at(Index output, Index sample) const {
      const Real step = bin / static_cast<Real>(samples);
      return std::fma(static_cast<Real>(sample) + Real(0.5), step,
                      std::fma(static_cast<Real>(output), bin, start));
    }
  };

  template <class T, class Real>
  Real pool(const T* image, Index w, const std::vector<Line<Real>>& ys,
            const std::vector<Line<Real>>& xs) const {
    Real sum = 0, max = 0;
    bool first = true;
    for (const Line<Real>& y : ys)
      for (const Line<Real>& x : xs) {
        const bool inside = y.inside && x.inside;
        const auto pixel = [&](Index i, Index j) {
          return inside ? static_cast<Real>(image[i * w + j]) : Real(0);
        };
        const Real weights[] = {y.low_weight * x.low_weight, y.low_weight * x.high_weight,
                                y.high_weight * x.low_weight, y.high_weight * x.high_weight};
        const Real pixels[] = {pixel(y.low, x.low), pixel(y.low, x.high), pixel(y.high, x.low),
                               pixel(y.high, x.high)};
        for (int k = 0; k < 4; ++k) {
          const Real value = inside ? weights[k] * pixels[k] : Real(0);
          max = first || value > max ? value : max;
          first = false;
          if (inside) sum = std::fma(weights[k], pixels[k], sum);
        }
      }
    return is_max ? max : sum;
  }

  template <class T, class Real>
  Fault run(Inputs in, const Output& out) const {
    const Shape& shape = in[0].shape();
    const Index batch = shape[0], channels = shape[1], h = shape[2], w = shape[3];
    const Index count = out.shape()[0];
    const T* rois = in[1].as<T>();
    T* y = out.as<T>();
    if (out.size() == 0) return kNoFault;
    for (Index r = 0; r < count; ++r, rois += 4) {
      const std::int64_t n = in[2].as<std::int64_t>()[r];
      if (n < 0 || n >= batch) return {Status::Fault::kIndexOutOfRange, n, batch};
      const Side<Real> across(static_cast<Real>(rois[0]), static_cast<Real>(rois[2]), *this, width);
      const Side<Real> down(static_cast<Real>(rois[1]), static_cast<Real>(rois[3]), *this, height);
      for (const Index samples : {across.samples, down.samples})
        if (samples > kMaxSamples) return {Status::Fault::kResourceExhausted, samples, kMaxSamples};
      const Real samples = static_cast<Real>(std::max<Index>(across.samples * down.samples, 1));
      for (Index c = 0; c < channels; ++c) {
        const T* image = in[0].as<T>() + (n * channels + c) * h * w;
        for (Index i = 0; i < height; ++i)
          for (Index j = 0; j < width; ++j) {
            std::vector<Line<Real>> ys, xs;
            for (Index s = 0; s < down.samples; ++s) ys.emplace_back(down.at(i, s), h);
            for (Index s = 0; s < across.samples; ++s) xs.emplace_back(across.at(j, s), w);
            const Real value = pool(image, w, ys, xs);
            *y++ = store<T>(is_max ? value : value / samples);
          }
      }
    }
    return kNoFault;
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    return dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      return run<T, Compute<T, Real>>(in, out[0]);
    });
  }
};

}  // namespace

OperatorPtr make_RoiAlign(const Attributes& attributes) {
  auto op = std::make_shared<RoiAlign>();
  op->height = attributes.integer("output_height", 1);
  op->width = attributes.integer("output_width", 1);
  op->sampling_ratio = attributes.integer("sampling_ratio", 0);
  op->spatial_scale = attributes.number("spatial_scale", 1.0f);
  ENGINE_VALIDATE(op->height >= 1 && op->width >= 1, "the output is ", op->height, " x ", op->width,
                  " (both must be positive)");
  ENGINE_VALIDATE(op->sampling_ratio >= 0 && op->sampling_ratio <= kMaxSamples,
                  "sampling_ratio is ", op->sampling_ratio, " (outside [0, ", kMaxSamples, "])");
  const std::string mode = attributes.text("mode", "avg");
  ENGINE_VALIDATE(mode == "avg" || mode == "max", "mode is '", mode, "' (avg or max needed)");
  op->is_max = mode == "max";
  const std::string coordinates = attributes.text("coordinate_transformation_mode", "half_pixel");
  ENGINE_VALIDATE(coordinates == "half_pixel" || coordinates == "output_half_pixel",
                  "coordinate_transformation_mode is '", coordinates,
                  "' (half_pixel or output_half_pixel needed)");
  op->half_pixel = coordinates == "half_pixel";
  return op;
}

}  // namespace engine::ops
