#include "ops/quantize_linear.h"

#include "base/shape.h"
#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/requantize.h"
#include "ops/widened.h"

namespace engine::ops {
namespace {

bool is_half_or_float(DType t) { return is_float(t) && t != DType::kFloat64; }
bool is_quantizable(DType t) { return is_half_or_float(t) || t == DType::kInt32; }
bool is_quantized(DType t) { return t >= DType::kInt4 && t <= DType::kUInt16; }
bool is_dequantizable(DType t) { return is_quantized(t) || t == DType::kInt32; }

// Calls visit(TypeTag<T>{}) for the integers of at most 16 bits, and int32.
template <class Visit>
void dispatch_quantized(DType dtype, Visit&& visit) {
  dispatch_integer(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (sizeof(T) <= 2 || std::is_same_v<T, std::int32_t>) visit(tag);
  });
}

template <class Visit>
void dispatch_quantizable(DType dtype, Visit&& visit) {
  if (dtype == DType::kInt32) return visit(TypeTag<std::int32_t>{});
  dispatch_float(dtype, [&](auto tag) {
    if constexpr (!std::is_same_v<typename decltype(tag)::type, double>) visit(tag);
  });
}

// Calls visit(flat position, position in the scale) for all elements.
template <class Visit>
void for_each_element(const QuantizationGrid& g, Visit&& visit) {
  Index flat = 0;
  for (Index o = 0; o < g.outer; ++o)
    for (Index k = 0; k < g.n; ++k)
      for (Index i = 0; i < g.inner; ++i) visit(flat++, g.scale_at(o, k, i));
}

// The quotient as a value of the type that the division is to be done in.
float divide(float x, float scale, DType precision) {
  const float quotient = x / scale;
  if (precision == DType::kFloat16) return Float16(quotient);
  if (precision == DType::kBFloat16) return BFloat16(quotient);
  return quotient;
}

void check_zero_point(const Operands& in, const char* scale, const char* zero_point) {
  if (!in.has(2) || !in.type(1).ranked || !in.type(2).ranked) return;
  const Dims &s = in.type(1).dims, &z = in.type(2).dims;
  const auto s_shape = known_shape(s), z_shape = known_shape(z);
  const bool same = !s_shape || !z_shape || *s_shape == *z_shape ||
                    (element_count(*s_shape) == 1 && element_count(*z_shape) == 1);
  ENGINE_VALIDATE(same, scale, " is ", to_string(s), ", ", zero_point, " is ", to_string(z),
                  " (both must have one shape)");
}

std::optional<DType> optional_type(const Attributes& attributes, const char* name) {
  const Index number = attributes.integer(name, 0);
  if (number == 0) return std::nullopt;
  return element_type(number);
}

QuantizationAxis parse_axis(const Attributes& attributes) {
  QuantizationAxis axis;
  axis.axis = attributes.integer("axis", 1);
  axis.block_size = attributes.integer("block_size", 0);
  ENGINE_VALIDATE(axis.block_size >= 0, "block_size is ", axis.block_size,
                  " (must not be negative)");
  return axis;
}

std::string describe_axis(const QuantizationAxis& axis) {
  return concat("axis=", axis.axis, axis.block_size ? " block_size=" : "",
                axis.block_size ? std::to_string(axis.block_size) : "");
}

}  // namespace

