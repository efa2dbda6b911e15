// Operators of com.microsoft that become nodes of ai.onnx. Expected values are onnxruntime's
// definitions, worked out here.
#include "tests/loaders/onnx/model_builder.h"

#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace engine::onnx::test {
namespace {

constexpr const char* kDomain = "com.microsoft";
constexpr int kUint8 = pb::TensorProto::UINT8, kInt8 = pb::TensorProto::INT8;

struct MicrosoftModel : ModelWriter {
  MicrosoftModel() { import(kDomain, 1); }

  MicrosoftModel& integers(const std::string& name, int type, std::vector<int> shape,
                           const std::vector<int>& values) {
    auto& tensor = *proto.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const int extent : shape) tensor.add_dims(extent);
    for (const int value : values) tensor.add_int32_data(value);
    return *this;
  }
  /// `name`_scale and `name`_zero.
  MicrosoftModel& quantisation(const std::string& name, float scale, int zero, int type = kUint8) {
    graph().floats(name + "_scale", {}, {scale});
    return integers(name + "_zero", type, {}, {zero});
  }
  pb::NodeProto& node(const std::string& type, const Names& inputs) {
    return graph().node(type, inputs, {"y"}, "", kDomain);
  }
  Tensor run(const Tensors& inputs) const { return Session(parse()).run(inputs).at("y"); }
};

std::uint8_t quantized(double value, double scale, int zero) {
  return static_cast<std::uint8_t>(std::clamp(std::nearbyint(value / scale) + zero, 0.0, 255.0));
}

Tensor all_bytes() {
  Tensor x(DType::kUInt8, {4, 64});
  for (int i = 0; i < 256; ++i)
    x.mutable_values<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
  return x;
}

// The result of one node over all 256 bytes, against `f` of the dequantised value.
template <class F>
void check_table(const char* type, const F& f, const char* attribute_name = nullptr,
                 float value = 0) {
  MicrosoftModel model;
  model.graph().input("x", {4, 64}, kUint8).output("y");
  model.quantisation("x", 0.05f, 120).quantisation("y", 0.0123f, 100);
  auto& node = model.node(type, {"x", "x_scale", "x_zero", "y_scale", "y_zero"});
  if (attribute_name) set(node, attribute_name, value);
  const Tensor y = model.run({{"x", all_bytes()}});
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(
        y.values<std::uint8_t>()[static_cast<std::size_t>(i)],
        quantized(f((i - 120) * static_cast<double>(0.05f)), static_cast<double>(0.0123f), 100))
        << type << " of " << i;
}

TEST(Microsoft, QuantizedFunctions) {
  check_table("QLinearSigmoid", [](double x) { return 1 / (1 + std::exp(-x)); });
  check_table(
      "QLinearLeakyRelu", [](double x) { return x < 0 ? 0.25 * x : x; }, "alpha", 0.25f);
}

TEST(Microsoft, QuantizedOperands) {
  for (const char* type : {"QLinearAdd", "QLinearMul"}) {
    MicrosoftModel model;
    model.graph().input("a", {4, 64}, kUint8).output("y");
    model.quantisation("a", 0.05f, 120).quantisation("b", 0.03f, 9).quantisation("y", 0.07f, 100);
    model.integers("b", kUint8, {1}, {77});
    model.node(type, {"a", "a_scale", "a_zero", "b", "b_scale", "b_zero", "y_scale", "y_zero"});
    const Tensor y = model.run({{"a", all_bytes()}});
    for (int i = 0; i < 256; ++i) {
      const double a = (i - 120) * static_cast<double>(0.05f), b = 68 * static_cast<double>(0.03f);
      EXPECT_EQ(y.values<std::uint8_t>()[static_cast<std::size_t>(i)],
                quantized(type[7] == 'A' ? a + b : a * b, static_cast<double>(0.07f), 100))
          << type << " of " << i;
    }
  }
}

TEST(Microsoft, ZeroPointsMayBeAbsent) {
  for (const int type : {kUint8, kInt8}) {
    MicrosoftModel model;
    model.graph().input("x", {2, 3}, type).output("y").floats("s", {1}, {0.5f});
    model.node("QLinearLeakyRelu", {"x", "s", "", "s"});
    const LoadedModel loaded = model.load();
    EXPECT_EQ(loaded.graph.value(loaded.graph.outputs[0]).type.dtype,
              type == kUint8 ? DType::kUInt8 : DType::kInt8);
  }
}

