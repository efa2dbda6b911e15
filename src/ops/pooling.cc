#include "ops/pooling.h"

#include "ops/reduce_fold.h"

namespace engine::ops {
namespace {

bool is_max_pool_type(DType t) { return is_float(t) || t == DType::kInt8 || t == DType::kUInt8; }

TensorType pooled(const Spatial& spatial, const TensorType& x) {
  if (!x.ranked) return TensorType::unranked(x.dtype);
  const Dims in = spatial_part(x.dims);
  Dims dims{x.dims[0], x.dims[1]};
  for (Dim& dim : spatial.output(in, spatial.kernel_dims())) dims.push_back(std::move(dim));
  return {x.dtype, std::move(dims)};
}

Index pool_flops(const Spatial& spatial, std::span<const TensorType> out) {
  const auto shape = out[0].shape();
  Index taps = 1;
  for (const Index extent : spatial.kernel)
    if (__builtin_mul_overflow(taps, extent, &taps)) return 0;
  Index flops = 0;
  if (!shape || __builtin_mul_overflow(taps, product(*shape, 0, out[0].rank()), &flops)) return 0;
  return flops;
}

// An offset in a row-major plane as the offset in a column-major one.
Index transpose_offset(Index offset, const Shape& extents) {
  Index result = 0;
  Shape position(extents.size());
  for (std::size_t i = extents.size(); i-- > 0;) {
    position[i] = offset % extents[i];
    offset /= extents[i];
  }
  for (std::size_t i = extents.size(); i-- > 0;) result = result * extents[i] + position[i];
  return result;
}

template <class T>
T lowest_of() {
  if constexpr (std::is_integral_v<T>) return std::numeric_limits<T>::lowest();
  else return store<T>(-std::numeric_limits<float>::infinity());
}

// Calls visit(plane, position in the plane's output, its offset) for every window.
template <class Visit>
void each_window(const Windows& w, Index planes, Visit&& visit) {
  const Index outputs = w.output_size();
  if (outputs == 0) return;
  Shape position(w.output.size(), 0);
  for (Index plane = 0; plane < planes; ++plane) {
    Index o = 0;
    do visit(plane, position, o++);
    while (next_position(position, w.output));
  }
}

OperatorPtr make_global(bool max) { return std::make_shared<GlobalPool>(max); }

}  // namespace

std::vector<TensorType> MaxPool::infer(const Operands& in, Index outputs) const {
  require_type(in, 0, "X", is_max_pool_type, "a float type, int8 or uint8");
  const TensorType y = pooled(spatial, in.type(0));
  if (outputs < 2) return {y};
  TensorType indices = y;
  indices.dtype = DType::kInt64;
  return {y, indices};
}

Index MaxPool::flops(std::span<const TensorType>, std::span<const TensorType> out) const {
  return pool_flops(spatial, out);
}

template <class Real>
Fault MaxPool::compute(Inputs in, Outputs out) const {
  const Windows w = spatial.windows(spatial_part(in[0].shape()), spatial.kernel);
  const Index planes = product(in[0].shape(), 0, 2), plane_size = w.input_size();
  Index* indices = out.size() > 1 && out[1] ? out[1].as<Index>() : nullptr;
  const bool wanted = static_cast<bool>(out[0]);
  dispatch_all(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in[0].as<T>();
    T* y = wanted ? out[0].as<T>() : nullptr;
    Taps taps(w);
    each_window(w, planes, [&](Index plane, const Shape& position, Index o) {
      T max = lowest_of<T>();
      Index where = -1;
      taps.for_each(position, [&](Index, Index offset) {
        const T value = x[plane * plane_size + offset];
        const bool first_nan = value != value && max == max;
        if (where >= 0 && !(value > max) && !first_nan) return;
        max = value;
        where = offset;
      });
      const Index to = plane * w.output_size() + o;
      if (y) y[to] = max;
      if (!indices) return;
      if (where >= 0 && column_major) where = transpose_offset(where, w.input);
      indices[to] = where < 0 ? -1 : plane * plane_size + where;
    });
  });
  return kNoFault;
}