void QuantizationAxis::check(const TensorType& x, const TensorType& scale) const {
  const auto s = scale.shape();
  if (!x.ranked || !scale.ranked || (s && element_count(*s) == 1 && block_size == 0)) return;
  const Index rank = x.rank();
  ENGINE_VALIDATE(rank > 0, "the scale is ", to_string(scale.dims), ", x is a scalar");
  const auto at = static_cast<std::size_t>(rank == 1 ? 0 : normalize_axis(axis, rank));
  if (block_size == 0) {
    ENGINE_VALIDATE(scale.rank() <= 1, "the scale is ", to_string(scale.dims),
                    " (rank 0 or 1 needed when block_size is 0)");
    if (scale.rank() == 1 && scale.dims[0].known() && x.dims[at].known())
      ENGINE_VALIDATE(scale.dims[0].value() == x.dims[at].value() || scale.dims[0].value() == 1,
                      "the scale has ", scale.dims[0].value(), " values, axis ", axis, " of x has ",
                      x.dims[at].value());
    return;
  }
  ENGINE_VALIDATE(scale.rank() == rank, "the scale is ", to_string(scale.dims), ", x is ",
                  to_string(x.dims), " (both must have one rank when block_size is ", block_size,
                  ")");
  for (std::size_t i = 0; i < x.dims.size(); ++i) {
    if (!x.dims[i].known() || !scale.dims[i].known()) continue;
    const Index extent = x.dims[i].value();
    const Index needed = i != at ? extent : extent / block_size + (extent % block_size != 0);
    ENGINE_VALIDATE(scale.dims[i].value() == needed, "the scale is ", to_string(scale.dims),
                    ", x is ", to_string(x.dims), " (extent ", needed, " needed at axis ", i,
                    ", block_size is ", block_size, ")");
  }
}

QuantizationGrid QuantizationAxis::grid(const Shape& x, const Shape& scale) const {
  const Index rank = static_cast<Index>(x.size());
  const Index scales = product(scale, 0, static_cast<Index>(scale.size()));
  QuantizationGrid g;
  if (block_size == 0 && scales == 1) {
    g.n = g.block = product(x, 0, rank);
    return g;
  }
  const AxisView view = split_at(x, rank == 1 ? 0 : normalize_axis(axis, rank));
  g.outer = view.outer;
  g.n = view.n;
  g.inner = view.inner;
  g.blocked = block_size > 0;
  g.block = g.blocked ? block_size : 1;
  g.steps = g.blocked ? view.n / block_size + (view.n % block_size != 0) : view.n;
  return g;
}

std::vector<TensorType> QuantizeLinear::infer(const Operands& in, Index) const {
  require_type(in, 0, "x", is_quantizable, "float32, float16, bfloat16 or int32");
  require_type(in, 1, "y_scale", is_quantizable, "float32, float16, bfloat16 or int32");
  DType dtype = output_dtype.value_or(DType::kUInt8);
  if (in.has(2)) {
    require_type(in, 2, "y_zero_point", is_quantized, "an integer type of 4, 8 or 16 bits");
    ENGINE_VALIDATE(!output_dtype || *output_dtype == in.dtype(2), "output_dtype is ",
                    to_string(dtype), ", y_zero_point is ", to_string(in.dtype(2)),
                    " (both must be one type)");
    dtype = in.dtype(2);
  }
  axis.check(in.type(0), in.type(1));
  check_zero_point(in, "y_scale", "y_zero_point");
  TensorType y = in.type(0);
  y.dtype = dtype;
  return {y};
}

// The division is one of floats, whatever else is computed in.
template <class>
Fault QuantizeLinear::compute(Inputs in, Outputs out) const {
  quantize(in, out[0]);
  return kNoFault;
}

void QuantizeLinear::quantize(Inputs in, const Output& out) const {
  const QuantizationGrid g = axis.grid(in[0].shape(), in[1].shape());
  const DType division = precision.value_or(in[1].dtype);
  const bool has_zero = in.size() > 2 && in[2];
  const Small<float> scales = widened<float>(in[1]);
  const float* scale = scales.data();
  dispatch_quantizable(in[0].dtype, [&](auto x_tag) {
    dispatch_quantized(out.dtype, [&](auto y_tag) {
      using Y = typename decltype(y_tag)::type;
      const auto* x = in[0].as<typename decltype(x_tag)::type>();
      const Y* zero = has_zero ? in[2].as<Y>() : nullptr;
      Y* y = out.as<Y>();
      for_each_element(g, [&](Index i, Index s) {
        const float quotient = divide(static_cast<float>(x[i]), scale[s], division);
        y[i] = round_to<Y>(quotient, zero ? static_cast<std::int64_t>(zero[s]) : 0);
      });
    });
  });
}