TEST(Microsoft, QGemm) {
  for (const bool quantizes : {false, true}) {
    MicrosoftModel model;
    model.graph().input("a", {2, 3}, kUint8).output("y").floats("w_scale", {2}, {0.5f, 0.25f});
    model.quantisation("a", 0.5f, 2).quantisation("y", 2.0f, 10);
    model.integers("w", kInt8, {2, 3}, {1, -2, 3, 4, 5, -6}).integers("w_zero", kInt8, {2}, {1, 0});
    model.integers("c", pb::TensorProto::INT32, {2}, {100, -7});
    Names inputs = {"a", "a_scale", "a_zero", "w", "w_scale", "w_zero", "c"};
    if (quantizes) inputs.insert(inputs.end(), {"y_scale", "y_zero"});
    auto& node = model.node("QGemm", inputs);
    set(node, "transB", 1);
    set(node, "alpha", 2.0f);
    const Tensor y = model.run({{"a", Tensor::of<std::uint8_t>({2, 3}, {2, 3, 4, 12, 0, 7})}});
    // (a - 2) (w - zero) + c: the rows are {0, 1, 2} and {10, -2, 5}.
    const double sums[] = {0 * 0 + 1 * -3 + 2 * 2 + 100.0, 0 * 4 + 1 * 5 + 2 * -6 - 7.0,
                           10 * 0 + -2 * -3 + 5 * 2 + 100.0, 10 * 4 + -2 * 5 + 5 * -6 - 7.0};
    for (std::size_t i = 0; i < 4; ++i) {
      const double value = sums[i] * (i % 2 == 0 ? 0.5 : 0.25);  // alpha a_scale = 1
      if (quantizes) EXPECT_EQ(y.values<std::uint8_t>()[i], quantized(value, 2, 10));
      else EXPECT_EQ(y.values<float>()[i], static_cast<float>(value));
    }
  }
}

TEST(Microsoft, FusedNodesComeApart) {
  MicrosoftModel model;
  model.graph().input("x", {1, 1, 3, 3}).input("z", {1, 1, 3, 3}).output("y");
  model.graph().floats("w", {1, 1, 1, 1}, {2}).floats("b", {1}, {1});
  auto& conv = model.node("FusedConv", {"x", "w", "b", "z"});
  set(conv, "activation", "Clip");
  auto& limits = attribute(conv, "activation_params", pb::AttributeProto::FLOATS);
  limits.add_floats(-1);
  limits.add_floats(6);
  EXPECT_EQ(operators(model.load().graph), (Names{"Conv", "Add", "Clip"}));
  Tensor x(DType::kFloat32, {1, 1, 3, 3}), z(DType::kFloat32, {1, 1, 3, 3});
  for (std::size_t i = 0; i < 9; ++i) {
    x.mutable_values<float>()[i] = static_cast<float>(i) - 4;
    z.mutable_values<float>()[i] = 0.5f;
  }
  const Tensor y = model.run({{"x", x}, {"z", z}});
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(y.values<float>()[i],
              std::clamp(2 * (static_cast<float>(i) - 4) + 1.5f, -1.0f, 6.0f));

  set(*model.proto.mutable_graph()->mutable_node(0), "channels_last", 1);
  EXPECT_NE(error_of([&] { model.load(); }).find("channels_last is 1"), std::string::npos);
}

TEST(Microsoft, MistakesAreNamed) {
  MicrosoftModel model;
  model.graph().input("x", {2, 3}, kUint8).output("y").floats("s", {2}, {1, 2});
  auto& node = model.node("QLinearSigmoid", {"x"});
  const auto error = [&] { return error_of([&] { model.load(); }); };
  EXPECT_NE(error().find("input 1 (X_scale) is absent"), std::string::npos) << error();
  node.add_input("s");
  EXPECT_NE(error().find("X_scale is [2] (one element needed)"), std::string::npos) << error();
  for (int i = 0; i < 4; ++i) node.add_input("s");
  EXPECT_NE(error().find("6 inputs, at most 5 needed"), std::string::npos) << error();
  node.set_op_type("QAttention");
  EXPECT_NE(error().find("quantize with QuantFormat.QDQ"), std::string::npos) << error();
}

}  // namespace
}  // namespace engine::onnx::test
