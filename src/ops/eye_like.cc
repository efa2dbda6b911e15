// EyeLike: a matrix of the input's extents with ones on diagonal k, counted to the right.
//
// Meaning: ONNX EyeLike, opset 22.
#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/moving.h"
#include "ops/numeric_cast.h"

namespace engine::ops {
namespace {

struct EyeLike final : MovingOperator {
  std::optional<DType> dtype;  // of the input if absent
  Index k = 0;

  std::string_view name() const noexcept override { return "EyeLike"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_rank(in, 0, "input", 2);
    TensorType out = in.type(0);
    if (!out.ranked) out = unknown_extents(out.dtype, 2);
    out.dtype = dtype.value_or(out.dtype);
    ENGINE_VALIDATE(out.dtype != DType::kString, "the output is string (must be a number or bool)");
    return {std::move(out)};
  }

  Fault move(Inputs, Outputs out) const override {
    const Index rows = out[0].shape()[0], columns = out[0].shape()[1];
    dispatch_all(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* y = out[0].as<T>();
      std::fill_n(y, rows * columns, T{});
      if (k >= columns || k <= -rows) return;
      const Index first = std::max<Index>(-k, 0), last = std::min(rows, columns - k);
      for (Index row = first; row < last; ++row)
        y[row * columns + row + k] = numeric_cast<T>(std::int32_t{1});
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_EyeLike(const Attributes& attributes) {
  auto op = std::make_shared<EyeLike>();
  op->k = attributes.integer("k", 0);
  if (attributes.has("dtype")) op->dtype = element_type(attributes.integer("dtype"));
  return op;
}

}  // namespace engine::ops
