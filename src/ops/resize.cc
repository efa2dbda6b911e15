#include "ops/resize.h"

#include "ops/attributes.h"
#include "ops/spatial.h"
#include "ops/store.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace engine::ops {
namespace {

constexpr double kLargest = 0x1p62;

bool is_resizable(DType t) { return t != DType::kString; }
bool is_float32(DType t) { return t == DType::kFloat32; }
bool is_int64(DType t) { return t == DType::kInt64; }

// The elements of an optional input of floats, or null if it is absent or empty.
template <class Element, class List>
bool read_floats(DType dtype, const void* data, Index size, List& list) {
  if (!data || size == 0) return false;
  dispatch_float(dtype, [&](auto tag) {
    const auto* values = static_cast<const typename decltype(tag)::type*>(data);
    for (Index i = 0; i < size; ++i) list.push_back(static_cast<Element>(values[i]));
  });
  return true;
}

// Where output position i lies in the input.
double coordinate(ResizeCoordinates mode, const ResizeAxis& axis, Index i) {
  const double at = static_cast<double>(i), input = static_cast<double>(axis.input);
  // A ratio of extents is divided by last, which keeps positions exact that are integers. A scale
  // was rounded to float: 3 / 0.6f is 5 only in float, and so that is what everyone computes.
  const auto scaled = [&](double x) -> double {
    if (axis.length == static_cast<double>(axis.output)) return x * input / axis.length;
    return static_cast<float>(x) / static_cast<float>(axis.scale);
  };
  switch (mode) {
    case ResizeCoordinates::kHalfPixel: return scaled(at + 0.5) - 0.5;
    case ResizeCoordinates::kPytorchHalfPixel: return axis.output == 1 ? 0 : scaled(at + 0.5) - 0.5;
    case ResizeCoordinates::kHalfPixelSymmetric: {
      const double offset = input / 2 * (1 - static_cast<double>(axis.output) / axis.length);
      return offset + scaled(at + 0.5) - 0.5;
    }
    case ResizeCoordinates::kAlignCorners:
      return axis.length == 1 ? 0 : at * (input - 1) / (axis.length - 1);
    case ResizeCoordinates::kAsymmetric: return scaled(at);
    case ResizeCoordinates::kTfHalfPixelForNn: return scaled(at + 0.5);
    case ResizeCoordinates::kCropAndResize: break;
  }
  // In float for the same reason: regions are given in float.
  const float start = static_cast<float>(axis.start), end = static_cast<float>(axis.end);
  const float last = static_cast<float>(axis.input - 1);
  if (axis.output == 1) return 0.5f * (start + end) * last;
  return start * last +
         static_cast<float>(i) * (end - start) * last / static_cast<float>(axis.output - 1);
}

double round_nearest(NearestRounding rounding, double scale, double x) {
  switch (rounding) {
    case NearestRounding::kPreferFloor: return std::ceil(x - 0.5);
    case NearestRounding::kPreferCeil: return std::floor(x + 0.5);
    case NearestRounding::kFloor: return std::floor(x);
    case NearestRounding::kCeil: return std::ceil(x);
    case NearestRounding::kOpset10: return scale < 1 ? std::ceil(x) : std::floor(x);
  }
  return x;
}

// Keys' cubic convolution kernel with coefficient a.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

}  // namespace

