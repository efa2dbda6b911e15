// Arranging features:
//   FeatureVectorizer      y [n, sum of f_i] float32: the inputs [n, f_i] side by side
//   ArrayFeatureExtractor  y [.., k]: columns `indices` [k] of x [.., features]
// Meaning: ONNX-ML FeatureVectorizer and ArrayFeatureExtractor, opset 1.
#include "ops/post_transform.h"

namespace engine::ops {
namespace {

struct FeatureVectorizer : MovingOperator {
  std::vector<Index> widths;  // as declared; empty: as the inputs have them

  std::string_view name() const noexcept override { return "FeatureVectorizer"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    ENGINE_VALIDATE(widths.empty() || static_cast<Index>(widths.size()) == in.size(),
                    "inputdimensions has ", widths.size(), " values, there are ", in.size(),
                    " inputs");
    Dim rows = Dim::unknown(), width = 0;
    for (Index i = 0; i < in.size(); ++i) {
      require_type(in, i, "X", is_feature, "float32, float64, int64 or int32");
      require_same_type(in, 0, "the first input", i, "another");
      const TensorType& x = in.type(i);
      if (!x.ranked) {
        width = Dim::unknown();
        continue;
      }
      ENGINE_VALIDATE(x.rank() == 1 || x.rank() == 2, "input ", i, " has rank ", x.rank(),
                      " (1 or 2 needed)");
      const Dim own = x.rank() == 1 ? Dim(1) : x.dims[0];
      ENGINE_VALIDATE(!own.known() || !rows.known() || own == rows, "input ", i, " has ",
                      own.value(), " rows, an earlier one ", rows.value());
      if (!rows.known()) rows = own;
      const Dim& features = x.dims.back();
      ENGINE_VALIDATE(widths.empty() || !features.known() ||
                          widths[static_cast<std::size_t>(i)] == features.value(),
                      "input ", i, " has ", features.value(), " features, inputdimensions says ",
                      widths[static_cast<std::size_t>(i)]);
      Index sum = 0;
      if (!width.known() || !features.known()) {
        width = Dim::unknown();
      } else {
        ENGINE_VALIDATE(!__builtin_add_overflow(width.value(), features.value(), &sum),
                        "the number of features overflows");
        width = sum;
      }
    }
    return {TensorType(DType::kFloat32, Dims{rows, width})};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Index width = out[0].shape()[1];
    Index first = 0;
    for (const Input& input : in) {
      const auto [rows, features] = feature_rows(input.shape());
      dispatch_feature(input.dtype, [&, rows = rows, features = features](auto tag) {
        using X = typename decltype(tag)::type;
        const X* x = input.as<X>();
        if (input.size() == 0) return;
        for (Index r = 0; r < rows; ++r)
          for (Index f = 0; f < features; ++f)
            out[0].as<float>()[r * width + first + f] = static_cast<float>(x[r * features + f]);
      });
      first += features;
    }
    return kNoFault;
  }
};

bool is_extractable(DType t) { return is_feature(t) || t == DType::kString; }
bool is_index(DType t) { return t == DType::kInt64; }

struct ArrayFeatureExtractor : MovingOperator {
  std::string_view name() const noexcept override { return "ArrayFeatureExtractor"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_extractable, "float32, float64, int64, int32 or string");
    require_type(in, 1, "Y", is_index, "int64");
    const TensorType &x = in.type(0), &indices = in.type(1);
    if (!x.ranked) return {TensorType::unranked(x.dtype)};
    ENGINE_VALIDATE(x.rank() >= 1, "X is a scalar (at least rank 1 needed)");
    Dim count = Dim::unknown();
    if (const auto shape = indices.shape()) count = element_count(*shape);
    Dims dims = x.dims;
    if (dims.size() == 1) dims.insert(dims.begin(), Dim(1));
    dims.back() = count;
    return {TensorType(x.dtype, dims)};
  }

  template <class T>
  static Fault gather(const Input& x, const Input& indices, T* y) {
    const Index features = x.shape().back(), count = indices.size();
    const std::int64_t* index = indices.as<std::int64_t>();
    for (Index k = 0; k < count; ++k)
      if (index[k] < 0 || index[k] >= features)
        return {Status::Fault::kIndexOutOfRange, index[k], features};
    if (count == 0 || features == 0) return kNoFault;
    const T* row = static_cast<const T*>(x.data);
    for (Index r = 0; r < x.size() / features; ++r, row += features)
      for (Index k = 0; k < count; ++k) *y++ = row[index[k]];
    return kNoFault;
  }

  Fault move(Inputs in, Outputs out) const override {
    if (in[0].dtype == DType::kString)
      return gather(in[0], in[1], static_cast<std::string*>(out[0].data));
    Fault fault;
    dispatch_feature(in[0].dtype, [&](auto tag) {
      fault = gather(in[0], in[1], out[0].as<typename decltype(tag)::type>());
    });
    return fault;
  }
};

}  // namespace

OperatorPtr make_FeatureVectorizer(const Attributes& attributes) {
  auto op = std::make_shared<FeatureVectorizer>();
  op->widths = attributes.integers("inputdimensions", std::vector<Index>{});
  return op;
}

OperatorPtr make_ArrayFeatureExtractor(const Attributes&) {
  return std::make_shared<ArrayFeatureExtractor>();
}

}  // namespace engine::ops
