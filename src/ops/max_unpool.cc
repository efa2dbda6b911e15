// The inverse of MaxPool: zeros, except y[indices[i]] = x[i] (the last one, if an index repeats).
//   x, indices  [n, c, spatial..]   y  [n, c, spatial..], extent (in - 1) * stride + kernel - pads
// An index counts in that shape, row-major over all axes. A larger `output_shape` appends zeros
// behind each axis. Meaning: ONNX MaxUnpool, opset 22.
#include "ops/operator.h"
#include "ops/spatial.h"

#include <algorithm>

namespace engine::ops {
namespace {

bool is_int64(DType t) { return t == DType::kInt64; }

struct MaxUnpool : MovingOperator {
  Spatial spatial;

  std::string_view name() const noexcept override { return "MaxUnpool"; }

  Dim unpooled(const Dim& input, std::size_t i) const {
    if (!input.known()) return Dim::unknown();
    const Index stride = spatial.strides.empty() ? 1 : spatial.strides[i];
    const Index pads = spatial.pads_begin.empty() ? 0 : spatial.pads_begin[i] + spatial.pads_end[i];
    Index extent;
    ENGINE_VALIDATE(!__builtin_mul_overflow(input.value() - 1, stride, &extent) &&
                        !__builtin_add_overflow(extent, spatial.kernel[i] - pads, &extent),
                    "the output extent overflows (input extent ", input.value(), ", stride ",
                    stride, ")");
    ENGINE_VALIDATE(extent >= 0, "the output extent of spatial axis ", i, " is ", extent,
                    " (pads are ", pads, ", too many for input extent ", input.value(), ")");
    return extent;
  }

  Dims natural(const Dims& x) const {
    Dims dims = x;
    for (std::size_t i = 2; i < dims.size(); ++i) dims[i] = unpooled(x[i], i - 2);
    return dims;
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    require_type(in, 1, "I", is_int64, "int64");
    const TensorType& x = in.type(0);
    if (!x.ranked) return {x};
    spatial.check_rank(static_cast<Index>(spatial_part(x.dims).size()));
    require_rank(in, 1, "I", x.rank());
    for (std::size_t i = 0; i < x.dims.size() && in.type(1).ranked; ++i)
      ENGINE_VALIDATE(
          !x.dims[i].known() || !in.type(1).dims[i].known() || x.dims[i] == in.type(1).dims[i],
          "X is ", to_string(x.dims), ", I is ", to_string(in.type(1).dims),
          " (both must have one shape)");
    Dims dims = natural(x.dims);
    if (const auto shape = known_shape(dims)) element_count(*shape);
    if (!in.has(2)) return {TensorType(x.dtype, dims)};
    require_type(in, 2, "output_shape", is_int64, "int64");
    const auto wanted = in.extents(2);
    if (!wanted) return {TensorType(x.dtype, Dims(dims.size()))};
    ENGINE_VALIDATE(wanted->size() == dims.size(), "output_shape has ", wanted->size(), " values, ",
                    dims.size(), " needed");
    for (std::size_t i = 0; i < dims.size(); ++i)
      ENGINE_VALIDATE(
          !(*wanted)[i].known() || !dims[i].known() || (*wanted)[i].value() >= dims[i].value(),
          "output_shape is ", to_string(*wanted), ", at least ", to_string(dims), " needed");
    return {TensorType(x.dtype, *wanted)};
  }

  template <class T>
  Fault scatter(Inputs in, const Output& out) const {
    const Shape natural_shape = *known_shape(natural(to_dims(in[0].shape())));
    const Shape strides = strides_of(natural_shape), out_strides = strides_of(out.shape());
    const Index total = element_count(natural_shape);
    const T* x = in[0].as<T>();
    const std::int64_t* indices = in[1].as<std::int64_t>();
    T* y = out.as<T>();
    std::fill_n(y, out.size(), T(0));
    for (Index i = 0; i < in[0].size(); ++i) {
      Index rest = indices[i];
      if (rest < 0 || rest >= total) return {Status::Fault::kIndexOutOfRange, rest, total};
      Index target = 0;
      for (std::size_t k = 0; k < strides.size(); ++k) {
        target += rest / strides[k] * out_strides[k];
        rest %= strides[k];
      }
      y[target] = x[i];
    }
    return kNoFault;
  }

  Fault move(Inputs in, Outputs out) const override {
    return dispatch_float(
        in[0].dtype, [&](auto tag) { return scatter<typename decltype(tag)::type>(in, out[0]); });
  }

  std::string describe() const override { return spatial.describe(); }
};

}  // namespace

OperatorPtr make_MaxUnpool(const Attributes& attributes) {
  auto op = std::make_shared<MaxUnpool>();
  op->spatial = Spatial::parse(attributes, true);
  return op;
}

}  // namespace engine::ops