std::vector<TensorType> DequantizeLinear::infer(const Operands& in, Index) const {
  require_type(in, 0, "x", is_dequantizable, "an integer type of 4, 8 or 16 bits or int32");
  require_type(in, 1, "x_scale", is_half_or_float, "float32, float16 or bfloat16");
  if (in.has(2)) require_same_type(in, 0, "x", 2, "x_zero_point");
  axis.check(in.type(0), in.type(1));
  check_zero_point(in, "x_scale", "x_zero_point");
  TensorType y = in.type(0);
  y.dtype = output_dtype.value_or(in.dtype(1));
  return {y};
}

template <class Real>
Fault DequantizeLinear::compute(Inputs in, Outputs out) const {
  const QuantizationGrid g = axis.grid(in[0].shape(), in[1].shape());
  const bool has_zero = in.size() > 2 && in[2];
  const Small<Real> scales = widened<Real>(in[1]);
  const Real* scale = scales.data();
  dispatch_quantized(in[0].dtype, [&](auto x_tag) {
    dispatch_float(out[0].dtype, [&](auto y_tag) {
      using X = typename decltype(x_tag)::type;
      using Y = typename decltype(y_tag)::type;
      const X *x = in[0].as<X>(), *zero = has_zero ? in[2].as<X>() : nullptr;
      Y* y = out[0].as<Y>();
      for_each_element(g, [&](Index i, Index s) {
        const std::int64_t difference =
            static_cast<std::int64_t>(x[i]) - (zero ? static_cast<std::int64_t>(zero[s]) : 0);
        y[i] = store<Y>(static_cast<Real>(difference) * scale[s]);
      });
    });
  });
  return kNoFault;
}

std::size_t QuantizeLinear::workspace(Inputs in, Outputs) const {
  return widened_bytes<float>(in[1]);
}
std::size_t DequantizeLinear::workspace(Inputs in, Outputs) const {
  return widened_bytes<double>(in[1]);
}

template Fault QuantizeLinear::compute<float>(Inputs, Outputs) const;
template Fault QuantizeLinear::compute<double>(Inputs, Outputs) const;
template Fault DequantizeLinear::compute<float>(Inputs, Outputs) const;
template Fault DequantizeLinear::compute<double>(Inputs, Outputs) const;

std::string QuantizeLinear::describe() const { return describe_axis(axis); }
std::string DequantizeLinear::describe() const { return describe_axis(axis); }

OperatorPtr make_QuantizeLinear(const Attributes& attributes) {
  auto op = std::make_shared<QuantizeLinear>();
  op->axis = parse_axis(attributes);
  op->output_dtype = optional_type(attributes, "output_dtype");
  op->precision = optional_type(attributes, "precision");
  ENGINE_VALIDATE(!op->output_dtype || is_quantized(*op->output_dtype), "output_dtype is ",
                  to_string(*op->output_dtype), " (an integer type of 4, 8 or 16 bits needed)");
  ENGINE_VALIDATE(!op->precision || is_half_or_float(*op->precision), "precision is ",
                  to_string(*op->precision), " (float32, float16 or bfloat16 needed)");
  return op;
}

OperatorPtr make_DequantizeLinear(const Attributes& attributes) {
  auto op = std::make_shared<DequantizeLinear>();
  op->axis = parse_axis(attributes);
  op->output_dtype = optional_type(attributes, "output_dtype");
  ENGINE_VALIDATE(!op->output_dtype || is_half_or_float(*op->output_dtype), "output_dtype is ",
                  to_string(*op->output_dtype), " (float32, float16 or bfloat16 needed)");
  return op;
}

}  // namespace engine::ops