Index counted_taps(const Windows& w, std::size_t axis, Index o, bool include_pad) noexcept {
  const Index dilation = w.dilations[axis], origin = o * w.strides[axis] - w.pads_begin[axis];
  const Index low = include_pad ? -w.pads_begin[axis] : 0;
  const Index high = w.input[axis] + (include_pad ? w.pads_end[axis] : 0);
  const auto taps_below = [&](Index bound) {  // positions origin + k * dilation < bound
    const Index span = bound - origin;
    return span <= 0 ? 0 : std::min(w.kernel[axis], (span + dilation - 1) / dilation);
  };
  return std::max<Index>(0, taps_below(high) - taps_below(low));
}

std::vector<TensorType> AveragePool::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_float, "a float type");
  return {pooled(spatial, in.type(0))};
}

Index AveragePool::flops(std::span<const TensorType>, std::span<const TensorType> out) const {
  return pool_flops(spatial, out);
}

std::string AveragePool::describe() const {
  return spatial.describe() + (count_include_pad ? " count_include_pad=1" : "");
}

template <class Real>
Fault AveragePool::compute(Inputs in, Outputs out) const {
  const Windows w = spatial.windows(spatial_part(in[0].shape()), spatial.kernel);
  const Index planes = product(in[0].shape(), 0, 2), plane_size = w.input_size();
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    const T* x = in[0].as<T>();
    T* y = out[0].as<T>();
    Taps taps(w);
    each_window(w, planes, [&](Index plane, const Shape& position, Index o) {
      R sum = 0, count = 1;
      taps.for_each(position, [&](Index, Index offset) {
        sum = sum + static_cast<R>(x[plane * plane_size + offset]);
      });
      for (std::size_t axis = 0; axis < position.size(); ++axis)
        count = count * static_cast<R>(counted_taps(w, axis, position[axis], count_include_pad));
      y[plane * w.output_size() + o] = store<T>(sum / count);
    });
  });
  return kNoFault;
}

ReduceLayout GlobalPool::layout(const Shape& x) {
  std::vector<bool> reduced(x.size(), true);
  reduced[0] = reduced[1] = false;
  return {x, reduced};
}

std::vector<TensorType> GlobalPool::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_float, "a float type");
  TensorType y = in.type(0);
  if (!y.ranked) return {y};
  for (std::size_t i = 0; i < spatial_part(y.dims).size(); ++i) y.dims[i + 2] = 1;
  return {y};
}

Index GlobalPool::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  const auto shape = in[0].shape();
  return shape ? product(*shape, 0, in[0].rank()) : 0;
}

template <class Real>
Fault GlobalPool::compute(Inputs in, Outputs out) const {
  const ReduceLayout where = layout(in[0].shape());
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    const T* x = in[0].as<T>();
    T* y = out[0].as<T>();
    if (max) fold_all<Step::kMax, R>(where, Finish::kNone, x, y);
    else fold_all<Step::kAdd, R>(where, Finish::kMean, x, y);
  });
  return kNoFault;
}

OperatorPtr make_MaxPool(const Attributes& a) {
  const Index order = a.integer("storage_order", 0);
  ENGINE_VALIDATE(order == 0 || order == 1, "storage_order is ", order, " (0 or 1 needed)");
  return std::make_shared<MaxPool>(Spatial::parse(a, true), order == 1);
}
OperatorPtr make_AveragePool(const Attributes& a) {
  return std::make_shared<AveragePool>(Spatial::parse(a, true), a.flag("count_include_pad", false));
}
OperatorPtr make_GlobalMaxPool(const Attributes&) { return make_global(true); }
OperatorPtr make_GlobalAveragePool(const Attributes&) { return make_global(false); }

}  // namespace engine::ops
