// What classical models do to their scores in the end, and the labels of their classes.
#pragma once

#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/operator.h"

#include <cmath>
#include <span>

namespace engine::ops {

/// Meaning: the attribute post_transform of ai.onnx.ml, whose numbers these are.
enum class PostTransform : std::uint8_t { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

/// Reads the name; throws Error listing the legal ones.
PostTransform parse_post_transform(const std::string& name);

/// Softmax in place; zeros (below 1e-7) stay where they are if `keep_zeros`.
template <class Real>
void softmax_scores(std::span<Real> scores, bool keep_zeros) {
  Real max = scores[0];
  for (const Real s : scores) max = s > max ? s : max;
  Real sum = 0;
  for (Real& s : scores) {
    const bool is_zero =
        keep_zeros && s <= static_cast<Real>(1e-7f) && s >= -static_cast<Real>(1e-7f);
    if (is_zero) {
      s *= numerics::exp(-max);
    } else {
      s = numerics::exp(s - max);
      sum += s;
    }
  }
  for (Real& s : scores) s /= sum;
}

/// Inverse of the normal distribution's cumulative function, by Winitzki's closed form of the
/// inverse error function, as other runtimes compute it (relative error up to 2e-3).
template <class Real>
Real probit(Real x) {
  const Real y = 2 * x - 1;
  const Real log = numerics::log((1 - y) * (1 + y));
  const Real half = static_cast<Real>(4.330746750799873) + log / 2;  // 2 / (pi * 0.147)
  const Real root = std::sqrt(std::sqrt(half * half - log / static_cast<Real>(0.147)) - half);
  return static_cast<Real>(1.4142135623730951) * (y < 0 ? -root : root);
}

/// Transforms the scores of one row in place. Of a single score only PROBIT changes anything, as in
/// onnxruntime.
template <class Real>
void apply(PostTransform transform, std::span<Real> scores) {
  if (scores.empty() || (scores.size() == 1 && transform != PostTransform::kProbit)) return;
  switch (transform) {
    case PostTransform::kNone: return;
    case PostTransform::kSoftmax: return softmax_scores(scores, false);
    case PostTransform::kSoftmaxZero: return softmax_scores(scores, true);
    case PostTransform::kLogistic:
      for (Real& s : scores) s = numerics::sigmoid(s);
      return;
    case PostTransform::kProbit:
      for (Real& s : scores) s = probit(s);
      return;
  }
}

/// The two scores of a binary classifier that has but one, `score`, for its second class: logistic
/// of -score and score, or else the complement (1 - score for probabilities, -score otherwise) and
/// score, as onnxruntime does; of the transforms, only PROBIT is then applied.
template <class Real>
void expand_binary(PostTransform transform, Real score, bool is_probability, Real* scores) {
  if (transform == PostTransform::kLogistic) {
    scores[0] = numerics::sigmoid(-score);
    scores[1] = numerics::sigmoid(score);
    return;
  }
  scores[0] = is_probability ? 1 - score : -score;
  scores[1] = score;
  if (transform == PostTransform::kProbit)
    for (Index i = 0; i < 2; ++i) scores[i] = probit(scores[i]);
}

/// The labels of classes: integers or strings.
struct ClassLabels {
  std::vector<Index> integers;
  std::vector<std::string> strings;

  /// Reads both attributes; throws unless exactly one is given.
  static ClassLabels parse(const Attributes& attributes, const char* integers, const char* strings);

  Index size() const noexcept {
    return static_cast<Index>(strings.empty() ? integers.size() : strings.size());
  }
  DType dtype() const noexcept { return strings.empty() ? DType::kInt64 : DType::kString; }
  /// Writes label `label` to element `i`.
  void write(const Output& out, Index i, Index label) const;
};

/// Rows and columns of x [n, f], or of x [f] as one row.
struct FeatureRows {
  Index rows, features;
};
FeatureRows feature_rows(const Shape& x);

/// Throws unless x [n, f] or [f] has the types that classical models take; returns n.
Dim check_features(const Operands& in);
/// float, double, int64 or int32.
bool is_feature(DType t);

/// Calls visit(TypeTag<T>{}) for those four.
template <class Visit>
void dispatch_feature(DType dtype, Visit&& visit) {
  switch (dtype) {
    case DType::kFloat64: return visit(TypeTag<double>{});
    case DType::kInt64: return visit(TypeTag<std::int64_t>{});
    case DType::kInt32: return visit(TypeTag<std::int32_t>{});
    default: return visit(TypeTag<float>{});
  }
}

}  // namespace engine::ops
