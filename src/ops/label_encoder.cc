// Looking elements up in a list:
//   LabelEncoder   y = values[k] where keys[k] == x (the last such k), else the default
//   OneHotEncoder  y [.., categories] float32: 1 at the category of x, else 0
// NaN keys match NaNs. Meaning: ONNX-ML LabelEncoder, opset 4, and OneHotEncoder, opset 1.
#include "ops/post_transform.h"
#include "ops/store.h"

#include <cmath>
#include <map>

namespace engine::ops {
namespace {

// Any element as a key that orders NaN behind all numbers.
struct Key {
  bool is_nan = false;
  double number = 0;
  std::int64_t integer = 0;
  std::string text;
  auto tied() const { return std::tie(is_nan, number, integer, text); }
  bool operator<(const Key& other) const { return tied() < other.tied(); }
};

template <class T>
Key key_of(const T& value) {
  Key key;
  if constexpr (std::is_same_v<T, std::string>) key.text = value;
  else if constexpr (std::is_integral_v<T>) key.integer = value;
  else if (value != value) key.is_nan = true;
  else key.number = static_cast<double>(value) + 0.0;  // -0 is +0
  return key;
}

template <class Visit>
void dispatch_label(DType dtype, Visit&& visit) {
  if (dtype == DType::kString) return visit(TypeTag<std::string>{});
  if (dtype == DType::kInt16) return visit(TypeTag<std::int16_t>{});
  dispatch_feature(dtype, visit);
}

bool is_label(DType t) { return is_feature(t) || t == DType::kString || t == DType::kInt16; }

template <class T>
const T* elements(const Tensor& tensor) {
  return static_cast<const T*>(tensor.data());
}

// The list `prefix`_strings, _int64s, _floats or _tensor as a tensor.
Tensor parse_list(const Attributes& attributes, const std::string& prefix) {
  std::vector<Tensor> found;
  if (attributes.has(prefix + "_tensor")) found.push_back(attributes.tensor(prefix + "_tensor"));
  if (attributes.has(prefix + "_strings")) {
    auto list = attributes.texts(prefix + "_strings");
    const Index size = static_cast<Index>(list.size());
    found.push_back(Tensor::strings({size}, std::move(list)));
  }
  if (attributes.has(prefix + "_int64s")) {
    const auto list = attributes.integers(prefix + "_int64s");
    found.push_back(Tensor::of<std::int64_t>({static_cast<Index>(list.size())}, list));
  }
  if (attributes.has(prefix + "_floats")) {
    const auto list = attributes.numbers(prefix + "_floats");
    found.push_back(Tensor::of<float>({static_cast<Index>(list.size())}, list));
  }
  ENGINE_VALIDATE(found.size() == 1, "there are ", found.size(), " lists ", prefix,
                  "_* (exactly one is needed)");
  ENGINE_VALIDATE(is_label(found[0].dtype()), prefix, "_tensor is ", to_string(found[0].dtype()),
                  " (string, int64, int32, int16, float32 or float64 needed)");
  return found[0];
}

// The value for elements that no key matches, as a tensor of one element.
Tensor parse_default(const Attributes& attributes, DType dtype) {
  if (attributes.has("default_tensor")) {
    const Tensor value = attributes.tensor("default_tensor");
    ENGINE_VALIDATE(value.dtype() == dtype && value.size() == 1, "default_tensor is ",
                    to_string(value.dtype()), " ", to_string(value.shape()), ", one ",
                    to_string(dtype), " needed");
    return value;
  }
  if (dtype == DType::kString)
    return Tensor::strings({1}, {attributes.text("default_string", "_Unused")});
  Tensor value(dtype, {1});
  dispatch_label(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      value.mutable_values<T>()[0] = saturate<T>(attributes.integer("default_int64", -1));
    else if constexpr (!std::is_same_v<T, std::string>)
      value.mutable_values<T>()[0] = static_cast<T>(attributes.number("default_float", -0.0f));
  });
  return value;
}

struct LabelEncoder : MovingOperator {
  DType key_type = DType::kInt64;
  Tensor values, otherwise;
  std::map<Key, Index> positions;

