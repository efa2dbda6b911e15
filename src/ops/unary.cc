#include "ops/unary.h"

#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/store.h"

#include <cmath>
#include <limits>
#include <type_traits>

namespace engine::ops {
namespace {

using numerics::Activation;

// The few activations that ONNX also has on integers.
template <class T>
T integer_activation(Activation f, T x) {
  using U = std::make_unsigned_t<T>;
  switch (f) {
    case Activation::kAbs: return x < 0 ? static_cast<T>(U{0} - static_cast<U>(x)) : x;
    case Activation::kNeg: return static_cast<T>(U{0} - static_cast<U>(x));
    case Activation::kRelu: return x < 0 ? T{0} : x;
    default: return x;
  }
}

bool has_integers(Activation f) {
  return f == Activation::kAbs || f == Activation::kNeg || f == Activation::kRelu;
}

// Functions that only the generic kernel has.
struct Function {
  std::string_view name;
  float (*f32)(float);
  double (*f64)(double);
};

template <class Real>
Real sign(Real x) {
  return x != x ? x : static_cast<Real>((x > 0) - (x < 0));
}

class UnaryFunction final : public ComputingOperator<UnaryFunction> {
 public:
  explicit UnaryFunction(const Function& function) : function_(function) {}
  std::string_view name() const noexcept override { return function_.name; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    if (function_.name == "Sign") require_type(in, 0, "input", is_number, "a number type");
    else require_type(in, 0, "input", is_float, "a float type");
    return {in.type(0)};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const Index n = in[0].size();
    dispatch_number(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = in[0].as<T>();
      T* y = out[0].as<T>();
      for (Index i = 0; i < n; ++i) {
        if constexpr (std::is_same_v<T, double>) y[i] = function_.f64(x[i]);
        else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, Float16> ||
                           std::is_same_v<T, BFloat16>)
          y[i] = T(std::is_same_v<Real, double> ? static_cast<float>(function_.f64(float(x[i])))
                                                : function_.f32(float(x[i])));
        else y[i] = T(static_cast<int>((x[i] > 0) - (x[i] < 0)));
      }
    });
    return kNoFault;
  }

 private:
  const Function& function_;
};

}  // namespace

std::vector<TensorType> Unary::infer(const Operands& in, Index) const {
  if (has_integers(f)) require_type(in, 0, "input", is_number, "a number type");
  else require_type(in, 0, "input", is_float, "a float type");
  return {in.type(0)};
}

std::string Unary::describe() const {
  if (a == 0 && b == 0) return {};
  return concat("a=", a, " b=", b);
}

template <class Real>
Fault Unary::compute(Inputs in, Outputs out) const {
  const Index n = in[0].size();
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in[0].as<T>();
    T* y = out[0].as<T>();
    if constexpr (std::is_integral_v<T>) {
      for (Index i = 0; i < n; ++i) y[i] = integer_activation(f, x[i]);
    } else if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>) {
      for (Index i = 0; i < n; ++i) y[i] = T(integer_activation<int>(f, x[i]));
    } else {
      using C = Compute<T, Real>;
      for (Index i = 0; i < n; ++i)
        y[i] = T(numerics::activate(f, static_cast<C>(x[i]), static_cast<C>(a), static_cast<C>(b)));
    }
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault Unary::compute<float>(Inputs, Outputs) const;
template Fault Unary::compute<double>(Inputs, Outputs) const;

std::vector<TensorType> Shrink::infer(const Operands& in, Index) const {
  require_type(in, 0, "input", is_number, "a number type");
  return {in.type(0)};
}

template <class Real>
Fault Shrink::compute(Inputs in, Outputs out) const {
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in[0].as<T>();
    T* y = out[0].as<T>();
    for (Index i = 0, n = in[0].size(); i < n; ++i) {
      const Real v = static_cast<Real>(x[i]);
      const Real r = v < -Real(lambd) ? v + Real(bias) : v > Real(lambd) ? v - Real(bias) : 0;
      y[i] = store<T>(r);
    }
  });
  return kNoFault;
}

template Fault Shrink::compute<float>(Inputs, Outputs) const;
template Fault Shrink::compute<double>(Inputs, Outputs) const;

std::vector<TensorType> Clip::infer(const Operands& in, Index) const {
  require_type(in, 0, "input", is_number, "a number type");
  for (const Index i : {Index{1}, Index{2}}) {
    if (!in.has(i)) continue;
    require_same_type(in, 0, "input", i, i == 1 ? "min" : "max");
    const auto shape = in.type(i).shape();
    ENGINE_VALIDATE(!shape || element_count(*shape) == 1, i == 1 ? "min" : "max", " has shape ",
                    to_string(in.type(i)), " (a scalar is needed)");
  }
  return {in.type(0)};
}