std::vector<ResizeAxis> Resize::resolve(const Shape& x, const std::vector<float>* scales,
                                        const std::vector<Index>* sizes,
                                        const std::vector<double>* roi) const {
  const Index rank = static_cast<Index>(x.size());
  std::vector<ResizeAxis> result;
  for (const Index extent : x)
    result.push_back({.input = extent,
                      .output = extent,
                      .length = static_cast<double>(extent),
                      .identity = true});
  std::vector<Index> chosen;
  for (Index i = 0; i < (axes ? static_cast<Index>(axes->size()) : rank); ++i)
    chosen.push_back(axes ? normalize_axis((*axes)[static_cast<std::size_t>(i)], rank) : i);
  const bool crop = coordinates == ResizeCoordinates::kCropAndResize;
  const std::size_t count = chosen.size();
  ENGINE_VALIDATE(!scales || scales->size() == count, "scales has ", scales->size(), " values, ",
                  count, " needed (one per axis)");
  ENGINE_VALIDATE(!sizes || sizes->size() == count, "sizes has ", sizes->size(), " values, ", count,
                  " needed (one per axis)");
  ENGINE_VALIDATE(!crop || (roi && roi->size() == 2 * count), "roi has ", roi ? roi->size() : 0,
                  " values, ", 2 * count, " needed (a start and an end per axis)");

  double common = policy == AspectPolicy::kNotLarger ? kLargest : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Index input = x[static_cast<std::size_t>(chosen[i])];
    if (sizes) {
      ENGINE_VALIDATE((*sizes)[i] >= 0, "sizes[", i, "] is ", (*sizes)[i],
                      " (must not be negative)");
      if (policy == AspectPolicy::kStretch) continue;
      ENGINE_VALIDATE(input > 0, "X has an empty axis, which has no aspect ratio");
      const double scale = static_cast<double>((*sizes)[i]) / static_cast<double>(input);
      common =
          policy == AspectPolicy::kNotLarger ? std::min(common, scale) : std::max(common, scale);
    } else {
      ENGINE_VALIDATE((*scales)[i] > 0 && std::isfinite((*scales)[i]), "scales[", i, "] is ",
                      (*scales)[i], " (must be positive)");
    }
  }

  for (std::size_t i = 0; i < count; ++i) {
    ResizeAxis& axis = result[static_cast<std::size_t>(chosen[i])];
    const double input = static_cast<double>(axis.input);
    if (crop) {
      axis.start = (*roi)[i];
      axis.end = (*roi)[count + i];
    }
    double wanted = 0;
    if (sizes && policy == AspectPolicy::kStretch) {
      wanted = axis.length = static_cast<double>((*sizes)[i]);
      axis.scale = axis.input > 0 ? axis.length / input : 1;
    } else if (sizes) {
      axis.scale = common;
      axis.length = common * input;
      wanted = std::floor(axis.length + 0.5);
    } else {
      axis.scale = (*scales)[i];
      axis.length = axis.scale * input;
      // Rounded to float as everyone computes it: 0.7f * 10 is 7.
      wanted = std::floor(static_cast<float>(axis.input) * (*scales)[i]);
    }
    ENGINE_VALIDATE(wanted >= 0 && wanted < kLargest, "output extent ", wanted, " of axis ",
                    chosen[i], " is impossible");
    axis.output =
        sizes && policy == AspectPolicy::kStretch ? (*sizes)[i] : static_cast<Index>(wanted);
    if (crop) axis.length = static_cast<double>(axis.output);
    ENGINE_VALIDATE(axis.input > 0 || axis.output == 0, "axis ", chosen[i],
                    " is empty and cannot be resized to ", axis.output);
    ENGINE_VALIDATE(!antialias || axis.output == 0 || axis.scale * input * 4 >= 1, "scale ",
                    axis.scale, " of axis ", chosen[i], " is too small for its extent ",
                    axis.input);
    axis.identity = axis.output == axis.input && axis.length == input &&
                    (!crop || (axis.start == 0 && axis.end == 1));
  }
  return result;
}

// An axis that shrinks under antialias has as many taps in all as its input has elements, and more.
std::size_t Resize::workspace(Inputs in, Outputs out) const {
  constexpr std::size_t kPerTap = sizeof(Index) + 2 * sizeof(double);
  const std::size_t taps = mode == ResizeMode::kNearest ? 1 : mode == ResizeMode::kLinear ? 4 : 6;
  std::size_t entries = 0;
  for (std::size_t i = 0; i < out[0].shape().size(); ++i) {
    if (in[0].shape()[i] == out[0].shape()[i]) continue;
    entries += static_cast<std::size_t>(out[0].shape()[i]);
    if (antialias) entries += static_cast<std::size_t>(in[0].shape()[i]);
  }
  return entries * taps * kPerTap;
}

