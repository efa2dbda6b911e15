// If, Loop and Scan: bodies become graphs, captures become inputs.
#include "tests/loaders/onnx/model_builder.h"

#include "graph/control_flow.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

const graph::Graph& body_of(const graph::Graph& graph, std::size_t node, std::size_t body) {
  return *dynamic_cast<const graph::ControlFlow&>(*graph.nodes[node].op).bodies()[body];
}

Names names(const graph::Graph& graph, const std::vector<graph::ValueId>& ids) {
  Names list;
  for (const graph::ValueId id : ids)
    list.push_back(id == graph::kNoValue ? "" : graph.value(id).name);
  return list;
}

// y = If(go) { relu(a) } else { neg(b) }, with a and b from outside.
ModelWriter if_model() {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {"N"}).input("go", {}, pb::TensorProto::BOOL).output("y");
  graph.node("Relu", {"x"}, {"a"});
  graph.node("Neg", {"x"}, {"b"});
  auto& choice = graph.node("If", {"go"}, {"y"}, "choice");
  body(choice, "then_branch").output("t").node("Relu", {"a"}, {"t"});
  body(choice, "else_branch").output("e").node("Neg", {"b"}, {"e"});
  return model;
}

TEST(Bodies, CapturesAreInputsOfNodeAndBody) {
  const LoadedModel model = if_model().load();
  ASSERT_EQ(operators(model.graph), (Names{"Relu", "Neg", "If"}));
  EXPECT_EQ(names(model.graph, model.graph.nodes[2].inputs), (Names{"go", "a", "b"}));
  const graph::Graph& yes = body_of(model.graph, 2, 0);
  EXPECT_EQ(names(yes, yes.inputs), Names{"a"});
  EXPECT_EQ(to_string(yes.value(yes.inputs[0]).type), "float32 [N]");
}

TEST(Bodies, NodeComesAfterWhatItsBodiesCapture) {
  ModelWriter model = if_model();
  auto& nodes = *model.proto.mutable_graph()->mutable_node();
  nodes.SwapElements(0, 2);
  EXPECT_EQ(operators(model.load().graph).back(), "If");
}

TEST(Bodies, CapturesPassThroughNestedBodies) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x").input("go", {}, pb::TensorProto::BOOL).output("y");
  auto& outer = graph.node("If", {"go"}, {"y"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    GraphWriter middle = body(outer, branch);
    middle.output("m");
    auto& inner = middle.node("If", {"go"}, {"m"});
    body(inner, "then_branch").output("t").node("Relu", {"x"}, {"t"});
    body(inner, "else_branch").output("e").node("Neg", {"x"}, {"e"});
  }
  const LoadedModel loaded = model.load();
  EXPECT_EQ(names(loaded.graph, loaded.graph.nodes[0].inputs), (Names{"go", "go", "x", "go", "x"}));
  const graph::Graph& middle = body_of(loaded.graph, 0, 0);
  EXPECT_EQ(names(middle, middle.nodes[0].inputs), (Names{"go", "x", "x"}));
}

TEST(Bodies, CapturedConstantsAreShared) {
  ModelWriter model = if_model();
  model.graph().floats("w", {1}, {3});
  auto& branch = *model.proto.mutable_graph()->mutable_node(2)->mutable_attribute(0)->mutable_g();
  branch.mutable_node(0)->set_op_type("Add");
  branch.mutable_node(0)->add_input("w");
  const LoadedModel loaded = model.load();
  const graph::Graph& yes = body_of(loaded.graph, 2, 0);
  EXPECT_EQ(yes.inputs.size(), 1u);
  EXPECT_TRUE(yes.value(yes.nodes[0].inputs[1]).is_constant());
}

TEST(Bodies, LocalNamesHideOuterOnes) {
  ModelWriter model = if_model();
  auto& branch = *model.proto.mutable_graph()->mutable_node(2)->mutable_attribute(0)->mutable_g();
  GraphWriter(branch).node("Neg", {"x"}, {"a"});
  const LoadedModel loaded = model.load();
  EXPECT_EQ(operators(body_of(loaded.graph, 2, 0)), (Names{"Neg", "Relu"}));
}

