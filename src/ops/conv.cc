#include "ops/conv.h"

#include "numerics/contract.h"
#include "numerics/winograd.h"
#include "ops/attributes.h"

#include <cmath>
#include <type_traits>

namespace engine::ops {
namespace {

// Element offset of tap `kernel` of the window at `output` in one channel, or -1 outside the image.
Index tap_offset(const Windows& w, const Shape& output, const Shape& kernel) {
  Index offset = 0;
  for (std::size_t axis = 0; axis < output.size(); ++axis) {
    const Index at =
        output[axis] * w.strides[axis] - w.pads_begin[axis] + kernel[axis] * w.dilations[axis];
    if (at < 0 || at >= w.input[axis]) return -1;
    offset = offset * w.input[axis] + at;
  }
  return offset;
}

// One output: x is the group's first channel, w the output channel's weights.
template <class Real, class T>
Real sum_of_window(const T* x, const T* w, Index channels, const std::vector<Index>& taps,
                   Index image) {
  const Index window = static_cast<Index>(taps.size());
  const auto section = [&](Index first, Index last) {
    Real sum = 0;
    for (Index block = first; block < last; block += numerics::kLanes)
      for (Index tap = 0; tap < window; ++tap)
        for (Index c = block; c < std::min(block + numerics::kLanes, last); ++c) {
          const Index at = taps[static_cast<std::size_t>(tap)];
          const Real value = at < 0 ? Real(0) : static_cast<Real>(x[c * image + at]);
          sum = std::fma(static_cast<Real>(w[c * window + tap]), value, sum);
        }
    return sum;
  };
  return numerics::sum_sections(channels, numerics::section_channels(window), section);
}

}  // namespace

std::vector<TensorType> Conv::infer(const Operands& in, Index) const {
  require_type(in, kX, "X", is_float, "a float type");
  require_same_type(in, kX, "X", kWeights, "W");
  const TensorType &x = in.type(kX), &w = in.type(kWeights);
  if (!x.ranked || !w.ranked) return {TensorType::unranked(x.dtype)};
  ENGINE_VALIDATE(x.rank() >= 3 && x.rank() <= 5, "X is ", to_string(x.dims),
                  " (batch, channels and 1 to 3 spatial axes are needed)");
  ENGINE_VALIDATE(w.rank() == x.rank(), "W has rank ", w.rank(), ", X has rank ", x.rank(),
                  " (they must be equal)");
  const Dim &channels = x.dims[1], &filters = w.dims[0], &per_group = w.dims[1];
  if (channels.known()) {
    ENGINE_VALIDATE(channels.value() % group == 0, channels.value(),
                    " channels do not divide by group ", group);
    ENGINE_VALIDATE(!per_group.known() || per_group.value() * group == channels.value(),
                    "input has ", channels.value(), " channels, weights expect ",
                    per_group.value() * group, " (W is ", to_string(w.dims), ", group ", group,
                    ")");
  }
  ENGINE_VALIDATE(!filters.known() || filters.value() % group == 0, filters.value(),
                  " filters do not divide by group ", group);
  if (in.has(kBias)) {
    require_rank(in, kBias, "B", 1);
    require_same_type(in, kX, "X", kBias, "B");
    const Dim bias = in.type(kBias).ranked ? in.type(kBias).dims[0] : Dim::unknown();
    ENGINE_VALIDATE(!bias.known() || !filters.known() || bias == filters, "B has ", to_string(bias),
                    " elements, W has ", to_string(filters), " filters");
  }
  spatial.check_rank(x.rank() - 2);
  Dims y = {x.dims[0], filters};
  for (const Dim& extent : spatial.output(spatial_part(x.dims), spatial.kernel_of(w.dims)))
    y.push_back(extent);
  const TensorType type(x.dtype, std::move(y));
  if (epilogue.residual) require_shape(in, kResidual, "residual", type);
  return {type};
}

Index Conv::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const auto y = out[0].shape();
  const auto w = in[kWeights].shape();
  if (!y || !w) return 0;
  return 2 * product(*y, 0, static_cast<Index>(y->size())) *
         product(*w, 1, static_cast<Index>(w->size()));
}

std::string Conv::describe() const {
  return concat(spatial.describe(), group == 1 ? "" : concat(" group=", group),
                winograd == 0 ? "" : concat(" winograd=", winograd), epilogue.describe());
}

