#include "ops/conv_transpose.h"

#include "numerics/contract.h"
#include "ops/conv_shape.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

// A kernel position that meets an input position, or -1 where that lies outside the image.
struct Tap {
  Index kernel, input;
};

void find_taps(const Windows& w, const Shape& position, std::vector<Tap>& taps) {
  taps.clear();
  Shape k(w.kernel.size(), 0);
  Index flat = 0;
  do {
    Index offset = 0;
    bool meets = true;
    for (std::size_t i = 0; i < k.size() && meets; ++i) {
      const Index at = position[i] + w.pads_begin[i] - k[i] * w.dilations[i];
      meets = at % w.strides[i] == 0;
      const bool inside = at >= 0 && at / w.strides[i] < w.input[i];
      offset = offset < 0 || !inside ? -1 : offset * w.input[i] + at / w.strides[i];
    }
    if (meets) taps.push_back({flat, offset});
    ++flat;
  } while (next_position(k, w.kernel));
}

}  // namespace

std::string_view ConvTranspose::name() const noexcept { return "ConvTranspose"; }

Windows ConvTranspose::windows(const Shape& input, const Shape& kernel) const {
  Windows w{.input = input,
            .kernel = kernel,
            .strides = {},
            .dilations = {},
            .pads_begin = {},
            .pads_end = {},
            .output = {}};
  for (std::size_t i = 0; i < input.size(); ++i) {
    const Index stride = spatial.strides.empty() ? 1 : spatial.strides[i];
    const Index dilation = spatial.dilations.empty() ? 1 : spatial.dilations[i];
    const Index extra = output_padding.empty() ? 0 : output_padding[i];
    Index full;
    ENGINE_VALIDATE(
        !__builtin_mul_overflow(input[i] - 1, stride, &full) &&
            !__builtin_add_overflow(full, extra + kernel_extent(kernel[i], dilation), &full),
        "the output extent overflows (input extent ", input[i], ", stride ", stride, ")");
    const bool same =
        spatial.auto_pad == AutoPad::kSameUpper || spatial.auto_pad == AutoPad::kSameLower;
    Index begin = 0, end = 0;
    if (same || !output_shape.empty()) {
      Index wanted = output_shape.empty() ? 0 : output_shape[i];
      ENGINE_VALIDATE(!output_shape.empty() || !__builtin_mul_overflow(input[i], stride, &wanted),
                      "the output extent overflows (input extent ", input[i], ")");
      const Index total = std::max<Index>(0, full - wanted);
      begin = spatial.auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
      end = total - begin;
      w.output.push_back(wanted);
    } else {
      const bool padded = spatial.auto_pad == AutoPad::kNotSet && !spatial.pads_begin.empty();
      begin = padded ? spatial.pads_begin[i] : 0;
      end = padded ? spatial.pads_end[i] : 0;
      w.output.push_back(full - begin - end);
    }
    ENGINE_VALIDATE(w.output[i] >= 0, "the output extent of spatial axis ", i, " is ", w.output[i],
                    " (pads ", begin, " and ", end, " are too many for input extent ", input[i],
                    ")");
    w.strides.push_back(stride);
    w.dilations.push_back(dilation);
    w.pads_begin.push_back(begin);
    w.pads_end.push_back(end);
  }
  return w;
}

std::vector<TensorType> ConvTranspose::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_float, "a float type");
  require_same_type(in, 0, "X", 1, "W");
  if (in.has(2)) {
    require_same_type(in, 0, "X", 2, "B");
    require_rank(in, 2, "B", 1);
  }
  const TensorType &x = in.type(0), &w = in.type(1);
  if (!x.ranked) return {TensorType::unranked(x.dtype)};
  const Dims input = spatial_part(x.dims);
  const Index rank = static_cast<Index>(input.size());
  require_rank(in, 1, "W", x.rank());
  spatial.check_rank(rank);
  for (const auto* list : {&output_padding, &output_shape})
    ENGINE_VALIDATE(list->empty() || static_cast<Index>(list->size()) == rank,
                    list == &output_shape ? "output_shape" : "output_padding", " has ",
                    list->size(), " values, ", rank, " needed (one per spatial axis)");

  Dims out(static_cast<std::size_t>(x.rank()));
  out[0] = x.dims[0];
  if (!w.ranked) return {TensorType(x.dtype, out)};
  const Dim channels = x.dims[1].known() ? x.dims[1] : w.dims[0];
  ENGINE_VALIDATE(!channels.known() || !w.dims[0].known() || channels == w.dims[0], "X has ",
                  channels.value(), " channels, W ", w.dims[0].value());
  ENGINE_VALIDATE(!channels.known() || channels.value() % group == 0, "X has ", channels.value(),
                  " channels (must be divisible by group ", group, ")");
  if (w.dims[1].known()) {
    Index filters;
    ENGINE_VALIDATE(!__builtin_mul_overflow(w.dims[1].value(), group, &filters), "group ", group,
                    " times ", w.dims[1].value(), " filters overflows");
    out[1] = filters;
  }
  if (in.has(2) && in.type(2).ranked)
    ENGINE_VALIDATE(!in.type(2).dims[0].known() || !out[1].known() || in.type(2).dims[0] == out[1],
                    "B has ", in.type(2).dims[0].value(), " values, ", out[1].value(),
                    " needed (one per filter)");

  const Dims kernel = spatial.kernel_of(w.dims);
  const auto known_input = known_shape(input), known_kernel = known_shape(kernel);
  if (known_input && known_kernel) {
    const Shape extents = windows(*known_input, *known_kernel).output;
    std::copy(extents.begin(), extents.end(), out.begin() + 2);
  } else if (!output_shape.empty()) {
    std::copy(output_shape.begin(), output_shape.end(), out.begin() + 2);
  }
  return {TensorType(x.dtype, out)};
}

