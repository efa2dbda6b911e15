// What onnxruntime's quantizer and optimizer write instead of several nodes of ai.onnx. Meaning:
// onnxruntime's docs/ContribOperators.md.
//
//   QLinear<F>(x, scale, zero, .., y_scale, y_zero)  QuantizeLinear(F(DequantizeLinear(x), ..))
//   QGemm, DynamicQuantizeMatMul, MatMulIntegerToFloat  MatMulInteger, then its float32 scale
//   FusedConv, FusedGemm  Conv and Gemm, the residual, the activation
//   QuantizeLinear, DequantizeLinear  those of ai.onnx
//   DynamicQuantizeLSTM   LSTM of the dequantised weights; its activations stay float32
//
// onnxruntime sums and rounds some of them in another way, which may end one step of y beside.
#include "loaders/onnx/microsoft.h"

#include "base/shape.h"
#include "loaders/onnx/onnx.pb.h"

#include <algorithm>
#include <cstdint>

namespace engine::onnx {
namespace {

using graph::kNoValue;
using graph::ValueId;
using Ids = std::vector<ValueId>;

class Rewrite {
 public:
  Rewrite(Draft& draft, UpgradeContext& context) : draft(draft), context(context) {}

  ValueId input(std::size_t i, const char* name) const {
    ENGINE_VALIDATE(draft.has_input(i), "input ", i, " (", name, ") is absent (it is required)");
    return draft.inputs[i];
  }
  ValueId optional(std::size_t i) const { return draft.has_input(i) ? draft.inputs[i] : kNoValue; }

  ValueId add(const char* type, Ids inputs, ops::Attributes attributes = {}) {
    return context.add_node(type, std::move(attributes), std::move(inputs));
  }

  /// The node itself becomes this one.
  void become(const char* type, Ids inputs, ops::Attributes attributes = {}) {
    draft.domain.clear();
    draft.type = type;
    draft.inputs = std::move(inputs);
    draft.attributes = std::move(attributes);
  }

  /// Input `i` with the scale and the zero point behind it, as float32.
  ValueId dequantized(std::size_t i, const char* name) {
    const ValueId x = input(i, name), scale = one_element(i + 1, concat(name, "_scale").c_str());
    if (draft.has_input(i + 2)) one_element(i + 2, concat(name, "_zero_point").c_str());
    return add("DequantizeLinear", {x, scale, optional(i + 2)});
  }

  /// The node quantises `y` with `scale` and zero point input `zero_at`; where that is absent, to
  /// the type of `like`.
  void become_quantized(ValueId y, ValueId scale, std::size_t zero_at, ValueId like) {
    ValueId zero = optional(zero_at);
    if (zero == kNoValue)
      zero = context.add_constant(context.type(like).dtype == DType::kInt8
                                      ? Tensor::scalar(std::int8_t{0})
                                      : Tensor::scalar(std::uint8_t{0}));
    become("QuantizeLinear", {y, scale, zero});
  }
  void become_quantized(ValueId y, std::size_t scale_at, ValueId like) {
    become_quantized(y, one_element(scale_at, "the output's scale"), scale_at + 1, like);
  }

  ValueId one_element(std::size_t i, const char* name) const {
    const ValueId id = input(i, name);
    if (const auto shape = context.type(id).shape())
      ENGINE_VALIDATE(element_count(*shape) == 1, name, " is ", to_string(*shape),
                      " (one element needed)");
    return id;
  }

  ValueId constant(float value) { return context.add_constant(Tensor::scalar(value)); }

