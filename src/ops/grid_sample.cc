#include "ops/grid_sample.h"

#include "ops/attributes.h"
#include "ops/spatial.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

using Padding = GridSample::Padding;

// Reflects at low and high until inside.
template <class C>
C reflect(C x, C low, C high) {
  const C range = high - low;
  if (range <= 0) return low;
  const C distance = x < low ? low - x : x > high ? x - high : C(-1);
  if (distance < 0) return x;
  const C times = std::floor(distance / range), rest = distance - times * range;
  const bool even = std::fmod(times, C(2)) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

// The computation with the attributes of an operator.
struct Sampler {
  Index order;
  Padding padding;
  bool align_corners;

  template <class C>
  C position(C normalised, Index extent) const {
    const C n = static_cast<C>(extent);
    C x = align_corners ? (normalised + 1) / 2 * (n - 1) : ((normalised + 1) * n - 1) / 2;
    if (order == 0) x = std::nearbyint(x);
    const C low = align_corners ? C(0) : C(-0.5);  // the edge of the first pixel
    // Of cubic interpolation, only the pixels are held at the border, not the position.
    if (padding == Padding::kBorder && order != 3) x = x < low ? C(0) : x > n - 1 - low ? n - 1 : x;
    if (padding == Padding::kReflection) {
      x = reflect(x, low, n - 1 - low);
      if (order == 0) x = std::nearbyint(x);
    }
    return x;
  }

  // The pixel that index `i` of an axis stands for, or -1 for a zero.
  Index pixel(Index i, Index extent) const {
    if (i >= 0 && i < extent) return i;
    if (padding == Padding::kZeros) return -1;
    if (padding == Padding::kBorder) return std::clamp<Index>(i, 0, extent - 1);
    const double low = align_corners ? 0 : -0.5;
    const double at = reflect(static_cast<double>(i), low, static_cast<double>(extent - 1) - low);
    return std::clamp<Index>(static_cast<Index>(at), 0, extent - 1);
  }

  // Taps of one axis: pixels (or -1) and weights.
  template <class Real>
  struct Taps {
    Index count = 1;
    Index pixel[4];
    Real weight[4];
  };

  template <class Real, class C>
  Taps<Real> taps(C x, Index extent) const {
    Taps<Real> t;
    // As far outside as matters, on the side where it is; NaN is left of everything.
    const C end = static_cast<C>(extent) + 8;
    x = x > end ? end : x > C(-8) ? x : C(-8);
    const C left = std::floor(x);
    const Real ratio = static_cast<Real>(x - left);
    const Index first = static_cast<Index>(left);
    t.count = order + 1;
    for (Index k = 0; k <= order; ++k) t.pixel[k] = pixel(first + k - (order == 3), extent);
    if (order == 0) {
      t.weight[0] = 1;
    } else if (order == 1) {
      t.weight[0] = 1 - ratio;
      t.weight[1] = ratio;
    } else {
      constexpr Real a = Real(-0.75);
      const auto near = [](Real d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
      const auto far = [](Real d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
      t.weight[0] = far(ratio + 1);
      t.weight[1] = near(ratio);
      t.weight[2] = near(1 - ratio);
      t.weight[3] = far(2 - ratio);
    }
    return t;
  }

  // Interpolates along axes [axis, end); `inside` is false where an outer axis hit a zero.
  template <class T, class Real>
  Real sample(const T* image, const std::vector<Taps<Real>>& all, const Shape& strides,
              std::size_t axis, bool inside) const {
    if (axis == all.size()) return inside ? static_cast<Real>(*image) : Real(0);
    const Taps<Real>& t = all[axis];
    Real sum = 0;
    for (Index k = 0; k < t.count; ++k) {
      const bool ok = inside && t.pixel[k] >= 0;
      const Real value =
          sample(ok ? image + t.pixel[k] * strides[axis] : image, all, strides, axis + 1, ok);
      if (t.count == 1) return value;
      sum = k == 0 ? t.weight[k] * value : std::fma(t.weight[k], value, sum);
    }
    return sum;
  }

  template <class T, class G, class Real, class C>
  void run(Inputs in, const Output& out) const {
    if (out.size() == 0) return;
    const Shape spatial = spatial_part(in[0].shape()), strides = strides_of(spatial);
    const Index axes = static_cast<Index>(spatial.size()), pixels = product(spatial, 0, axes);
    const Index batch = out.shape()[0], channels = out.shape()[1];
    const Index positions = product(out.shape(), 2, out.rank());
    std::vector<Taps<Real>> all(spatial.size());
    for (Index n = 0; n < batch; ++n)
      for (Index p = 0; p < positions; ++p) {
        const G* grid = in[1].as<G>() + (n * positions + p) * axes;
        for (std::size_t i = 0; i < spatial.size(); ++i) {
          const C at = static_cast<C>(grid[spatial.size() - 1 - i]);
          all[i] = taps<Real>(position(at, spatial[i]), spatial[i]);
        }
        for (Index c = 0; c < channels; ++c)
          out.as<T>()[(n * channels + c) * positions + p] = store<T>(
              sample<T, Real>(in[0].as<T>() + (n * channels + c) * pixels, all, strides, 0, true));
      }
  }
};

}  // namespace

std::vector<TensorType> GridSample::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_number, "a number type");
  require_type(in, 1, "grid", is_float, "a float type");
  const TensorType &x = in.type(0), &grid = in.type(1);
  if (!x.ranked) return {x};
  const Index axes = x.rank() - 2;
  ENGINE_VALIDATE(axes >= 1 && axes <= 8, "X has rank ", x.rank(), " (3 to 10 needed)");
  require_rank(in, 1, "grid", x.rank());
  Dims out = {x.dims[0], x.dims[1]};
  if (!grid.ranked) return {TensorType(x.dtype, Dims(x.dims.size()))};
  ENGINE_VALIDATE(!grid.dims.back().known() || grid.dims.back().value() == axes,
                  "the last extent of grid is ", grid.dims.back().value(), ", X has ", axes,
                  " spatial axes");
  ENGINE_VALIDATE(!x.dims[0].known() || !grid.dims[0].known() || x.dims[0] == grid.dims[0],
                  "X has batch ", x.dims[0].value(), ", grid has ", grid.dims[0].value());
  if (!out[0].known()) out[0] = grid.dims[0].known() ? grid.dims[0] : x.dims[0];
  out.insert(out.end(), grid.dims.begin() + 1, grid.dims.end() - 1);
  for (std::size_t i = 2; i < x.dims.size(); ++i)
    ENGINE_VALIDATE(!x.dims[i].known() || x.dims[i].value() > 0, "X is ", to_string(x.dims),
                    " (no spatial axis may be empty)");
  return {TensorType(x.dtype, out)};
}

