// Model-local functions are inlined.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

// y = local.f(x), where f(a) = relu(neg(a)).
ModelWriter call_model() {
  ModelWriter model;
  model.import("local", 1);
  auto& function = model.function("f", {"a"}, {"b"});
  GraphWriter::fill(*function.add_node(), "Neg", {"a"}, {"t"}, "negate");
  GraphWriter::fill(*function.add_node(), "Relu", {"t"}, {"b"}, "cut");
  model.graph().input("x").output("y").node("f", {"x"}, {"y"}, "call", "local");
  return model;
}

TEST(Functions, CallBecomesItsNodes) {
  const LoadedModel model = call_model().load();
  EXPECT_EQ(operators(model.graph), (Names{"Neg", "Relu"}));
  EXPECT_EQ(model.graph.nodes[0].name, "call/negate");
  EXPECT_EQ(model.graph.value(model.graph.outputs[0]).name, "y");
}

TEST(Functions, EachCallHasItsOwnNames) {
  ModelWriter model = call_model();
  model.graph().output("z").node("f", {"y"}, {"z"}, "again", "local");
  EXPECT_EQ(model.load().graph.nodes.size(), 4u);
}

TEST(Functions, FunctionsSeeNothingAround) {
  ModelWriter model = call_model();
  model.proto.mutable_functions(0)->mutable_node(1)->set_input(0, "x");
  EXPECT_NE(error_of([&] { model.load(); }).find("input 'x' is no input"), std::string::npos);
}

TEST(Functions, OutputThatIsAnInputGetsItsName) {
  ModelWriter model = call_model();
  model.proto.mutable_functions(0)->set_output(0, "a");
  const LoadedModel loaded = model.load();
  EXPECT_EQ(loaded.graph.value(loaded.graph.outputs[0]).name, "y");
  EXPECT_EQ(operators(loaded.graph).back(), "Identity");
}

TEST(Functions, AttributesAreHandedOn) {
  ModelWriter model = call_model();
  auto& function = *model.proto.mutable_functions(0);
  function.add_attribute("value");
  GraphWriter::fill(*function.mutable_node(0), "Constant", {}, {});
  function.mutable_node(0)->clear_input();
  auto& reference = attribute(*function.mutable_node(0), "value_float", pb::AttributeProto::FLOAT);
  reference.set_ref_attr_name("value");
  auto& node = *model.proto.mutable_graph()->mutable_node(0);
  attribute(node, "value", pb::AttributeProto::FLOAT).set_f(2.5f);
  const LoadedModel loaded = model.load();
  ASSERT_EQ(operators(loaded.graph), Names{"Relu"});
  const graph::Value& value = loaded.graph.value(loaded.graph.nodes[0].inputs[0]);
  EXPECT_EQ(value.constant.values<float>()[0], 2.5f);
}

TEST(Functions, AttributesHaveDefaults) {
  ModelWriter model = call_model();
  auto& function = *model.proto.mutable_functions(0);
  auto& given = *function.add_attribute_proto();
  given.set_name("value");
  given.set_type(pb::AttributeProto::FLOAT);
  given.set_f(1.5f);
  function.mutable_node(0)->clear_input();
  function.mutable_node(0)->set_op_type("Constant");
  attribute(*function.mutable_node(0), "value_float", pb::AttributeProto::FLOAT)
      .set_ref_attr_name("value");
  const LoadedModel loaded = model.load();
  const graph::Value& value = loaded.graph.value(loaded.graph.nodes[0].inputs[0]);
  EXPECT_EQ(value.constant.values<float>()[0], 1.5f);
}

TEST(Functions, BodiesInsideCaptureFromTheFunction) {
  ModelWriter model = call_model();
  model.graph().input("go", {}, pb::TensorProto::BOOL);
  auto& function = *model.proto.mutable_functions(0);
  function.add_input("go");
  model.proto.mutable_graph()->mutable_node(0)->add_input("go");
  auto& node = *function.mutable_node(1);
  node.set_op_type("If");
  node.set_input(0, "go");
  body(node, "then_branch").output("p").node("Relu", {"t"}, {"p"});
  body(node, "else_branch").output("q").node("Neg", {"a"}, {"q"});
  EXPECT_EQ(operators(model.load().graph), (Names{"Neg", "If"}));
}

TEST(Functions, RecursionIsRefused) {
  ModelWriter model = call_model();
  auto& other = model.function("g", {"a"}, {"b"});
  GraphWriter::fill(*other.add_node(), "f", {"a"}, {"b"}, "", "local");
  auto& node = *model.proto.mutable_functions(0)->mutable_node(0);
  node.set_op_type("g");
  node.set_domain("local");
  const std::string message = error_of([&] { model.load(); });
  EXPECT_NE(message.find("'f' -> 'g' -> 'f'"), std::string::npos) << message;
}

// Each function calls the one before it twice: 2^40 nodes if nobody counts.
TEST(Functions, GrowthIsLimited) {
  ModelWriter model = call_model();
  for (int i = 0; i < 40; ++i) {
    auto& function = model.function("f" + std::to_string(i), {"a"}, {"b"});
    const std::string inner = i == 0 ? "f" : "f" + std::to_string(i - 1);
    GraphWriter::fill(*function.add_node(), inner, {"a"}, {"t"}, "", "local");
    GraphWriter::fill(*function.add_node(), inner, {"t"}, {"b"}, "", "local");
  }
  model.proto.mutable_graph()->mutable_node(0)->set_op_type("f39");
  EXPECT_NE(error_of([&] { model.load(); }).find("nested deeper"), std::string::npos);
  EXPECT_NE(error_of([&] { model.load({.max_depth = 64}); }).find("expand to more than"),
            std::string::npos);
}

TEST(Functions, UnknownOperatorsInsideAreListed) {
  ModelWriter model = call_model();
  model.proto.mutable_functions(0)->mutable_node(0)->set_op_type("Inner");
  EXPECT_NE(error_of([&] { model.load(); }).find("Inner in node 'negate'"), std::string::npos);
}

TEST(Functions, TwoOfOneNameAreRefused) {
  ModelWriter model = call_model();
  model.function("f", {"a"}, {"a"});
  EXPECT_NE(error_of([&] { model.load(); }).find("defined twice"), std::string::npos);
}

}  // namespace
}  // namespace engine::onnx::test
