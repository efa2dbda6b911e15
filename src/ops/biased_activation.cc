// Activations as optimised transformer models have them, x [.., n], bias [n]:
//   BiasGelu   y = s / 2 (1 + erf(s / sqrt 2)), s = x + bias
//   FastGelu   y = s / 2 (1 + tanh(sqrt(2 / pi) (s + 0.044715 s^3))), s = x + bias (optional)
//   QuickGelu  y = x sigmoid(alpha x)
// Meaning: onnxruntime's com.microsoft operators.
#include "numerics/activation.h"
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

namespace engine::ops {
namespace {

using numerics::Activation;

struct BiasedActivation : ComputingOperator<BiasedActivation> {
  Activation activation = Activation::kGelu;
  float alpha = 1;

  std::string_view name() const noexcept override {
    return activation == Activation::kGelu       ? "BiasGelu"
           : activation == Activation::kGeluTanh ? "FastGelu"
                                                 : "QuickGelu";
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    if (in.has(1)) {
      require_same_type(in, 0, "X", 1, "bias");
      require_rank(in, 1, "bias", 1);
      const TensorType &x = in.type(0), &bias = in.type(1);
      ENGINE_VALIDATE(!x.ranked || x.rank() >= 1, "X is a scalar, bias a vector");
      if (x.ranked && bias.ranked)
        ENGINE_VALIDATE(
            !x.dims.back().known() || !bias.dims[0].known() || x.dims.back() == bias.dims[0],
            "bias has ", bias.dims[0].value(), " values, the last extent of X is ",
            x.dims.back().value());
    }
    return {in.type(0)};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using R = Compute<T, Real>;
      const T* x = in[0].as<T>();
      const T* bias = in.size() > 1 && in[1] ? in[1].as<T>() : nullptr;
      const Index width = bias ? in[1].size() : 1;
      for (Index i = 0; i < in[0].size(); ++i) {
        R value = static_cast<R>(x[i]);
        if (bias) value += static_cast<R>(bias[i % width]);
        out[0].as<T>()[i] =
            store<T>(numerics::activate(activation, value, static_cast<R>(alpha), R(0)));
      }
    });
    return kNoFault;
  }
};

OperatorPtr make(Activation activation, float alpha = 1) {
  auto op = std::make_shared<BiasedActivation>();
  op->activation = activation;
  op->alpha = alpha;
  return op;
}

}  // namespace

OperatorPtr make_BiasGelu(const Attributes&) { return make(Activation::kGelu); }
OperatorPtr make_FastGelu(const Attributes&) { return make(Activation::kGeluTanh); }
OperatorPtr make_QuickGelu(const Attributes& attributes) {
  return make(Activation::kSwish, attributes.number("alpha", 1.702f));
}

}  // namespace engine::ops
