// Convolution whose taps are displaced by a learned offset and weighted by a mask:
//   y[n, m, o] = b[m] + sum over c, k of w[m, c, k] * mask[n, g, k, o] *
//                x[n, c] interpolated at o * stride + k * dilation - pad + offset[n, g, k, :, o]
//   x  [n, channels, spatial..]   w  [filters, channels / group, kernel..]   b  [filters], optional
//   offset  [n, offset_group * taps * r, out..], r spatial axes   mask  [n, offset_group * taps,
//   out..]
// Pixels outside count 0. A sample is a chain from +0 over the 2^r pixels around it, row-major; the
// result is one fma chain from +0 over (channel, tap), then the bias. Meaning: ONNX DeformConv,
// opset 22.
#include "ops/conv_shape.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

// A pixel of x and its weight in a sample.
template <class Real>
struct Pixel {
  Index offset;
  Real weight;
};

struct DeformConv : ComputingOperator<DeformConv> {
  Spatial spatial;
  Index group = 1, offset_group = 1;

  std::string_view name() const noexcept override { return "DeformConv"; }

  // Throws unless an offset or mask is [n, count, out..].
  static void check_guide(const TensorType& guide, const char* name, const Dims& out,
                          const Dim& count) {
    if (!guide.ranked) return;
    ENGINE_VALIDATE(guide.dims.size() == out.size(), name, " has rank ", guide.rank(), ", ",
                    out.size(), " needed");
    Dims wanted = out;
    wanted[1] = count;
    for (std::size_t i = 0; i < out.size(); ++i)
      ENGINE_VALIDATE(!wanted[i].known() || !guide.dims[i].known() || wanted[i] == guide.dims[i],
                      name, " is ", to_string(guide.dims), ", ", to_string(wanted), " needed");
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    constexpr const char* kNames[] = {"X", "W", "offset", "B", "mask"};
    require_type(in, 0, "X", is_float, "a float type");
    for (Index i = 1; i < 5; ++i)
      if (in.has(i)) require_same_type(in, 0, "X", i, kNames[i]);
    const TensorType &x = in.type(0), &w = in.type(1);
    if (!x.ranked) return {x};
    const Dims out = conv_output(spatial, group, x, w);
    const Dims input = spatial_part(x.dims);
    ENGINE_VALIDATE(input.size() >= 1 && input.size() <= 8, "X has rank ", x.rank(),
                    " (3 to 10 needed)");
    ENGINE_VALIDATE(!x.dims[1].known() || x.dims[1].value() % offset_group == 0, "X has ",
                    x.dims[1].value(), " channels (must be divisible by offset_group ",
                    offset_group, ")");
    Dim taps = Dim::unknown(), offsets = Dim::unknown();
    if (w.ranked) {
      if (const auto kernel = known_shape(spatial.kernel_of(w.dims))) {
        Index count = element_count(*kernel), all;
        ENGINE_VALIDATE(!__builtin_mul_overflow(count, offset_group, &count) &&
                            !__builtin_mul_overflow(count, static_cast<Index>(input.size()), &all),
                        "offset_group ", offset_group, " overflows");
        taps = count;
        offsets = all;
      }
    }
    check_guide(in.type(2), "offset", out, offsets);
    if (in.has(4)) check_guide(in.type(4), "mask", out, taps);
    if (in.has(3)) {
      require_rank(in, 3, "B", 1);
      if (in.type(3).ranked && out[1].known() && in.type(3).dims[0].known())
        ENGINE_VALIDATE(in.type(3).dims[0] == out[1], "B has ", in.type(3).dims[0].value(),
                        " values, ", out[1].value(), " needed (one per filter)");
    }
    return {TensorType(x.dtype, out)};
  }