ResizeTable Resize::table(const ResizeAxis& axis) const {
  ResizeTable t;
  const double filter = antialias ? std::min(axis.scale, 1.0) : 1.0;  // narrower: a wider filter
  const Index half =
      mode == ResizeMode::kNearest
          ? 0
          : -static_cast<Index>(std::floor((mode == ResizeMode::kLinear ? -1 : -2) / filter)) - 1;
  t.taps = mode == ResizeMode::kNearest ? 1 : 2 * half + 2;
  std::vector<double> weights(static_cast<std::size_t>(t.taps));
  for (Index i = 0; i < axis.output; ++i) {
    const double x = coordinate(coordinates, axis, i);
    const bool inside = x >= 0 && x <= static_cast<double>(axis.input - 1);
    if (coordinates == ResizeCoordinates::kCropAndResize) t.outside.push_back(!inside);
    if (coordinates == ResizeCoordinates::kCropAndResize && !inside) {
      t.index.insert(t.index.end(), static_cast<std::size_t>(t.taps), 0);
      if (mode != ResizeMode::kNearest) t.weight.insert(t.weight.end(), weights.size(), 0.0);
      continue;
    }
    const auto clamp = [&](Index at) { return std::clamp<Index>(at, 0, axis.input - 1); };
    if (mode == ResizeMode::kNearest) {
      t.index.push_back(clamp(static_cast<Index>(round_nearest(rounding, axis.scale, x))));
      continue;
    }
    const double left = std::floor(x), ratio = x - left;
    double sum = 0;
    for (Index k = 0; k < t.taps; ++k) {
      const Index at = static_cast<Index>(left) - half + k;
      const double distance = (static_cast<double>(k - half) - ratio) * filter;
      double& weight = weights[static_cast<std::size_t>(k)];
      weight = mode == ResizeMode::kLinear ? std::max(0.0, 1 - std::abs(distance))
                                           : cubic(distance, cubic_coefficient);
      if (exclude_outside && (at < 0 || at >= axis.input)) weight = 0;
      sum += weight;
      t.index.push_back(clamp(at));
    }
    if ((antialias || exclude_outside) && sum != 0)
      for (double& weight : weights) weight /= sum;
    t.weight.insert(t.weight.end(), weights.begin(), weights.end());
  }
  return t;
}

std::vector<TensorType> Resize::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_resizable, "a number type or bool");
  ENGINE_VALIDATE(mode == ResizeMode::kNearest || is_number(in.dtype(0)), "X is ",
                  to_string(in.dtype(0)), ", a number type needed to interpolate");
  const auto is_empty = [&](Index i) {
    const auto shape = in.type(i).shape();
    return !in.has(i) || (shape && checked_count(*shape) == 0);
  };
  const bool has_scales = !is_empty(2), has_sizes = !is_empty(3);
  ENGINE_VALIDATE(has_scales != has_sizes,
                  has_scales ? "both scales and sizes are given (exactly one is legal)"
                             : "neither scales nor sizes are given (exactly one is needed)");
  if (has_scales) require_type(in, 2, "scales", is_float32, "float32");
  if (has_sizes) require_type(in, 3, "sizes", is_int64, "int64");
  if (in.has(1)) require_type(in, 1, "roi", is_float, "a float type");
  const TensorType& x = in.type(0);
  if (!x.ranked) return {x};

  const auto list_of = [&](Index i) -> const Tensor* { return in.has(i) ? in[i].value : nullptr; };
  std::vector<float> scales;
  std::vector<double> roi;
  std::optional<std::vector<Index>> sizes;
  if (has_sizes) sizes = in.integers(3);
  if (const Tensor* t = list_of(2); t && has_scales)
    read_floats<float>(t->dtype(), t->data(), t->size(), scales);
  if (const Tensor* t = list_of(1)) read_floats<double>(t->dtype(), t->data(), t->size(), roi);
  const bool crop = coordinates == ResizeCoordinates::kCropAndResize;

  // An axis that is not known, or whose extent depends on values that are not, stays unknown.
  Dims out = x.dims;
  const Index count = axes ? static_cast<Index>(axes->size()) : x.rank();
  Shape known;
  for (const Dim& dim : x.dims) known.push_back(dim.known() ? dim.value() : Index{1} << 20);
  const bool all_known = known_shape(x.dims).has_value();
  const bool values = (has_sizes ? sizes.has_value() : !scales.empty()) &&
                      (policy == AspectPolicy::kStretch || !has_sizes || all_known);
  ENGINE_VALIDATE(!crop || !is_empty(1), "roi is absent (tf_crop_and_resize needs it)");
  const std::vector<double> any_roi(static_cast<std::size_t>(2 * count), 0.0);
  std::vector<ResizeAxis> resolved;
  if (values)
    resolved = resolve(known, has_scales ? &scales : nullptr, sizes ? &*sizes : nullptr,
                       roi.empty() ? &any_roi : &roi);
  for (Index i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(
        axes ? normalize_axis((*axes)[static_cast<std::size_t>(i)], x.rank()) : i);
    const bool keeps = values && has_scales && !crop && resolved[at].scale == 1;
    if (keeps && !x.dims[at].known()) continue;
    out[at] =
        values && (x.dims[at].known() || has_sizes) ? Dim(resolved[at].output) : Dim::unknown();
  }
  return {TensorType(x.dtype, out)};
}