TEST(Bodies, BranchesMustAgree) {
  ModelWriter model = if_model();
  auto& branch = *model.proto.mutable_graph()->mutable_node(2)->mutable_attribute(0)->mutable_g();
  GraphWriter(branch).output("a");
  EXPECT_NE(error_of([&] { model.load(); }).find("then_branch has 2 outputs, else_branch 1"),
            std::string::npos);
}

// The branch `name` of if_model applies an operator to what a matrix alone has.
void break_branch(ModelWriter& model, const std::string& name) {
  for (auto& attribute : *model.proto.mutable_graph()->mutable_node(2)->mutable_attribute()) {
    if (attribute.name() != name) continue;
    attribute.mutable_g()->mutable_node(0)->set_op_type("Det");
  }
}

TEST(Bodies, BranchThatDoesNotFitIsRefusedWhenTaken) {
  ModelWriter model = if_model();
  break_branch(model, "then_branch");
  const LoadedModel loaded = model.load();
  const graph::Graph& yes = body_of(loaded.graph, 2, 0);
  ASSERT_EQ(operators(yes), Names{"Refusal"});
  const auto& refusal = dynamic_cast<const graph::ControlFlow&>(*yes.nodes[0].op);
  const std::string message = error_of([&] { refusal.run({}, {}); });
  EXPECT_NE(message.find("(Det)"), std::string::npos) << message;

  break_branch(model, "else_branch");
  EXPECT_NE(error_of([&] { model.load(); }).find("(Det)"), std::string::npos);
}

// (count, sum) -> sum + x, and the sum of each trip.
ModelWriter loop_model() {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {"N", 3}).input("trips", {}, pb::TensorProto::INT64).output("y").output("all");
  auto& loop = graph.node("Loop", {"trips", "", "x"}, {"y", "all"}, "loop");
  GraphWriter step = body(loop, "body");
  step.input("i", {}, pb::TensorProto::INT64).input("c", {}, pb::TensorProto::BOOL);
  step.input("sum", {"N", 3}).output("c_out").output("next").output("copy");
  step.node("Identity", {"c"}, {"c_out"});
  step.node("Add", {"sum", "x"}, {"next"});
  step.node("Identity", {"next"}, {"copy"});
  return model;
}

TEST(Bodies, LoopCapturesBehindCarriedValues) {
  const LoadedModel model = loop_model().load();
  EXPECT_EQ(names(model.graph, model.graph.nodes[0].inputs), (Names{"trips", "", "x", "x"}));
  const graph::Graph& step = body_of(model.graph, 0, 0);
  EXPECT_EQ(names(step, step.inputs), (Names{"i", "c", "sum", "x"}));
}

TEST(Bodies, LoopChecksItsBody) {
  ModelWriter model = loop_model();
  model.proto.mutable_graph()->mutable_node(0)->add_input("x");
  EXPECT_NE(error_of([&] { model.load(); }).find("the body has 3 inputs, 4 needed"),
            std::string::npos);
}

TEST(Bodies, DepthIsLimited) {
  EXPECT_EQ(error_of([] { if_model().load({.max_depth = 1}); }), "");
  EXPECT_NE(error_of([] { if_model().load({.max_depth = 0}); }).find("nested deeper than 0"),
            std::string::npos);
}

TEST(Bodies, UnknownOperatorsInsideAreListed) {
  ModelWriter model = if_model();
  model.graph().node("Outer", {"x"}, {"unused"});
  auto& branch = *model.proto.mutable_graph()->mutable_node(2)->mutable_attribute(0)->mutable_g();
  GraphWriter(branch).node("Inner", {"x"}, {"unused_too"});
  try {
    model.load();
    ADD_FAILURE() << "the model was accepted";
  } catch (const UnsupportedOperators& error) {
    EXPECT_EQ(error.operators(), (Names{"Inner", "Outer"}));
    EXPECT_NE(std::string(error.what()).find("Outer in node"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace engine::onnx::test