  std::string_view name() const noexcept override { return "LabelEncoder"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    ENGINE_VALIDATE(in.dtype(0) == key_type, "X is ", to_string(in.dtype(0)), ", the keys are ",
                    to_string(key_type), " (both must have one type)");
    TensorType y = in.type(0);
    y.dtype = values.dtype();
    return {y};
  }

  Fault move(Inputs in, Outputs out) const override {
    dispatch_label(in[0].dtype, [&](auto x_tag) {
      dispatch_label(out[0].dtype, [&](auto y_tag) {
        using X = typename decltype(x_tag)::type;
        using Y = typename decltype(y_tag)::type;
        const X* x = static_cast<const X*>(in[0].data);
        Y* y = static_cast<Y*>(out[0].data);
        for (Index i = 0; i < in[0].size(); ++i) {
          const auto it = positions.find(key_of(x[i]));
          y[i] =
              it == positions.end() ? elements<Y>(otherwise)[0] : elements<Y>(values)[it->second];
        }
      });
    });
    return kNoFault;
  }

  std::string describe() const override { return concat("keys=", positions.size()); }
};

struct OneHotEncoder : MovingOperator {
  bool zeros = true, text = false;
  Index categories = 0;
  std::map<Key, Index> positions;

  std::string_view name() const noexcept override { return "OneHotEncoder"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_label, "a number or string type");
    ENGINE_VALIDATE((in.dtype(0) == DType::kString) == text, "X is ", to_string(in.dtype(0)),
                    text ? ", the categories are strings" : ", the categories are integers");
    if (!in.type(0).ranked) return {TensorType::unranked(DType::kFloat32)};
    Dims dims = in.type(0).dims;
    dims.push_back(categories);
    return {TensorType(DType::kFloat32, dims)};
  }

  template <class X>
  static Key category_of(const X& x) {
    if constexpr (std::is_floating_point_v<X>) return key_of(store<std::int64_t>(x));
    else if constexpr (std::is_same_v<X, std::string>) return key_of(x);
    else return key_of(static_cast<std::int64_t>(x));
  }

  Fault move(Inputs in, Outputs out) const override {
    Fault fault;
    dispatch_label(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      const X* x = static_cast<const X*>(in[0].data);
      float* y = out[0].as<float>();
      std::fill_n(y, out[0].size(), 0.0f);
      for (Index i = 0; i < in[0].size(); ++i) {
        const auto it = positions.find(category_of(x[i]));
        if (it != positions.end()) y[i * categories + it->second] = 1;
        else if (!zeros) fault = {Status::Fault::kBadValue, i, categories};
      }
    });
    return fault;
  }
};

}  // namespace

OperatorPtr make_LabelEncoder(const Attributes& attributes) {
  ENGINE_REQUIRE(
      !attributes.has("classes_strings"), ErrorCode::kUnsupported,
      "classes_strings (ai.onnx.ml opset 1) is not supported; convert the model for opset "
      "2 or newer of ai.onnx.ml");
  auto op = std::make_shared<LabelEncoder>();
  const Tensor keys = parse_list(attributes, "keys");
  op->values = parse_list(attributes, "values");
  ENGINE_VALIDATE(keys.size() == op->values.size(), "there are ", keys.size(), " keys and ",
                  op->values.size(), " values (as many of both are needed)");
  op->key_type = keys.dtype();
  op->otherwise = parse_default(attributes, op->values.dtype());
  dispatch_label(keys.dtype(), [&](auto tag) {
    const auto* key = elements<typename decltype(tag)::type>(keys);
    for (Index i = 0; i < keys.size(); ++i) op->positions[key_of(key[i])] = i;
  });
  return op;
}

OperatorPtr make_OneHotEncoder(const Attributes& attributes) {
  auto op = std::make_shared<OneHotEncoder>();
  const ClassLabels labels = ClassLabels::parse(attributes, "cats_int64s", "cats_strings");
  op->zeros = attributes.flag("zeros", true);
  op->text = !labels.strings.empty();
  op->categories = labels.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(op->categories); ++i)
    op->positions[op->text ? key_of(labels.strings[i]) : key_of(labels.integers[i])] =
        static_cast<Index>(i);
  return op;
}

}  // namespace engine::ops