namespace {

// The resized axes of a call.
template <class Real>
struct Sampler {
  struct Axis {
    Index taps, stride;
    const Index* index;
    const Real* weight;  // null: one tap of weight 1
  };
  std::vector<Axis> axes;
  std::vector<Index> first;  // per axis: where the taps of the current position begin

  template <class T>
  Real sample(const T* x, std::size_t axis) const {
    if (axis == axes.size()) return static_cast<Real>(*x);
    const Axis& a = axes[axis];
    const Index* index = a.index + first[axis];
    const Real* weight = a.weight + first[axis];
    Real sum = weight[0] * sample(x + index[0] * a.stride, axis + 1);
    for (Index k = 1; k < a.taps; ++k)
      sum = std::fma(weight[k], sample(x + index[k] * a.stride, axis + 1), sum);
    return sum;
  }

  Index nearest() const {
    Index offset = 0;
    for (std::size_t i = 0; i < axes.size(); ++i)
      offset += axes[i].index[first[i]] * axes[i].stride;
    return offset;
  }
};

}  // namespace

std::vector<ResizeAxis> Resize::resolve(Inputs in) const {
  const auto input = [&](std::size_t i) { return i < in.size() ? in[i] : Input{}; };
  std::vector<float> scales;
  std::vector<double> roi;
  std::vector<Index> sizes;
  if (const Input s = input(2)) read_floats<float>(s.dtype, s.data, s.size(), scales);
  if (const Input r = input(1)) read_floats<double>(r.dtype, r.data, r.size(), roi);
  if (const Input s = input(3); s && s.size() > 0)
    sizes.assign(s.as<std::int64_t>(), s.as<std::int64_t>() + s.size());
  return resolve(in[0].shape(), scales.empty() ? nullptr : &scales,
                 sizes.empty() ? nullptr : &sizes, roi.empty() ? nullptr : &roi);
}

