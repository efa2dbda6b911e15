// Small models that only a careful reading of the operators' definitions gets right. Each runs on
// every device; the expected values are worked out by hand.
#include "tests/loaders/onnx/model_builder.h"

#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

namespace engine::test {
namespace {

using onnx::test::attribute;
using onnx::test::body;
using onnx::test::error_of;
using onnx::test::GraphWriter;
using onnx::test::ModelWriter;
using onnx::test::set;
namespace pb = onnx::pb;

Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::of<float>(std::move(shape), values);
}

void expect_output(const ModelWriter& writer, const Tensors& inputs, const Tensor& wanted) {
  const Model model = writer.parse();
  for (const std::string& device : devices_to_try()) {
    const Tensors outputs = Session(model, {.device = device}).run(inputs);
    const Tensor& got = outputs.at("y");
    EXPECT_EQ(got.shape(), wanted.shape()) << device;
    EXPECT_EQ(compare_values(got, wanted, 1e-6, 1e-6), "") << device;
  }
}

// Two nested Loops, each of which carries a matrix; the inner one also reads the outer one's.
TEST(Semantics, ExtentsOfNestedLoopsAreNotConfused) {
  constexpr int kRows = 400;
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1, 2}).input("z", {kRows, 2}).output("y");
  graph.floats("w", {2, 2}, {1, 0, 0, 1});
  auto& trips = *model.proto.mutable_graph()->add_initializer();
  trips.set_name("one");
  trips.set_data_type(pb::TensorProto::INT64);
  trips.add_int64_data(1);
  auto& outer = graph.node("Loop", {"one", "", "x", "z"}, {"x_last", "y"});
  GraphWriter outside = body(outer, "body");
  outside.input("i", {}, pb::TensorProto::INT64).input("c", {}, pb::TensorProto::BOOL);
  outside.input("ox", {1, 2}).input("oz", {kRows, 2});
  outside.output("oc").output("ox2").output("oz2");
  outside.node("Identity", {"c"}, {"oc"});
  outside.node("Identity", {"ox"}, {"ox2"});
  auto& inner = outside.node("Loop", {"one", "", "oz"}, {"oz2"});
  GraphWriter inside = body(inner, "body");
  inside.input("j", {}, pb::TensorProto::INT64).input("d", {}, pb::TensorProto::BOOL);
  inside.input("iz", {kRows, 2}).output("id").output("iz2");
  inside.node("Identity", {"d"}, {"id"});
  inside.node("MatMul", {"iz", "w"}, {"a"});
  inside.node("MatMul", {"ox", "w"}, {"b"});
  inside.node("Add", {"a", "b"}, {"iz2"});

  Tensor wanted(DType::kFloat32, {kRows, 2});
  for (std::size_t i = 0; i < kRows; ++i) {
    wanted.mutable_values<float>()[2 * i] = 3;
    wanted.mutable_values<float>()[2 * i + 1] = 5;
  }
  expect_output(model, {{"x", floats({1, 2}, {3, 5})}, {"z", Tensor(DType::kFloat32, {kRows, 2})}},
                wanted);
}

TEST(Semantics, DefaultMayBeBroadcast) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {"N", 2}).input("r", {"N", 2}).output("y");
  graph.floats("w", {2, 2}, {1, 0, 0, 1}).floats("r", {1, 2}, {10, 20});
  graph.node("MatMul", {"x", "w"}, {"p"});
  graph.node("Add", {"p", "r"}, {"y"});
  expect_output(model, {{"x", floats({3, 2}, {1, 2, 3, 4, 5, 6})}},
                floats({3, 2}, {11, 22, 13, 24, 15, 26}));
}

TEST(Semantics, SlopeOfPReluIsBroadcastToX) {
  ModelWriter model;
  model.graph().input("x", {2, 3}).input("s", {1, 2, 3}).output("y");
  model.graph().node("PRelu", {"x", "s"}, {"y"});
  EXPECT_NE(error_of([&] { model.parse(); }).find("must be broadcastable to X"), std::string::npos);
}

TEST(Semantics, VariadicOperandsAreAllThere) {
  for (const char* op : {"Sum", "Max", "Min", "Mean", "Concat"}) {
    ModelWriter model;
    model.graph().input("x", {2}).output("y");
    set(model.graph().node(op, {"x", "", "x"}, {"y"}), "axis", Index{0});
    EXPECT_NE(error_of([&] { model.parse(); }).find("input 1 is absent"), std::string::npos) << op;
  }
}

TEST(Semantics, BiasOfUnknownRank) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1, 1, 2}).input("b").output("y").floats("w", {1, 1, 1}, {2});
  model.proto.mutable_graph()
      ->mutable_input(1)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  graph.node("Conv", {"x", "w", "b"}, {"y"});
  expect_output(model, {{"x", floats({1, 1, 2}, {3, 4})}, {"b", floats({1}, {1})}},
                floats({1, 1, 2}, {7, 9}));
}

