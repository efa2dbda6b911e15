// Names, order, declarations: what a graph's parts must agree on.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace engine::onnx::test {
namespace {

ModelWriter chain(int length) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("v0").output("v" + std::to_string(length));
  for (int i = 0; i < length; ++i)
    graph.node("Identity", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
  return model;
}

TEST(Structure, SortedNodesKeepTheirOrder) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x").output("a").output("b").output("c");
  graph.node("Neg", {"x"}, {"a"});
  graph.node("Relu", {"x"}, {"b"});
  graph.node("Identity", {"a"}, {"c"});
  EXPECT_EQ(operators(model.load().graph), (Names{"Neg", "Relu", "Identity"}));
}

// Reversed, the order has to be found; recursion over nodes would overflow the stack.
TEST(Structure, LongChainsInAnyOrder) {
  ModelWriter model = chain(200'000);
  auto& nodes = *model.proto.mutable_graph()->mutable_node();
  std::reverse(nodes.pointer_begin(), nodes.pointer_end());
  EXPECT_EQ(model.load().graph.nodes.size(), 200'000u);
}

TEST(Structure, LongCyclesArePrintedInPart) {
  ModelWriter model = chain(50);
  model.proto.mutable_graph()->mutable_node(0)->set_input(0, "v50");
  const std::string message = error_of([&] { model.load(); });
  EXPECT_NE(message.find("cycle of 50 nodes"), std::string::npos) << message;
  EXPECT_LT(message.size(), 1000u);
}

TEST(Structure, DefaultsAndConstants) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x").input("w").floats("w", {2}, {1, 2}).output("y");
  graph.node("Add", {"x", "w"}, {"y"});
  const LoadedModel since_ir4 = model.load();
  EXPECT_EQ(since_ir4.graph.inputs.size(), 2u);
  EXPECT_TRUE(since_ir4.inputs[1].optional);
  EXPECT_EQ(since_ir4.defaults.at("w").values<float>()[1], 2.0f);

  model.proto.set_ir_version(3);
  const LoadedModel before = model.load();
  EXPECT_EQ(before.graph.inputs.size(), 1u);
  EXPECT_TRUE(before.defaults.empty());
}

TEST(Structure, DefaultMustFitItsInput) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x").floats("x", {3}, {1, 2, 3}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_NE(error_of([&] { model.load(); }).find("is declared float32 [2]"), std::string::npos);
}

TEST(Structure, DeclarationsOfInputsAndOutputs) {
  ModelWriter model;
  model.graph().input("x", {"N", 4}).output("y").node("Relu", {"x"}, {"y"});
  const LoadedModel loaded = model.load();
  EXPECT_EQ(loaded.inputs[0].shape[0].name, "N");
  EXPECT_TRUE(loaded.inputs[0].shape[0].free());
  EXPECT_EQ(loaded.outputs[0].shape[1].size, 4);
}

TEST(Structure, ComputedShapesAreTrustedWithAWarning) {
  ModelWriter model;
  model.graph().input("x", {"N", 4}).node("Relu", {"x"}, {"y"});
  declare(*model.proto.mutable_graph()->add_output(), "y", pb::TensorProto::FLOAT, {"N", 6});
  const LoadedModel loaded = model.load();
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_NE(loaded.warnings[0].find("declared float32 [N, 6]"), std::string::npos);
  EXPECT_EQ(loaded.outputs[0].shape[1].size, 4);
}

TEST(Structure, WrongElementTypesAreRefused) {
  ModelWriter model;
  model.graph().input("x", {2}).node("Relu", {"x"}, {"y"});
  declare(*model.proto.mutable_graph()->add_output(), "y", pb::TensorProto::INT64, {2});
  EXPECT_NE(error_of([&] { model.load(); }).find("is declared int64"), std::string::npos);
}

TEST(Structure, OnlyTensorsAreInputs) {
  ModelWriter model;
  model.graph().output("y").node("Relu", {"s"}, {"y"});
  auto& info = *model.proto.mutable_graph()->add_input();
  info.set_name("s");
  info.mutable_type()->mutable_sequence_type();
  EXPECT_NE(error_of([&] { model.load(); }).find("graph input 's' is a sequence"),
            std::string::npos);
}

TEST(Structure, OutputsThatAreInputsOrConstants) {
  ModelWriter model;
  model.graph().input("x").floats("w", {1}, {7}).output("x").output("w");
  const LoadedModel loaded = model.load();
  EXPECT_EQ(loaded.graph.outputs[0], loaded.graph.inputs[0]);
  EXPECT_TRUE(loaded.graph.value(loaded.graph.outputs[1]).is_constant());
}

TEST(Structure, LongNamesAreRefused) {
  ModelWriter model;
  model.graph().input("x").output("y").node("Relu", {"x"}, {"y"}, std::string(1 << 20, 'n'));
  const std::string message = error_of([&] { model.load(); });
  EXPECT_NE(message.find("has 1048576 bytes"), std::string::npos);
  EXPECT_LT(message.size(), 500u);
}

TEST(Structure, SpellingsOfTheDefaultDomain) {
  ModelWriter model;
  model.proto.mutable_opset_import(0)->set_domain("ai.onnx");
  model.graph().input("x").output("y").node("Relu", {"x"}, {"y"}, "", "ai.onnx");
  EXPECT_EQ(operators(model.load().graph), Names{"Relu"});
}

TEST(Structure, AttributesOfUnknownKindAreRefused) {
  ModelWriter model;
  auto& node = model.graph().input("x").output("y").node("Relu", {"x"}, {"y"}, "relu");
  node.add_attribute()->set_name("strange");
  EXPECT_NE(error_of([&] { model.load(); }).find("attribute 'strange' is of an unknown kind"),
            std::string::npos);
}

TEST(Structure, ModelFacts) {
  ModelWriter model;
  model.graph().input("x").output("y").node("Relu", {"x"}, {"y"});
  model.proto.set_producer_name("tests");
  model.proto.set_producer_version("1.0");
  auto& entry = *model.proto.add_metadata_props();
  entry.set_key("author");
  entry.set_value("someone");
  const LoadedModel loaded = model.load();
  EXPECT_EQ(loaded.producer, "tests 1.0");
  EXPECT_EQ(loaded.metadata.at("author"), "someone");
  EXPECT_EQ(loaded.opsets.at(""), 17);
  EXPECT_EQ(loaded.ir_version, 8);
}

}  // namespace
}  // namespace engine::onnx::test