template <class Real>
Fault ConvTranspose::compute(Inputs in, Outputs out) const {
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    if (out[0].size() == 0) return;
    const Windows w = windows(spatial_part(in[0].shape()), spatial_part(in[1].shape()));
    const Index batch = in[0].shape()[0], channels = in[0].shape()[1] / group;
    const Index filters = in[1].shape()[1], pixels = w.input_size(), taps_size = w.kernel_size();
    const Index positions = w.output_size();
    const T *x = in[0].as<T>(), *weights = in[1].as<T>();
    const T* bias = in.size() > 2 && in[2] ? in[2].as<T>() : nullptr;
    T* y = out[0].as<T>();

    std::vector<Tap> taps;
    Shape position(w.output.size(), 0);
    for (Index o = 0; o < positions; ++o, next_position(position, w.output)) {
      find_taps(w, position, taps);
      for (Index n = 0; n < batch; ++n)
        for (Index m = 0; m < filters * group; ++m) {
          const Index first = m / filters * channels;  // of the group's input channels
          const T* image = x + (n * channels * group + first) * pixels;
          const T* filter = weights + (first * filters + m % filters) * taps_size;
          const auto section = [&](Index begin, Index end) {
            R sum = 0;
            for (Index block = begin; block < end; block += kBlock)
              for (const Tap& tap : taps)
                for (Index c = block; c < std::min(block + kBlock, end); ++c) {
                  const R value =
                      tap.input < 0 ? R(0) : static_cast<R>(image[c * pixels + tap.input]);
                  sum = std::fma(static_cast<R>(filter[c * filters * taps_size + tap.kernel]),
                                 value, sum);
                }
            return sum;
          };
          R sum = numerics::sum_sections(channels, numerics::section_channels(taps_size), section);
          if (bias) sum += static_cast<R>(bias[m]);
          y[(n * filters * group + m) * positions + o] = store<T>(sum);
        }
    }
  });
  return kNoFault;
}

template Fault ConvTranspose::compute<float>(Inputs, Outputs) const;
template Fault ConvTranspose::compute<double>(Inputs, Outputs) const;

Index ConvTranspose::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  const auto x = in[0].shape(), w = in[1].shape();
  if (!x || !w) return 0;
  const Index per_pixel = product(*w, 1, static_cast<Index>(w->size()));
  return 2 * product(*x, 0, static_cast<Index>(x->size())) * per_pixel;
}

std::string ConvTranspose::describe() const {
  std::string text = spatial.describe();
  if (group != 1) text += concat(text.empty() ? "" : " ", "group=", group);
  if (!output_shape.empty())
    text += concat(text.empty() ? "" : " ", "output_shape=", to_string(output_shape));
  if (!output_padding.empty())
    text += concat(text.empty() ? "" : " ", "output_padding=", to_string(output_padding));
  return text;
}

OperatorPtr make_ConvTranspose(const Attributes& attributes) {
  auto op = std::make_shared<ConvTranspose>();
  op->spatial = Spatial::parse(attributes);
  op->group = parse_group(attributes);
  op->output_padding = attributes.integers("output_padding", std::vector<Index>{});
  op->output_shape = attributes.integers("output_shape", std::vector<Index>{});
  check_each(op->output_padding, "output_padding", 0, "must not be negative");
  check_each(op->output_shape, "output_shape", 0, "must not be negative");
  return op;
}

}  // namespace engine::ops
