#include "ops/is_inf.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

#include <limits>

namespace engine::ops {
namespace {

std::vector<TensorType> bools_of(const Operands& in) {
  require_type(in, 0, "X", is_float, "a float type");
  TensorType out = in.type(0);
  out.dtype = DType::kBool;
  return {std::move(out)};
}

// `test` tells for each element, as float or double, what to write.
template <class Test>
Fault run(Inputs in, Outputs out, Test test) {
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    map(out[0].size(), in[0].as<T>(), out[0].as<bool>(),
        [=](T x) { return test(static_cast<Compute<T, float>>(x)); });
  });
  return kNoFault;
}

// Meaning: ONNX IsNaN, opset 20.
struct IsNaN final : MovingOperator {
  std::string_view name() const noexcept override { return "IsNaN"; }
  std::vector<TensorType> infer(const Operands& in, Index) const override { return bools_of(in); }
  Fault move(Inputs in, Outputs out) const override {
    return run(in, out, [](auto x) { return x != x; });
  }
};

}  // namespace

std::vector<TensorType> IsInf::infer(const Operands& in, Index) const { return bools_of(in); }

Fault IsInf::move(Inputs in, Outputs out) const {
  return run(in, out, [low = negative, high = positive](auto x) {
    constexpr auto kInfinity = std::numeric_limits<decltype(x)>::infinity();
    return (high && x == kInfinity) || (low && x == -kInfinity);
  });
}

OperatorPtr make_IsInf(const Attributes& attributes) {
  auto op = std::make_shared<IsInf>();
  op->negative = attributes.flag("detect_negative", true);
  op->positive = attributes.flag("detect_positive", true);
  return op;
}

OperatorPtr make_IsNaN(const Attributes&) { return std::make_shared<IsNaN>(); }

}  // namespace engine::ops