  // The pixels around a position, those outside left out.
  template <class Real>
  static void around(const std::vector<Real>& at, const Shape& input,
                     std::vector<Pixel<Real>>& pixels) {
    pixels.clear();
    for (std::size_t i = 0; i < at.size(); ++i)
      if (!(at[i] > -1 && at[i] < static_cast<Real>(input[i]))) return;
    for (Index corner = 0; corner < Index{1} << at.size(); ++corner) {
      Index offset = 0;
      Real weight = 1;
      bool inside = true;
      for (std::size_t i = 0; i < at.size(); ++i) {
        const bool upper = corner >> (at.size() - 1 - i) & 1;
        const Real low = std::floor(at[i]), ratio = at[i] - low;
        const Index index = static_cast<Index>(low) + upper;
        inside = inside && index >= 0 && index < input[i];
        weight *= upper ? ratio : 1 - ratio;
        offset = offset * input[i] + index;
      }
      if (inside) pixels.push_back({offset, weight});
    }
  }

  template <class T, class Real>
  void run(Inputs in, const Output& out) const {
    const Windows win = spatial.windows(spatial_part(in[0].shape()), spatial_part(in[1].shape()));
    const Index batch = out.shape()[0], filters = out.shape()[1], axes = win.rank();
    const Index channels = in[0].shape()[1], per_group = in[1].shape()[1];
    const Index taps = win.kernel_size(), pixels_size = win.input_size();
    const Index positions = win.output_size();
    const T* bias = in.size() > 3 && in[3] ? in[3].as<T>() : nullptr;
    const T* mask = in.size() > 4 && in[4] ? in[4].as<T>() : nullptr;
    if (out.size() == 0) return;
    std::vector<Real> samples(static_cast<std::size_t>(channels * taps));  // [channel, tap]
    std::vector<Real> at(static_cast<std::size_t>(axes));
    std::vector<Pixel<Real>> pixels;
    for (Index n = 0; n < batch; ++n) {
      Shape position(win.output.size(), 0);
      for (Index o = 0; o < positions; ++o, next_position(position, win.output)) {
        for (Index g = 0; g < offset_group; ++g) {
          Shape k(win.kernel.size(), 0);
          for (Index tap = 0; tap < taps; ++tap, next_position(k, win.kernel)) {
            const Index guide = (n * offset_group + g) * taps + tap;
            for (std::size_t i = 0; i < at.size(); ++i) {
              const Index base =
                  position[i] * win.strides[i] + k[i] * win.dilations[i] - win.pads_begin[i];
              const Index entry = (guide * axes + static_cast<Index>(i)) * positions + o;
              at[i] = static_cast<Real>(base) + static_cast<Real>(in[2].as<T>()[entry]);
            }
            around(at, win.input, pixels);
            const Real factor = mask ? static_cast<Real>(mask[guide * positions + o]) : Real(1);
            const Index own = channels / offset_group;
            for (Index c = g * own; c < (g + 1) * own; ++c) {
              const T* image = in[0].as<T>() + (n * channels + c) * pixels_size;
              Real value = 0;
              for (const Pixel<Real>& p : pixels)
                value = std::fma(p.weight, static_cast<Real>(image[p.offset]), value);
              samples[static_cast<std::size_t>(c * taps + tap)] = value * factor;
            }
          }
        }
        for (Index m = 0; m < filters; ++m) {
          const T* weight = in[1].as<T>() + m * per_group * taps;
          const Index first = m / (filters / group) * per_group * taps;
          Real sum = 0;
          for (Index i = 0; i < per_group * taps; ++i)
            sum = std::fma(static_cast<Real>(weight[i]),
                           samples[static_cast<std::size_t>(first + i)], sum);
          if (bias) sum += static_cast<Real>(bias[m]);
          out.as<T>()[(n * filters + m) * positions + o] = store<T>(sum);
        }
      }
    }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in, out[0]);
    });
    return kNoFault;
  }

  std::string describe() const override { return spatial.describe(); }
};

}  // namespace

OperatorPtr make_DeformConv(const Attributes& attributes) {
  auto op = std::make_shared<DeformConv>();
  op->spatial = Spatial::parse(attributes);
  op->group = parse_group(attributes);
  op->offset_group = attributes.integer("offset_group", 1);
  ENGINE_VALIDATE(op->offset_group >= 1, "offset_group is ", op->offset_group,
                  " (must be positive)");
  return op;
}

}  // namespace engine::ops