template <class Real>
Fault GridSample::compute(Inputs in, Outputs out) const {
  dispatch_number(in[0].dtype, [&](auto x_tag) {
    dispatch_float(in[1].dtype, [&](auto grid_tag) {
      using T = typename decltype(x_tag)::type;
      using G = typename decltype(grid_tag)::type;
      using R = std::conditional_t<std::is_integral_v<T>, double, Compute<T, Real>>;
      const Sampler sampler{order, padding, align_corners};
      if (order == 0) sampler.run<T, G, R, Compute<G, float>>(in, out[0]);
      else sampler.run<T, G, R, Compute<G, Real>>(in, out[0]);
    });
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault GridSample::compute<float>(Inputs, Outputs) const;
template Fault GridSample::compute<double>(Inputs, Outputs) const;

OperatorPtr make_GridSample(const Attributes& attributes) {
  auto op = std::make_shared<GridSample>();
  const std::string mode = attributes.text("mode", "linear");
  ENGINE_VALIDATE(mode == "linear" || mode == "nearest" || mode == "cubic" || mode == "bilinear" ||
                      mode == "bicubic",
                  "mode is '", mode, "' (linear, nearest or cubic needed)");
  op->order = mode == "nearest" ? 0 : mode == "cubic" || mode == "bicubic" ? 3 : 1;
  const std::string padding = attributes.text("padding_mode", "zeros");
  ENGINE_VALIDATE(padding == "zeros" || padding == "border" || padding == "reflection",
                  "padding_mode is '", padding, "' (zeros, border or reflection needed)");
  op->padding = padding == "zeros"    ? Padding::kZeros
                : padding == "border" ? Padding::kBorder
                                      : Padding::kReflection;
  op->align_corners = attributes.flag("align_corners", false);
  return op;
}

}  // namespace engine::ops