void Conv::compute_winograd(Inputs in, const Output& out) const {
  const Shape &x_shape = in[kX].shape(), &w_shape = in[kWeights].shape(), &y_shape = out.shape();
  const Windows w = spatial.windows(spatial_part(x_shape), {3, 3});
  const Index channels = w_shape[1], filters = w_shape[0];
  const Index window = numerics::winograd_window(winograd);
  const Index points = numerics::winograd_points(winograd);
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  std::vector<float> u(at(filters * channels * points)), v(at(channels * points));
  for (Index i = 0; i < filters * channels; ++i)
    numerics::winograd_filter(winograd, in[kWeights].as<float>() + i * 9, &u[at(i * points)]);

  const float* bias = in.size() > kBias && in[kBias] ? in[kBias].as<float>() : nullptr;
  const float* residual = epilogue.residual ? in[kResidual].as<float>() : nullptr;
  const auto pixel = [&](const float* plane, Index row, Index column) {
    const bool inside = row >= 0 && row < w.input[0] && column >= 0 && column < w.input[1];
    return inside ? plane[row * w.input[1] + column] : 0.0f;
  };
  for (Index n = 0; n < x_shape[0]; ++n)
    for (Index row = 0; row < w.output[0]; row += winograd)
      for (Index column = 0; column < w.output[1]; column += winograd) {
        for (Index c = 0; c < channels; ++c) {
          const float* plane = in[kX].as<float>() + (n * channels + c) * w.input_size();
          float d[numerics::kMostWinogradPoints];
          for (Index i = 0; i < points; ++i)
            d[i] = pixel(plane, row + i / window - w.pads_begin[0],
                         column + i % window - w.pads_begin[1]);
          numerics::winograd_input(winograd, d, &v[at(c * points)]);
        }
        for (Index m = 0; m < filters; ++m) {
          float sums[numerics::kMostWinogradPoints], y[16];
          for (Index p = 0; p < points; ++p) {
            const auto section = [&](Index first, Index last) {
              float sum = 0;
              for (Index c = first; c < last; ++c)
                sum = std::fma(v[at(c * points + p)], u[at((m * channels + c) * points + p)], sum);
              return sum;
            };
            sums[p] = numerics::sum_sections(channels, numerics::section_channels(1), section);
          }
          numerics::winograd_output(winograd, sums, y);
          for (Index i = 0; i < winograd * winograd; ++i) {
            const Index r = row + i / winograd, k = column + i % winograd;
            if (r >= w.output[0] || k >= w.output[1]) continue;
            const Index to = ((n * filters + m) * y_shape[2] + r) * y_shape[3] + k;
            out.as<float>()[to] =
                epilogue.apply(y[i], bias ? bias + m : nullptr, residual ? residual + to : nullptr);
          }
        }
      }
}

template <class Real>
Fault Conv::compute(Inputs in, Outputs out) const {
  if (std::is_same_v<Real, float> && winograd != 0 && in[kX].dtype == DType::kFloat32) {
    compute_winograd(in, out[0]);
    return kNoFault;
  }
  const Shape &x_shape = in[kX].shape(), &w_shape = in[kWeights].shape();
  const Shape kernel(w_shape.begin() + 2, w_shape.end());
  const Windows windows = spatial.windows(spatial_part(x_shape), kernel);
  const Index batch = x_shape[0], channels = w_shape[1], filters = w_shape[0];
  const Index image = windows.input_size(), pixels = windows.output_size();
  const bool has_bias = in.size() > kBias && in[kBias];
  std::vector<Index> taps(static_cast<std::size_t>(windows.kernel_size()));
  dispatch_float(in[kX].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = Compute<T, Real>;
    const T* w = in[kWeights].as<T>();
    const T* bias = has_bias ? in[kBias].as<T>() : nullptr;
    const T* residual = epilogue.residual ? in[kResidual].as<T>() : nullptr;
    Shape position(kernel.size(), 0);
    for (Index pixel = 0; pixel < pixels; ++pixel, next_position(position, windows.output)) {
      Shape tap(kernel.size(), 0);
      for (Index& offset : taps) {
        offset = tap_offset(windows, position, tap);
        next_position(tap, kernel);
      }
      for (Index n = 0; n < batch; ++n)
        for (Index m = 0; m < filters; ++m) {
          const Index first = n * x_shape[1] + m / (filters / group) * channels;
          const C sum =
              sum_of_window<C>(in[kX].as<T>() + first * image, w + m * channels * std::ssize(taps),
                               channels, taps, image);
          const Index i = (n * filters + m) * pixels + pixel;
          out[0].as<T>()[i] =
              T(epilogue.apply(sum, bias ? bias + m : nullptr, residual ? residual + i : nullptr));
        }
    }
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault Conv::compute<float>(Inputs, Outputs) const;
template Fault Conv::compute<double>(Inputs, Outputs) const;

OperatorPtr make_Conv(const Attributes& a) {
  const Index group = a.integer("group", 1);
  ENGINE_VALIDATE(group > 0, "group is ", group, " (must be positive)");
  return std::make_shared<Conv>(Spatial::parse(a), group, Epilogue{});
}

}  // namespace engine::ops