template <class Real>
Fault Clip::compute(Inputs in, Outputs out) const {
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in[0].as<T>();
    const T* low = in.size() > 1 && in[1] ? in[1].as<T>() : nullptr;
    const T* high = in.size() > 2 && in[2] ? in[2].as<T>() : nullptr;
    T* y = out[0].as<T>();
    for (Index i = 0, n = in[0].size(); i < n; ++i) {
      T value = low && x[i] < *low ? *low : x[i];
      y[i] = high && *high < value ? *high : value;
    }
  });
  return kNoFault;
}

#define ENGINE_UNARY(op, activation)                             \
  OperatorPtr make_##op(const Attributes&) {                     \
    return std::make_shared<Unary>(#op, Activation::activation); \
  }
ENGINE_UNARY(Relu, kRelu)
ENGINE_UNARY(Sigmoid, kSigmoid)
ENGINE_UNARY(Tanh, kTanh)
ENGINE_UNARY(HardSwish, kHardSwish)
ENGINE_UNARY(Softplus, kSoftplus)
ENGINE_UNARY(Mish, kMish)
ENGINE_UNARY(Softsign, kSoftsign)
ENGINE_UNARY(Exp, kExp)
ENGINE_UNARY(Log, kLog)
ENGINE_UNARY(Erf, kErf)
ENGINE_UNARY(Sqrt, kSqrt)
ENGINE_UNARY(Reciprocal, kReciprocal)
ENGINE_UNARY(Abs, kAbs)
ENGINE_UNARY(Neg, kNeg)
ENGINE_UNARY(Floor, kFloor)
ENGINE_UNARY(Ceil, kCeil)
#undef ENGINE_UNARY

OperatorPtr make_LeakyRelu(const Attributes& a) {
  return std::make_shared<Unary>("LeakyRelu", Activation::kLeakyRelu, a.number("alpha", 0.01f));
}
OperatorPtr make_ThresholdedRelu(const Attributes& a) {
  return std::make_shared<Unary>("ThresholdedRelu", Activation::kThresholdedRelu,
                                 a.number("alpha", 1.0f));
}
OperatorPtr make_HardSigmoid(const Attributes& a) {
  return std::make_shared<Unary>("HardSigmoid", Activation::kHardSigmoid, a.number("alpha", 0.2f),
                                 a.number("beta", 0.5f));
}
OperatorPtr make_Swish(const Attributes& a) {
  return std::make_shared<Unary>("Swish", Activation::kSwish, a.number("alpha", 1.0f));
}
OperatorPtr make_Elu(const Attributes& a) {
  return std::make_shared<Unary>("Elu", Activation::kElu, a.number("alpha", 1.0f));
}
OperatorPtr make_Selu(const Attributes& a) {
  return std::make_shared<Unary>("Selu", Activation::kSelu,
                                 a.number("alpha", 1.67326319217681884765625f),
                                 a.number("gamma", 1.05070102214813232421875f));
}
OperatorPtr make_Celu(const Attributes& a) {
  return std::make_shared<Unary>("Celu", Activation::kCelu, a.number("alpha", 1.0f));
}
OperatorPtr make_Gelu(const Attributes& a) {
  const std::string approximate = a.text("approximate", "none");
  ENGINE_VALIDATE(approximate == "none" || approximate == "tanh", "approximate is ", approximate,
                  " (none or tanh needed)");
  return std::make_shared<Unary>("Gelu",
                                 approximate == "tanh" ? Activation::kGeluTanh : Activation::kGelu);
}
OperatorPtr make_Clip(const Attributes&) { return std::make_shared<Clip>(); }
OperatorPtr make_Shrink(const Attributes& a) {
  return std::make_shared<Shrink>(a.number("lambd", 0.5f), a.number("bias", 0.0f));
}

#define ENGINE_FUNCTION(op, f)                                                 \
  OperatorPtr make_##op(const Attributes&) {                                   \
    static const Function function{#op, [](float x) -> float { return f(x); }, \
                                   [](double x) -> double { return f(x); }};   \
    return std::make_shared<UnaryFunction>(function);                          \
  }
ENGINE_FUNCTION(Sin, numerics::sin)
ENGINE_FUNCTION(Cos, numerics::cos)
ENGINE_FUNCTION(Tan, numerics::tan)
ENGINE_FUNCTION(Asin, numerics::asin)
ENGINE_FUNCTION(Acos, numerics::acos)
ENGINE_FUNCTION(Atan, numerics::atan)
ENGINE_FUNCTION(Sinh, numerics::sinh)
ENGINE_FUNCTION(Cosh, numerics::cosh)
ENGINE_FUNCTION(Asinh, numerics::asinh)
ENGINE_FUNCTION(Acosh, numerics::acosh)
ENGINE_FUNCTION(Atanh, numerics::atanh)
ENGINE_FUNCTION(Round, std::nearbyint)
ENGINE_FUNCTION(Sign, sign)
#undef ENGINE_FUNCTION

}  // namespace engine::ops