// BatchNormalization with scale 2, bias 1, mean 0 and variance 1 behind a node that makes `c`.
void add_normalization(GraphWriter graph) {
  graph.floats("scale", {1}, {2}).floats("shift", {1}, {1});
  graph.floats("mean", {1}, {0}).floats("variance", {1}, {1});
  auto& node = graph.node("BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"y"});
  set(node, "epsilon", 0.0f);
}

TEST(Semantics, FoldedWeightsMayBeAnOutput) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1, 1, 2}).output("y").output("w").floats("w", {1, 1, 1}, {3});
  graph.node("Conv", {"x", "w"}, {"c"});
  add_normalization(graph);
  expect_output(model, {{"x", floats({1, 1, 2}, {1, 2})}}, floats({1, 1, 2}, {7, 13}));
}

TEST(Semantics, NormalizationBehindAnActivation) {
  for (const char* op : {"Relu", "Sigmoid", "GlobalMaxPool"}) {
    ModelWriter model;
    model.graph().input("x", {1, 1, 1}).output("y").node(op, {"x"}, {"c"});
    add_normalization(model.graph());
    const float made = op == std::string("Sigmoid") ? 0.5f : 0.0f;
    expect_output(model, {{"x", floats({1, 1, 1}, {0})}}, floats({1, 1, 1}, {2 * made + 1}));
  }
}

TEST(Semantics, BetaOfGemmIsNotThatOfAFoldedBias) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1, 1}).output("y").floats("w", {1, 1}, {3});
  set(graph.node("Gemm", {"x", "w"}, {"c"}), "beta", 0.5f);
  add_normalization(graph);
  expect_output(model, {{"x", floats({1, 1}, {2})}}, floats({1, 1}, {13}));
}

TEST(Semantics, OldHardmaxFlattens) {
  ModelWriter model(11);
  model.graph().input("x", {1, 2, 3}).output("y");
  set(model.graph().node("Hardmax", {"x"}, {"y"}), "axis", Index{1});
  expect_output(model, {{"x", floats({1, 2, 3}, {1, 2, 3, 4, 5, 6})}},
                floats({1, 2, 3}, {0, 0, 0, 0, 0, 1}));
}

TEST(Semantics, OldClipCutsInfinity) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kLargest = std::numeric_limits<float>::max();
  ModelWriter model(6);
  model.graph().input("x", {3}).output("y").node("Clip", {"x"}, {"y"});
  expect_output(model, {{"x", floats({3}, {kInfinity, -kInfinity, 1})}},
                floats({3}, {kLargest, -kLargest, 1}));
}

TEST(Semantics, OldResizeTakesTheUpperNeighbourWhenItShrinks) {
  ModelWriter model(10);
  model.graph().input("x", {4}).input("s", {1}).output("y");
  model.graph().node("Resize", {"x", "s"}, {"y"});
  const Tensor x = floats({4}, {0, 1, 2, 3});
  expect_output(model, {{"x", x}, {"s", floats({1}, {0.6f})}}, floats({2}, {0, 2}));
  expect_output(model, {{"x", x}, {"s", floats({1}, {1.5f})}}, floats({6}, {0, 0, 1, 2, 2, 3}));
}

TEST(Semantics, CropNeedsARegion) {
  ModelWriter model;
  model.graph().input("x", {4}).output("y").floats("s", {1}, {2});
  auto& node = model.graph().node("Resize", {"x", "", "s"}, {"y"});
  set(node, "coordinate_transformation_mode", "tf_crop_and_resize");
  EXPECT_NE(error_of([&] { model.parse(); }).find("roi is absent"), std::string::npos);
}

TEST(Semantics, CubicSamplesFarOutsideTakeTheNearestBorder) {
  ModelWriter model(20);
  model.graph().input("x", {1, 1, 2, 2}).input("g", {1, 1, 2, 2}).output("y");
  auto& node = model.graph().node("GridSample", {"x", "g"}, {"y"});
  set(node, "mode", "cubic");
  set(node, "padding_mode", "border");
  expect_output(
      model,
      {{"x", floats({1, 1, 2, 2}, {1, 2, 3, 4})}, {"g", floats({1, 1, 2, 2}, {30, 30, -30, -30})}},
      floats({1, 1, 1, 2}, {4, 1}));
}

TEST(Semantics, ConstantsOfHigherRankKeepTheirAxes) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1, 2}).output("y").floats("c", {1, 1, 1}, {10});
  graph.node("Transpose", {"x"}, {"t"});
  graph.node("Add", {"t", "c"}, {"y"});
  expect_output(model, {{"x", floats({1, 2}, {1, 2})}}, floats({1, 2, 1}, {11, 12}));
}

TEST(Semantics, MeanIsOfFloats) {
  ModelWriter model;
  model.graph().input("x", {2}, pb::TensorProto::INT32).output("y");
  model.graph().node("Mean", {"x", "x"}, {"y"});
  EXPECT_NE(error_of([&] { model.parse(); }).find("a float type needed"), std::string::npos);
}