template <class Real>
Fault Resize::compute(Inputs in, Outputs out) const {
  if (out[0].size() == 0) return kNoFault;
  const std::vector<ResizeAxis> resolved = resolve(in);
  for (std::size_t i = 0; i < resolved.size(); ++i)
    if (resolved[i].output != out[0].shape()[i])
      return {Status::Fault::kBadShape, resolved[i].output, out[0].shape()[i]};

  const auto run = [&](auto tag, auto real) {
    using T = typename decltype(tag)::type;
    using R = typename decltype(real)::type;
    const Shape strides = strides_of(in[0].shape());
    const std::size_t rank = resolved.size();
    std::vector<ResizeTable> tables(rank);
    std::vector<std::vector<R>> weights(rank);
    std::vector<std::size_t> slot(rank, 0);
    Sampler<R> sampler;
    for (std::size_t i = 0; i < rank; ++i) {
      if (resolved[i].identity) continue;
      tables[i] = table(resolved[i]);
      for (const double weight : tables[i].weight) weights[i].push_back(static_cast<R>(weight));
      slot[i] = sampler.axes.size();
      sampler.axes.push_back(
          {tables[i].taps, strides[i], tables[i].index.data(), weights[i].data()});
    }
    sampler.first.resize(sampler.axes.size());

    const T* x = static_cast<const T*>(in[0].data);
    T* y = static_cast<T*>(out[0].data);
    Shape position(rank, 0);
    do {
      Index offset = 0;
      bool outside = false;
      for (std::size_t i = 0; i < rank; ++i) {
        if (resolved[i].identity) {
          offset += position[i] * strides[i];
          continue;
        }
        sampler.first[slot[i]] = position[i] * tables[i].taps;
        outside = outside || (!tables[i].outside.empty() &&
                              tables[i].outside[static_cast<std::size_t>(position[i])]);
      }
      if constexpr (std::is_same_v<T, bool>)
        *y++ = outside ? extrapolation_value != 0 : x[offset + sampler.nearest()];
      else if (outside) *y++ = store<T>(static_cast<R>(extrapolation_value));
      else if (mode == ResizeMode::kNearest) *y++ = x[offset + sampler.nearest()];
      else *y++ = store<T>(sampler.sample(x + offset, 0));
    } while (next_position(position, out[0].shape()));
  };
  dispatch_all(in[0].dtype,
               [&](auto tag) { run(tag, TypeTag<Compute<typename decltype(tag)::type, Real>>{}); });
  return kNoFault;
}

template Fault Resize::compute<float>(Inputs, Outputs) const;
template Fault Resize::compute<double>(Inputs, Outputs) const;

namespace {

template <class Enum, std::size_t n>
Enum parse_name(const Attributes& attributes, const char* attribute, const char* otherwise,
                const std::array<const char*, n>& names) {
  const std::string text = attributes.text(attribute, otherwise);
  std::string legal;
  for (std::size_t i = 0; i < n; ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
    legal += (i ? ", " : "") + std::string(names[i]);
  }
  fail(ErrorCode::kInvalidModel, attribute, " is '", text, "' (one of ", legal, " needed)");
}

}  // namespace

std::string Resize::describe() const {
  constexpr const char* kModes[] = {"nearest", "linear", "cubic"};
  return concat("mode=", kModes[static_cast<std::size_t>(mode)], antialias ? " antialias" : "");
}

OperatorPtr make_Resize(const Attributes& attributes) {
  auto op = std::make_shared<Resize>();
  op->mode =
      parse_name<ResizeMode, 3>(attributes, "mode", "nearest", {"nearest", "linear", "cubic"});
  op->coordinates = parse_name<ResizeCoordinates, 7>(
      attributes, "coordinate_transformation_mode", "half_pixel",
      {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
       "tf_crop_and_resize", "tf_half_pixel_for_nn"});
  op->rounding =
      parse_name<NearestRounding, 4>(attributes, "nearest_mode", "round_prefer_floor",
                                     {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  if (attributes.flag("engine_opset_10", false)) op->rounding = NearestRounding::kOpset10;
  op->policy = parse_name<AspectPolicy, 3>(attributes, "keep_aspect_ratio_policy", "stretch",
                                           {"stretch", "not_larger", "not_smaller"});
  op->antialias = attributes.flag("antialias", false) && op->mode != ResizeMode::kNearest;
  op->exclude_outside = attributes.flag("exclude_outside", false);
  op->cubic_coefficient = attributes.number("cubic_coeff_a", -0.75f);
  op->extrapolation_value = attributes.number("extrapolation_value", 0.0f);
  if (attributes.has("axes")) {
    op->axes = attributes.integers("axes");
    for (std::size_t i = 0; i < op->axes->size(); ++i)
      for (std::size_t k = 0; k < i; ++k)
        ENGINE_VALIDATE((*op->axes)[i] != (*op->axes)[k], "axes has ", (*op->axes)[i], " twice");
  }
  return op;
}

}  // namespace engine::ops