  Draft& draft;
  UpgradeContext& context;
};

template <class... Names>
ops::Attributes without(ops::Attributes attributes, Names... names) {
  (attributes.erase(names), ...);
  return attributes;
}

void refuse_channels_last(const Draft& draft) {
  ENGINE_REQUIRE(!draft.attributes.flag("channels_last", false), ErrorCode::kUnsupported,
                 "channels_last is 1, which is not supported (optimise the model without layout "
                 "transformations)");
}

// QLinearAdd, QLinearMul: a, b with scale and zero point each, then those of the result.
void two_operands(Rewrite& to, const char* type) {
  const ValueId a = to.dequantized(0, "A"), b = to.dequantized(3, "B");
  to.become_quantized(to.add(type, {a, b}), 6, to.input(0, "A"));
}

void qlinear_add(Rewrite& to) { two_operands(to, "Add"); }
void qlinear_mul(Rewrite& to) { two_operands(to, "Mul"); }

// One operand x with scale and zero point, then those of the result.
void one_operand(Rewrite& to, const char* type, ops::Attributes attributes = {}) {
  const ValueId x = to.dequantized(0, "X");
  to.become_quantized(to.add(type, {x}, std::move(attributes)), 3, to.input(0, "X"));
}

void qlinear_sigmoid(Rewrite& to) { one_operand(to, "Sigmoid"); }
void qlinear_leaky_relu(Rewrite& to) { one_operand(to, "LeakyRelu", to.draft.attributes); }

void qlinear_global_average_pool(Rewrite& to) {
  refuse_channels_last(to.draft);
  one_operand(to, "GlobalAveragePool");
}

void qlinear_average_pool(Rewrite& to) {
  refuse_channels_last(to.draft);
  one_operand(to, "AveragePool", without(to.draft.attributes, "channels_last"));
}

// `opset` is that of the Softmax it was: before 13 all axes from `axis` on counted as one.
void qlinear_softmax(Rewrite& to) {
  const bool flattens = to.draft.attributes.integer("opset") < 13;
  ops::Attributes attributes = one("axis", to.draft.attributes.integer("axis", Index{-1}));
  if (flattens) attributes.set("engine_flatten", Index{1});
  one_operand(to, "Softmax", std::move(attributes));
}

// The result's scale and zero point first, then each part with its own.
void qlinear_concat(Rewrite& to) {
  const ValueId scale = to.one_element(0, "Y_scale"), zero = to.one_element(1, "Y_zero_point");
  Ids parts;
  for (std::size_t i = 2; i < to.draft.inputs.size(); i += 3)
    parts.push_back(to.dequantized(i, "X"));
  ENGINE_VALIDATE(!parts.empty(), "there is nothing to join");
  const ValueId y = to.add("Concat", parts, one("axis", to.draft.attributes.integer("axis")));
  to.become("QuantizeLinear", {y, scale, zero});
}

ValueId transposed(Rewrite& to, ValueId x, bool flag) {
  return flag ? to.add("Transpose", {x}, one("perm", std::vector<Index>{1, 0})) : x;
}

ValueId as_float(Rewrite& to, ValueId x) {
  return to.add("Cast", {x}, one("to", Index{pb::TensorProto::FLOAT}));
}

// y = (alpha a_scale b_scale) ((A - a_zero) (B - b_zero) + C), float32 or quantised again. The
// scale of B may be one per column.
void qgemm(Rewrite& to) {
  const ops::Attributes attributes = to.draft.attributes;
  const ValueId like = to.input(0, "A");
  const ValueId a = transposed(to, like, attributes.flag("transA", false));
  const ValueId b = transposed(to, to.input(3, "B"), attributes.flag("transB", false));
  ValueId sum = to.add("MatMulInteger", {a, b, to.optional(2), to.optional(5)});
  if (const ValueId c = to.optional(6); c != kNoValue) sum = to.add("Add", {sum, c});
  ValueId scale = to.one_element(1, "a_scale");
  if (const float alpha = attributes.number("alpha", 1.0f); alpha != 1)
    scale = to.add("Mul", {to.constant(alpha), scale});
  scale = to.add("Mul", {scale, to.input(4, "b_scale")});
  if (to.optional(7) == kNoValue) return to.become("Mul", {as_float(to, sum), scale});
  scale = to.add("Div", {scale, to.one_element(7, "y_scale")});
  const ValueId y = to.add("Mul", {as_float(to, sum), scale});
  to.become_quantized(y, to.constant(1), 8, like);
}

// y = scale * sum + bias
void become_scaled(Rewrite& to, ValueId sum, ValueId scale, ValueId bias) {
  const ValueId y = as_float(to, sum);
  if (bias == kNoValue) return to.become("Mul", {y, scale});
  to.become("Add", {to.add("Mul", {y, scale}), bias});
}

void matmul_integer_to_float(Rewrite& to) {
  const ValueId sum =
      to.add("MatMulInteger", {to.input(0, "A"), to.input(1, "B"), to.optional(4), to.optional(5)});
  const ValueId scale = to.add("Mul", {to.input(2, "a_scale"), to.input(3, "b_scale")});
  become_scaled(to, sum, scale, to.optional(6));
}

void dynamic_quantize_matmul(Rewrite& to) {
  const Ids a = to.context.add_node("DynamicQuantizeLinear", {}, {to.input(0, "A")}, 3);
  const ValueId sum = to.add("MatMulInteger", {a[0], to.input(1, "B"), a[2], to.optional(3)});
  const ValueId scale = to.add("Mul", {a[1], to.input(2, "b_scale")});
  become_scaled(to, sum, scale, to.optional(4));
}

// W [directions, k, 4 hidden], scale and zero point [directions] or [directions, 4 hidden], as
// float32 [directions, 4 hidden, k].
ValueId lstm_weights(Rewrite& to, std::size_t i, std::size_t scale_at, const char* name) {
  const ValueId w = to.input(i, name), scale = to.input(scale_at, concat(name, "_scale").c_str());
  const TensorType type = to.context.type(w), scales = to.context.type(scale);
  ENGINE_VALIDATE(type.ranked && type.rank() == 3 && type.dims[1].known() && scales.ranked,
                  "the shape of ", name, " or of its scale is not known");
  ops::Attributes grid = one("axis", Index{0});
  Ids parameters = {scale, to.optional(scale_at + 1)};
  if (scales.rank() == 2) {
    const ValueId axis = to.context.add_constant(Tensor::of<std::int64_t>({1}, {1}));
    for (ValueId& id : parameters)
      if (id != kNoValue) id = to.add("Unsqueeze", {id, axis});
    grid.set("axis", Index{1});
    grid.set("block_size", type.dims[1].value());
  }
  const ValueId x = to.add("DequantizeLinear", {w, parameters[0], parameters[1]}, std::move(grid));
  return to.add("Transpose", {x}, one("perm", std::vector<Index>{0, 2, 1}));
}

void dynamic_quantize_lstm(Rewrite& to) {
  Ids inputs = {to.input(0, "X"), lstm_weights(to, 1, 8, "W"), lstm_weights(to, 2, 10, "R")};
  for (std::size_t i = 3; i < 8; ++i) inputs.push_back(to.optional(i));
  while (inputs.back() == kNoValue) inputs.pop_back();
  to.context.warn(
      "DynamicQuantizeLSTM computes with float32 activations (onnxruntime quantises them at each "
      "step, so its results differ by that)");
  to.become("LSTM", std::move(inputs), to.draft.attributes);
}

// An activation as the attribute of the fused node says it, with the names of its parameters.
struct Activation {
  std::string_view type;
  std::vector<const char*> parameters;
};

const Activation& find_activation(const std::string& type) {
  static const std::vector<Activation> activations = {
      {"Relu", {}},
      {"Tanh", {}},
      {"Sigmoid", {}},
      {"Softplus", {}},
      {"Softsign", {}},
      {"LeakyRelu", {"alpha"}},
      {"Elu", {"alpha"}},
      {"ThresholdedRelu", {"alpha"}},
      {"HardSigmoid", {"alpha", "beta"}},
      {"Selu", {"alpha", "gamma"}},
      {"Clip", {"min", "max"}},
  };
  const auto it = std::ranges::find(activations, type, &Activation::type);
  ENGINE_REQUIRE(it != activations.end(), ErrorCode::kUnsupported, "the fused activation '", type,
                 "' is not supported (optimise the model without fusing activations)");
  return *it;
}

// `parameter(i, name)` gives the value of a parameter, or nothing for its default.
template <class Parameter>
void become_activated(Rewrite& to, ValueId y, const std::string& type, const Parameter& parameter) {
  if (type.empty()) return to.become("Identity", {y});
  const Activation& activation = find_activation(type);
  ops::Attributes attributes;
  Ids inputs = {y};
  for (std::size_t i = 0; i < activation.parameters.size(); ++i) {
    const std::optional<float> value = parameter(i, activation.parameters[i]);
    if (type == "Clip") inputs.push_back(value ? to.constant(*value) : kNoValue);
    else if (value) attributes.set(activation.parameters[i], *value);
  }
  to.become(activation.type.data(), std::move(inputs), std::move(attributes));
}

// y = activation(Conv(X, W, B) + Z)
void fused_conv(Rewrite& to) {
  const ops::Attributes attributes = to.draft.attributes;
  refuse_channels_last(to.draft);
  Ids inputs = {to.input(0, "X"), to.input(1, "W")};
  if (to.optional(2) != kNoValue) inputs.push_back(to.optional(2));
  ValueId y =
      to.add("Conv", std::move(inputs), without(attributes, "activation", "activation_params"));
  if (const ValueId z = to.optional(3); z != kNoValue) y = to.add("Add", {y, z});
  const std::vector<float> parameters = attributes.numbers("activation_params");
  become_activated(to, y, attributes.text("activation", ""), [&](std::size_t i, const char*) {
    return i < parameters.size() ? std::optional(parameters[i]) : std::nullopt;
  });
}

// y = activation(Gemm(A, B, C))
void fused_gemm(Rewrite& to) {
  const ops::Attributes attributes = to.draft.attributes;
  const ValueId y = to.add(
      "Gemm", to.draft.inputs,
      without(attributes, "activation", "activation_alpha", "activation_beta", "activation_gamma"));
  become_activated(to, y, attributes.text("activation", ""), [&](std::size_t, const char* name) {
    const std::string full = concat("activation_", name);
    return attributes.has(full) ? std::optional(attributes.number(full)) : std::nullopt;
  });
}

void same_name(Rewrite& to) { to.draft.domain.clear(); }

struct Rule {
  std::string_view type;
  std::size_t inputs, outputs;  // at most
  void (*apply)(Rewrite& to);
};

constexpr std::size_t kAny = std::size_t{1} << 20;

constexpr Rule kRules[] = {
    {"DequantizeLinear", 3, 1, same_name},
    {"DynamicQuantizeLSTM", 12, 3, dynamic_quantize_lstm},
    {"DynamicQuantizeMatMul", 5, 1, dynamic_quantize_matmul},
    {"FusedConv", 4, 1, fused_conv},
    {"FusedGemm", 3, 1, fused_gemm},
    {"MatMulIntegerToFloat", 7, 1, matmul_integer_to_float},
    {"QGemm", 9, 1, qgemm},
    {"QLinearAdd", 8, 1, qlinear_add},
    {"QLinearAveragePool", 5, 1, qlinear_average_pool},
    {"QLinearConcat", kAny, 1, qlinear_concat},
    {"QLinearGlobalAveragePool", 5, 1, qlinear_global_average_pool},
    {"QLinearLeakyRelu", 5, 1, qlinear_leaky_relu},
    {"QLinearMul", 8, 1, qlinear_mul},
    {"QLinearSigmoid", 5, 1, qlinear_sigmoid},
    {"QLinearSoftmax", 5, 1, qlinear_softmax},
    {"QuantizeLinear", 3, 1, same_name},
};

const Rule* find_rule(std::string_view type) noexcept {
  const auto* rule = std::ranges::find(kRules, type, &Rule::type);
  return rule == std::end(kRules) ? nullptr : rule;
}

}  // namespace

bool is_rewritten_microsoft(std::string_view type) noexcept { return find_rule(type) != nullptr; }

void rewrite_microsoft(Draft& draft, UpgradeContext& context) {
  const Rule* rule = find_rule(draft.type);
  if (!rule) return;
  ENGINE_VALIDATE(draft.inputs.size() <= rule->inputs, draft.inputs.size(), " inputs, at most ",
                  rule->inputs, " needed");
  ENGINE_VALIDATE(draft.outputs <= rule->outputs, draft.outputs, " outputs, at most ",
                  rule->outputs, " needed");
  Rewrite to(draft, context);
  rule->apply(to);
}

}  // namespace engine::onnx
