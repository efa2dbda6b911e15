// Normalisation of rows with a residual, as optimised transformer models have it; s [rows, n]:
//   SkipLayerNormalization            s = x + skip + bias
//                                     y = (s - mean) / sqrt(var + eps) * gamma + beta
//   SkipSimplifiedLayerNormalization  s = x + skip + bias, y = s / sqrt(mean of s^2 + eps) * gamma
//   SimplifiedLayerNormalization      s = x, y as in the line before
// The skip may lack leading axes of x or have 1 there. Outputs: y; mean (of the first only) and
// 1 / sqrt(..) per row, float32; the residual s.
// Meaning: onnxruntime's operators (the last one is also found in the domain of ONNX).
#include "ops/attributes.h"
#include "ops/normalize.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

enum class Kind : std::uint8_t { kSkipLayer, kSkipSimplified, kSimplified };

Input optional(Inputs in, Index i) {
  return i >= 0 && i < static_cast<Index>(in.size()) ? in[static_cast<std::size_t>(i)] : Input{};
}

struct SkipNormalization : ComputingOperator<SkipNormalization> {
  Kind kind = Kind::kSkipLayer;
  Index axis = -1;
  float epsilon = 1e-12f;

  std::string_view name() const noexcept override {
    return kind == Kind::kSkipLayer        ? "SkipLayerNormalization"
           : kind == Kind::kSkipSimplified ? "SkipSimplifiedLayerNormalization"
                                           : "SimplifiedLayerNormalization";
  }

  bool has_skip() const { return kind != Kind::kSimplified; }
  Index gamma_index() const { return has_skip() ? 2 : 1; }
  Index beta_index() const { return kind == Kind::kSkipLayer ? 3 : -1; }
  Index bias_index() const { return kind == Kind::kSkipLayer ? 4 : has_skip() ? 3 : -1; }

  // The trailing axes of x that a parameter has.
  static void check_parameter(const Operands& in, Index i, const char* name, const Dims& wanted,
                              bool may_repeat) {
    if (!in.has(i) || !in.type(i).ranked) return;
    const Dims& have = in.type(i).dims;
    bool fits = have.size() <= wanted.size();
    const std::size_t skip = fits ? wanted.size() - have.size() : 0;
    bool leading = may_repeat;
    for (std::size_t k = 0; fits && k < have.size(); ++k) {
      const Dim& need = wanted[skip + k];
      leading = leading && have[k].known() && have[k].value() == 1 && k + 1 < have.size();
      fits = leading || !have[k].known() || !need.known() || have[k] == need;
    }
    ENGINE_VALIDATE(fits, name, " is ", to_string(have), ", ", to_string(wanted), " needed");
  }

  std::vector<TensorType> infer(const Operands& in, Index outputs) const override {
    require_type(in, 0, "input", is_float, "a float type");
    for (const Index i :
         {has_skip() ? Index{1} : Index{-1}, gamma_index(), beta_index(), bias_index()})
      if (i >= 0 && in.has(i)) require_same_type(in, 0, "input", i, "another input");
    const TensorType& x = in.type(0);
    std::vector<TensorType> types(static_cast<std::size_t>(outputs), x);
    if (!x.ranked) {
      for (std::size_t i = 1; i < types.size() && i < 3; ++i)
        types[i] = TensorType::unranked(DType::kFloat32);
      return types;
    }
    ENGINE_VALIDATE(x.rank() >= 1, "input is a scalar (at least rank 1 needed)");
    const Index at = normalize_axis(axis, x.rank());
    const Dims row(x.dims.begin() + at, x.dims.end());
    if (has_skip()) check_parameter(in, 1, "skip", x.dims, true);
    if (in.type(gamma_index()).ranked)
      ENGINE_VALIDATE(in.type(gamma_index()).rank() == static_cast<Index>(row.size()),
                      "gamma has rank ", in.type(gamma_index()).rank(), ", ", row.size(),
                      " needed");
    check_parameter(in, gamma_index(), "gamma", row, false);
    for (const Index i : {beta_index(), bias_index()}) {
      if (i < 0 || !in.has(i)) continue;
      require_rank(in, i, i == bias_index() ? "bias" : "beta", 1);
      check_parameter(in, i, i == bias_index() ? "bias" : "beta", row, false);
    }
    Dims statistics = x.dims;
    for (std::size_t i = static_cast<std::size_t>(at); i < statistics.size(); ++i)
      statistics[i] = 1;
    for (std::size_t i = 1; i < types.size() && i < 3; ++i)
      types[i] = TensorType(DType::kFloat32, statistics);
    return types;
  }

  template <class T, class Real>
  void run(Inputs in, Outputs out) const {
    const Index rank = in[0].rank(), n = product(in[0].shape(), normalize_axis(axis, rank), rank);
    if (in[0].size() == 0) return;
    const Input skip = has_skip() ? in[1] : Input{}, gamma = optional(in, gamma_index());
    const Input beta = optional(in, beta_index()), bias = optional(in, bias_index());
    const Index rows = in[0].size() / n;
    const auto wanted = [&](std::size_t i) { return i < out.size() ? out[i] : Output{}; };
    // SimplifiedLayerNormalization has no mean: its second output is the factor.
    const Output means = has_skip() ? wanted(1) : Output{}, factors = wanted(has_skip() ? 2 : 1);
    const Output residual = has_skip() ? wanted(3) : Output{};
    std::vector<Real> s(static_cast<std::size_t>(n));
    const auto value = [](const Input& x, Index i) { return static_cast<Real>(x.as<T>()[i]); };
    for (Index r = 0; r < rows; ++r) {
      for (Index i = 0; i < n; ++i) {
        Real& x = s[static_cast<std::size_t>(i)];
        x = value(in[0], r * n + i);
        if (skip) x += value(skip, (r * n + i) % skip.size());
        if (bias) x += value(bias, i);
        if (residual) residual.as<T>()[r * n + i] = store<T>(x);
      }
      const Moments<Real> m = moments<Real>(s.data(), n, epsilon, kind != Kind::kSkipLayer);
      const Real mean = m.mean, factor = m.inverse;
      if (means) means.as<float>()[r] = static_cast<float>(mean);
      if (factors) factors.as<float>()[r] = static_cast<float>(factor);
      if (!out[0]) continue;
      for (Index i = 0; i < n; ++i) {
        const Real scaled = (s[static_cast<std::size_t>(i)] - mean) * factor;
        const Real g = gamma ? value(gamma, i) : Real(1);
        out[0].as<T>()[r * n + i] =
            store<T>(beta ? std::fma(scaled, g, value(beta, i)) : scaled * g);
      }
    }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in, out);
    });
    return kNoFault;
  }
};

OperatorPtr make(const Attributes& attributes, Kind kind, float epsilon) {
  auto op = std::make_shared<SkipNormalization>();
  op->kind = kind;
  op->axis = kind == Kind::kSimplified ? attributes.integer("axis", -1) : -1;
  op->epsilon = attributes.number("epsilon", epsilon);
  return op;
}

}  // namespace

OperatorPtr make_SkipLayerNormalization(const Attributes& attributes) {
  return make(attributes, Kind::kSkipLayer, 1e-12f);
}
OperatorPtr make_SkipSimplifiedLayerNormalization(const Attributes& attributes) {
  return make(attributes, Kind::kSkipSimplified, 1e-12f);
}
OperatorPtr make_SimplifiedLayerNormalization(const Attributes& attributes) {
  return make(attributes, Kind::kSimplified, 1e-5f);
}

}  // namespace engine::ops