// Whoever wants no values still lets the operator make them.
TEST(Semantics, OutputsThatNobodyReads) {
  ModelWriter quantize;
  quantize.graph().input("x", {2}).output("y");
  quantize.graph().node("DynamicQuantizeLinear", {"x"}, {"", "y"});
  expect_output(quantize, {{"x", floats({2}, {0, 255})}}, floats({}, {1}));
  ModelWriter normalize;
  normalize.graph().input("x", {2}).output("y").floats("s", {2}, {1, 1});
  normalize.graph().node("LayerNormalization", {"x", "s"}, {"", "y"});
  expect_output(normalize, {{"x", floats({2}, {1, 3})}}, floats({1}, {2}));
}

TEST(Semantics, ReshapeToAScalarLosesNothing) {
  ModelWriter model;
  model.graph().input("x", {"N"}).input("s", {"R"}, pb::TensorProto::INT64).output("y");
  model.graph().node("Reshape", {"x", "s"}, {"y"});
  const Session session(model.parse());
  const Tensor shape(DType::kInt64, {0});
  EXPECT_EQ(session.run({{"x", floats({1}, {4})}, {"s", shape}}).at("y").shape(), Shape{});
  EXPECT_NE(error_of([&] {
              session.run({{"x", floats({2}, {4, 5})}, {"s", shape}});
            }).find("cannot reshape [2] to []"),
            std::string::npos);
}

TEST(Semantics, FlagsAreZeroOrOne) {
  ModelWriter model;
  model.graph().input("x", {2}).output("y");
  set(model.graph().node("ReduceSum", {"x"}, {"y"}), "keepdims", Index{-1});
  EXPECT_NE(error_of([&] { model.parse(); }).find("keepdims is -1 (0 or 1 needed)"),
            std::string::npos);
}

void set_list(pb::NodeProto& node, const char* name, std::vector<Index> values) {
  auto& list = attribute(node, name, pb::AttributeProto::INTS);
  for (const Index value : values) list.add_ints(value);
}
void set_list(pb::NodeProto& node, const char* name, std::vector<float> values) {
  auto& list = attribute(node, name, pb::AttributeProto::FLOATS);
  for (const float value : values) list.add_floats(value);
}

// x == 1 or x == 2, written as two comparisons with one goal; the goal votes twice for the target.
ModelWriter tree(Index second_false) {
  ModelWriter model;
  model.import("ai.onnx.ml", 3);
  model.graph().input("x", {"N", 1}).output("y");
  auto& node = model.graph().node("TreeEnsembleRegressor", {"x"}, {"y"}, "", "ai.onnx.ml");
  set(node, "n_targets", Index{1});
  set_list(node, "nodes_treeids", std::vector<Index>{0, 0, 0, 0});
  set_list(node, "nodes_nodeids", std::vector<Index>{0, 1, 2, 3});
  set_list(node, "nodes_featureids", std::vector<Index>{0, 0, 0, 0});
  set_list(node, "nodes_values", std::vector<float>{1, 2, 0, 0});
  set_list(node, "nodes_truenodeids", std::vector<Index>{2, 2, 0, 0});
  set_list(node, "nodes_falsenodeids", std::vector<Index>{1, second_false, 0, 0});
  auto& modes = attribute(node, "nodes_modes", pb::AttributeProto::STRINGS);
  for (const char* mode : {"BRANCH_EQ", "BRANCH_EQ", "LEAF", "LEAF"}) modes.add_strings(mode);
  set_list(node, "target_treeids", std::vector<Index>{0, 0, 0});
  set_list(node, "target_nodeids", std::vector<Index>{2, 2, 3});
  set_list(node, "target_ids", std::vector<Index>{0, 0, 0});
  set_list(node, "target_weights", std::vector<float>{5, 5, 7});
  return model;
}

TEST(Semantics, BranchesOfATreeMayShareALeafButMakeNoCycle) {
  expect_output(tree(3), {{"x", floats({3, 1}, {1, 2, 3})}}, floats({3, 1}, {5, 5, 7}));
  EXPECT_NE(error_of([] { tree(1).parse(); }).find("its own descendant in tree 0"),
            std::string::npos);
}

// No element, however many rows without any.
TEST(Semantics, NothingTakesNoTime) {
  constexpr Index kMany = Index{1} << 40;
  for (const char* op : {"Softmax", "LogSoftmax", "Relu", "Hardmax"}) {
    ModelWriter model;
    model.graph().input("x", {"N", "M"}).output("y").node(op, {"x"}, {"y"});
    expect_output(model, {{"x", Tensor(DType::kFloat32, {kMany, 0})}},
                  Tensor(DType::kFloat32, {kMany, 0}));
  }
  ModelWriter model;
  model.graph().input("x", {"N", 0, 3}).input("w", {3, 4}).output("y");
  model.graph().node("MatMul", {"x", "w"}, {"y"});
  expect_output(
      model,
      {{"x", Tensor(DType::kFloat32, {kMany, 0, 3})}, {"w", Tensor(DType::kFloat32, {3, 4})}},
      Tensor(DType::kFloat32, {kMany, 0, 4}));
}

}  // namespace
}  // namespace engine::test
