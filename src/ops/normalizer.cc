// Division of each row of x [n, features] (or [features]) by its maximum (MAX), the sum of its
// absolute values (L1) or the root of its sum of squares (L2); a row whose divisor is 0 stays.
// L1 and L2 are one chain from +0, features ascending. Result float32.
// Meaning: ONNX-ML Normalizer, opset 1, with absolute values in L1, as in onnxruntime.
#include "ops/post_transform.h"

#include <cmath>

namespace engine::ops {
namespace {

enum class Norm : std::uint8_t { kMax, kL1, kL2 };

struct Normalizer : ComputingOperator<Normalizer> {
  Norm norm = Norm::kMax;

  std::string_view name() const noexcept override { return "Normalizer"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    check_features(in);
    TensorType y = in.type(0);
    y.dtype = DType::kFloat32;
    return {y};
  }

  template <class Real, class X>
  Real divisor(const X* x, Index n) const {
    Real result = norm == Norm::kMax && n > 0 ? static_cast<Real>(x[0]) : Real(0);
    for (Index f = 0; f < n; ++f) {
      const Real value = static_cast<Real>(x[f]);
      if (norm == Norm::kMax) result = value > result ? value : result;
      else if (norm == Norm::kL1) result += std::abs(value);
      else result = std::fma(value, value, result);
    }
    return norm == Norm::kL2 ? std::sqrt(result) : result;
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (in[0].size() == 0) return kNoFault;
    const auto [rows, features] = feature_rows(in[0].shape());
    dispatch_feature(in[0].dtype, [&, rows = rows, features = features](auto tag) {
      using X = typename decltype(tag)::type;
      using R = Compute<X, Real>;
      const X* x = in[0].as<X>();
      float* y = out[0].as<float>();
      for (Index i = 0; i < rows; ++i, x += features) {
        const R by = divisor<R>(x, features);
        for (Index f = 0; f < features; ++f)
          *y++ = static_cast<float>(by == 0 ? static_cast<R>(x[f]) : static_cast<R>(x[f]) / by);
      }
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_Normalizer(const Attributes& attributes) {
  auto op = std::make_shared<Normalizer>();
  const std::string norm = attributes.text("norm", "MAX");
  ENGINE_VALIDATE(norm == "MAX" || norm == "L1" || norm == "L2", "norm is '", norm,
                  "' (MAX, L1 or L2 needed)");
  op->norm = norm == "MAX" ? Norm::kMax : norm == "L1" ? Norm::kL1 : Norm::kL2;
  return op;
}

}  // namespace engine::ops
