#include "ops/post_transform.h"

namespace engine::ops {

PostTransform parse_post_transform(const std::string& name) {
  if (name == "NONE" || name.empty()) return PostTransform::kNone;
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  ENGINE_VALIDATE(name == "PROBIT", "post_transform is '", name,
                  "' (NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT needed)");
  return PostTransform::kProbit;
}

ClassLabels ClassLabels::parse(const Attributes& attributes, const char* integers,
                               const char* strings) {
  ClassLabels labels{attributes.integers(integers, std::vector<Index>{}),
                     attributes.texts(strings)};
  ENGINE_VALIDATE(labels.integers.empty() != labels.strings.empty(), integers, " has ",
                  labels.integers.size(), " values, ", strings, " has ", labels.strings.size(),
                  " (exactly one of both is needed)");
  return labels;
}

void ClassLabels::write(const Output& out, Index i, Index label) const {
  const auto at = static_cast<std::size_t>(label);
  if (strings.empty()) out.as<std::int64_t>()[i] = integers[at];
  else static_cast<std::string*>(out.data)[i] = strings[at];
}

FeatureRows feature_rows(const Shape& x) {
  if (x.size() == 1) return {1, x[0]};
  return {x[0], x[1]};
}

bool is_feature(DType t) {
  return t == DType::kFloat32 || t == DType::kFloat64 || t == DType::kInt64 || t == DType::kInt32;
}

Dim check_features(const Operands& in) {
  require_type(in, 0, "X", is_feature, "float32, float64, int64 or int32");
  const TensorType& x = in.type(0);
  if (!x.ranked) return Dim::unknown();
  ENGINE_VALIDATE(x.rank() == 1 || x.rank() == 2, "X has rank ", x.rank(),
                  " (1 or 2 needed: [rows, features])");
  return x.rank() == 1 ? Dim(1) : x.dims[0];
}

}  // namespace engine::ops
