// Element-wise preparation of features, x [.., features]:
//   Scaler     y = (x - offset[f]) * scale[f]            float32
//   Binarizer  y = x > threshold ? 1 : 0                 the type of x
//   Imputer    y = x == replaced ? imputed[f] : x        the type of x; a NaN matches NaNs
// A list of one value goes for all features. Meaning: ONNX-ML Scaler, Binarizer, Imputer, opset 1.
#include "ops/post_transform.h"
#include "ops/store.h"

namespace engine::ops {
namespace {

void check_list(const char* name, std::size_t size, const TensorType& x) {
  if (size <= 1 || !x.ranked) return;
  ENGINE_VALIDATE(x.rank() > 0, name, " has ", size, " values, X is a scalar");
  const Dim& features = x.dims.back();
  ENGINE_VALIDATE(!features.known() || features.value() == static_cast<Index>(size), name, " has ",
                  size, " values, X has ", features.value(), " features");
}

template <class List>
auto pick(const List& list, Index i) {
  return list[list.size() == 1 ? 0 : static_cast<std::size_t>(i) % list.size()];
}

struct Scaler : ComputingOperator<Scaler> {
  std::vector<float> offset, scale;

  std::string_view name() const noexcept override { return "Scaler"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_feature, "float32, float64, int64 or int32");
    TensorType y = in.type(0);
    check_list("offset", offset.size(), y);
    check_list("scale", scale.size(), y);
    y.dtype = DType::kFloat32;
    return {y};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_feature(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      using R = Compute<X, Real>;
      const X* x = in[0].as<X>();
      float* y = out[0].as<float>();
      for (Index i = 0; i < in[0].size(); ++i)
        y[i] = static_cast<float>((static_cast<R>(x[i]) - static_cast<R>(pick(offset, i))) *
                                  static_cast<R>(pick(scale, i)));
    });
    return kNoFault;
  }
};

struct Binarizer : MovingOperator {
  float threshold = 0;

  std::string_view name() const noexcept override { return "Binarizer"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_feature, "float32, float64, int64 or int32");
    return {in.type(0)};
  }

  Fault move(Inputs in, Outputs out) const override {
    dispatch_feature(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      const X* x = in[0].as<X>();
      X* y = out[0].as<X>();
      for (Index i = 0; i < in[0].size(); ++i)
        y[i] = static_cast<double>(x[i]) > static_cast<double>(threshold) ? X(1) : X(0);
    });
    return kNoFault;
  }
};

struct Imputer : MovingOperator {
  std::vector<float> floats;
  std::vector<Index> integers;
  float replaced_float = 0;
  Index replaced_integer = 0;

  std::string_view name() const noexcept override { return "Imputer"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_feature, "float32, float64, int64 or int32");
    const bool has_list = is_float(in.dtype(0)) ? !floats.empty() : !integers.empty();
    ENGINE_VALIDATE(has_list, "X is ", to_string(in.dtype(0)),
                    is_float(in.dtype(0)) ? ", imputed_value_floats is empty"
                                          : ", imputed_value_int64s is empty");
    check_list("imputed_value_floats", is_float(in.dtype(0)) ? floats.size() : 0, in.type(0));
    check_list("imputed_value_int64s", is_float(in.dtype(0)) ? 0 : integers.size(), in.type(0));
    return {in.type(0)};
  }

  template <class X>
  X replaced(X x, Index i) const {
    if constexpr (std::is_floating_point_v<X>) {
      const X wanted = static_cast<X>(replaced_float);
      const bool same = x == wanted || (x != x && wanted != wanted);
      return same ? static_cast<X>(pick(floats, i)) : x;
    } else {
      return x == replaced_integer ? saturate<X>(pick(integers, i)) : x;
    }
  }

  Fault move(Inputs in, Outputs out) const override {
    dispatch_feature(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      const X* x = in[0].as<X>();
      for (Index i = 0; i < in[0].size(); ++i) out[0].as<X>()[i] = replaced(x[i], i);
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_Scaler(const Attributes& attributes) {
  auto op = std::make_shared<Scaler>();
  op->offset = attributes.numbers("offset", {0.0f});
  op->scale = attributes.numbers("scale", {1.0f});
  ENGINE_VALIDATE(!op->offset.empty() && !op->scale.empty(), "offset has ", op->offset.size(),
                  " values, scale has ", op->scale.size(), " (at least 1 of each is needed)");
  return op;
}

OperatorPtr make_Binarizer(const Attributes& attributes) {
  auto op = std::make_shared<Binarizer>();
  op->threshold = attributes.number("threshold", 0.0f);
  return op;
}

OperatorPtr make_Imputer(const Attributes& attributes) {
  auto op = std::make_shared<Imputer>();
  op->floats = attributes.numbers("imputed_value_floats");
  op->integers = attributes.integers("imputed_value_int64s", std::vector<Index>{});
  op->replaced_float = attributes.number("replaced_value_float", 0.0f);
  op->replaced_integer = attributes.integer("replaced_value_int64", 0);
  ENGINE_VALIDATE(!op->floats.empty() || !op->integers.empty(),
                  "imputed_value_floats and imputed_value_int64s are both empty (one is needed)");
  return op;
}

}  // namespace engine::ops
