// ConstantOfShape: a tensor of the shape that the input lists, filled with one value (default
// float32 0).
//
// Meaning: ONNX ConstantOfShape, opset 25.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct ConstantOfShape final : MovingOperator {
  Tensor value = Tensor::scalar<float>(0);

  std::string_view name() const noexcept override { return "ConstantOfShape"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(
        in, 0, "input", [](DType t) { return t == DType::kInt64; }, "int64");
    const auto length = list_length(in, 0, "input");
    if (const auto list = in.integers(0)) {
      for (const Index extent : *list)
        ENGINE_VALIDATE(extent >= 0, "input asks for the shape ", to_string(*list), " (", extent,
                        " is negative)");
    }
    if (const auto dims = in.extents(0)) return {{value.dtype(), *dims}};
    if (length) return {unknown_extents(value.dtype(), *length)};
    return {TensorType::unranked(value.dtype())};
  }

  std::optional<Dims> infer_extents(const Operands& in) const override {
    constexpr Index kLongest = 64;
    const auto dims = list_extents(in, 0);
    if (!dims || value.dtype() != DType::kInt64 || dims->size() > 1) return std::nullopt;
    const Index count = dims->empty() ? 1 : dims->front().value();
    if (count < 0 || count > kLongest) return std::nullopt;
    return Dims(static_cast<std::size_t>(count), Dim(value.values<std::int64_t>()[0]));
  }

  Fault move(Inputs, Outputs out) const override {
    dispatch_size(size_of(value.dtype()), [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::fill_n(elements<T>(out[0]), out[0].size(), *elements<T>(view(value)));
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_ConstantOfShape(const Attributes& attributes) {
  auto op = std::make_shared<ConstantOfShape>();
  if (attributes.has("value")) op->value = attributes.tensor("value");
  ENGINE_VALIDATE(op->value.size() == 1, "value has ", op->value.size(), " elements, 1 needed");
  ENGINE_VALIDATE(op->value.dtype() != DType::kString, "value is string, a number or bool needed");
  return op;
}

}  // namespace engine::ops
