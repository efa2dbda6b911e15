#include "ops/quantized_conv.h"

#include "ops/conv_shape.h"
#include "ops/requantize.h"

namespace engine::ops {
namespace {

// Sums of one filter over one image (of the filter's group): visit(position, sum).
template <class X, class W, class Visit>
void convolve(const Windows& windows, Index channels, const X* x, std::int32_t x_zero, const W* w,
              std::int32_t w_zero, Visit&& visit) {
  const Index pixels = windows.input_size(), taps_size = windows.kernel_size();
  const Index positions = windows.output_size();
  Taps taps(windows);
  Shape position(windows.output.size(), 0);
  for (Index o = 0; o < positions; ++o, next_position(position, windows.output)) {
    std::uint32_t sum = 0;
    taps.for_each(position, [&](Index k, Index i) {
      for (Index c = 0; c < channels; ++c)
        sum += static_cast<std::uint32_t>((x[c * pixels + i] - x_zero) *
                                          (w[c * taps_size + k] - w_zero));
    });
    visit(o, static_cast<std::int32_t>(sum));
  }
}

template <class T>
std::int32_t element(const Input& parameter, Index i, std::int32_t otherwise = 0) {
  if (!parameter) return otherwise;
  return parameter.as<T>()[parameter.size() == 1 ? 0 : i];
}

float scale_at(const Input& scale, Index i) { return scale.as<float>()[scale.size() == 1 ? 0 : i]; }

// Calls visit(n, m, position, sum) for each output element.
template <class X, class W, class Visit>
void convolve_all(const Spatial& spatial, Index group, const Input& x, const Input& w,
                  const Input& x_zero, const Input& w_zero, Visit&& visit) {
  const Windows windows = spatial.windows(spatial_part(x.shape()), spatial_part(w.shape()));
  const Index batch = x.shape()[0], filters = w.shape()[0], channels = w.shape()[1];
  const Index image = channels * windows.input_size(), filter = channels * windows.kernel_size();
  for (Index n = 0; n < batch; ++n)
    for (Index m = 0; m < filters; ++m) {
      const Index g = m / (filters / group);
      convolve(windows, channels, x.as<X>() + (n * group + g) * image, element<X>(x_zero, 0),
               w.as<W>() + m * filter, element<W>(w_zero, m),
               [&](Index position, std::int32_t sum) { visit(n, m, position, sum); });
    }
}

template <class X, class W, class Y>
void convolve_linear(const QLinearConv& op, Inputs in, const Output& out) {
  const Index filters = in[3].shape()[0], positions = product(out.shape(), 2, out.rank());
  const std::int32_t* bias = in.size() > 8 && in[8] ? in[8].as<std::int32_t>() : nullptr;
  const std::int32_t zero = element<Y>(in[7], 0);
  Y* y = out.as<Y>();
  convolve_all<X, W>(
      op.spatial, op.group, in[0], in[3], in[2], in[5],
      [&](Index n, Index m, Index position, std::int32_t sum) {
        const float scale = scale_at(in[1], 0) * scale_at(in[4], m) / scale_at(in[6], 0);
        if (bias) __builtin_add_overflow(sum, bias[m], &sum);
        y[(n * filters + m) * positions + position] = requantize<Y>(sum, scale, zero);
      });
}

template <class Op>
OperatorPtr make(const Attributes& attributes) {
  auto op = std::make_shared<Op>();
  op->spatial = Spatial::parse(attributes);
  op->group = parse_group(attributes);
  return op;
}

}  // namespace

std::vector<TensorType> ConvInteger::infer(const Operands& in, Index) const {
  require_type(in, 0, "x", is_int8, "int8 or uint8");
  require_type(in, 1, "w", is_int8, "int8 or uint8");
  const Dims out = conv_output(spatial, group, in.type(0), in.type(1));
  if (in.has(2)) {
    require_same_type(in, 0, "x", 2, "x_zero_point");
    check_one_element(in.type(2), "x_zero_point");
  }
  if (in.has(3)) {
    require_same_type(in, 1, "w", 3, "w_zero_point");
    check_per_filter(in.type(3), "w_zero_point", out.empty() ? Dim::unknown() : out[1]);
  }
  if (!in.type(0).ranked) return {TensorType::unranked(DType::kInt32)};
  return {TensorType(DType::kInt32, out)};
}

template <class>
Fault ConvInteger::compute(Inputs in, Outputs out) const {
  const Index filters = in[1].shape()[0], positions = product(out[0].shape(), 2, out[0].rank());
  std::int32_t* y = out[0].as<std::int32_t>();
  dispatch_int8(in[0].dtype, [&](auto x) {
    dispatch_int8(in[1].dtype, [&](auto w) {
      convolve_all<typename decltype(x)::type, typename decltype(w)::type>(
          spatial, group, in[0], in[1], in.size() > 2 ? in[2] : Input{},
          in.size() > 3 ? in[3] : Input{}, [&](Index n, Index m, Index position, std::int32_t sum) {
            y[(n * filters + m) * positions + position] = sum;
          });
    });
  });
  return kNoFault;
}

std::vector<TensorType> QLinearConv::infer(const Operands& in, Index) const {
  require_type(in, 0, "x", is_int8, "int8 or uint8");
  require_type(in, 3, "w", is_int8, "int8 or uint8");
  require_type(in, 7, "y_zero_point", is_int8, "int8 or uint8");
  require_same_type(in, 0, "x", 2, "x_zero_point");
  require_same_type(in, 3, "w", 5, "w_zero_point");
  require_type(in, 1, "x_scale", is_float32, "float32");
  require_type(in, 4, "w_scale", is_float32, "float32");
  require_type(in, 6, "y_scale", is_float32, "float32");
  const Dims out = conv_output(spatial, group, in.type(0), in.type(3));
  const Dim filters = out.empty() ? Dim::unknown() : out[1];
  check_one_element(in.type(1), "x_scale");
  check_one_element(in.type(2), "x_zero_point");
  check_per_filter(in.type(4), "w_scale", filters);
  check_per_filter(in.type(5), "w_zero_point", filters);
  check_one_element(in.type(6), "y_scale");
  check_one_element(in.type(7), "y_zero_point");
  if (in.has(8)) {
    require_type(in, 8, "B", is_int32, "int32");
    require_rank(in, 8, "B", 1);
    if (in.type(8).ranked && filters.known() && in.type(8).dims[0].known())
      ENGINE_VALIDATE(in.type(8).dims[0] == filters, "B has ", in.type(8).dims[0].value(),
                      " values, ", filters.value(), " needed (one per filter)");
  }
  if (!in.type(0).ranked) return {TensorType::unranked(in.dtype(7))};
  return {TensorType(in.dtype(7), out)};
}

template <class>
Fault QLinearConv::compute(Inputs in, Outputs out) const {
  dispatch_int8(in[0].dtype, [&](auto x) {
    dispatch_int8(in[3].dtype, [&](auto w) {
      dispatch_int8(out[0].dtype, [&](auto y) {
        convolve_linear<typename decltype(x)::type, typename decltype(w)::type,
                        typename decltype(y)::type>(*this, in, out[0]);
      });
    });
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault ConvInteger::compute<float>(Inputs, Outputs) const;
template Fault ConvInteger::compute<double>(Inputs, Outputs) const;
template Fault QLinearConv::compute<float>(Inputs, Outputs) const;
template Fault QLinearConv::compute<double>(Inputs, Outputs) const;

OperatorPtr make_ConvInteger(const Attributes& attributes) { return make<ConvInteger>(attributes); }
OperatorPtr make_QLinearConv(const Attributes& attributes) { return make<QLinearConv>(attributes); }

}  // namespace engine::ops
