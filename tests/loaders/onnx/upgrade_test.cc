// Old forms in, newest forms out. The context only records: no operator is needed.
#include "loaders/onnx/upgrade.h"

#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

using graph::kNoValue;
using graph::ValueId;

class Recorder final : public UpgradeContext {
 public:
  ValueId add(TensorType type) { return graph_.add_value("v", std::move(type)); }
  const TensorType& type(ValueId id) const override { return graph_.value(id).type; }
  const Tensor* constant(ValueId id) const override {
    return graph_.value(id).is_constant() ? &graph_.value(id).constant : nullptr;
  }
  ValueId add_constant(Tensor tensor) override {
    return graph_.add_constant("c", std::move(tensor));
  }
  void warn(const std::string&) override {}
  std::vector<ValueId> add_node(std::string type, ops::Attributes, std::vector<ValueId>,
                                std::size_t outputs) override {
    added.push_back(std::move(type));
    std::vector<ValueId> ids;
    for (std::size_t i = 0; i < outputs; ++i)
      ids.push_back(add(TensorType::unranked(DType::kFloat32)));
    return ids;
  }
  std::vector<Index> integers(ValueId id) const {
    const auto values = constant(id)->values<std::int64_t>();
    return {values.begin(), values.end()};
  }

  Names added;

 private:
  graph::Graph graph_;
};

struct Upgrade : testing::Test {
  Recorder context;
  ValueId x = context.add({DType::kFloat32, Shape{2, 6, 4, 4}});
  ValueId b = context.add({DType::kFloat32, Shape{6}});

  Draft draft(const std::string& type, std::vector<ValueId> inputs, std::size_t outputs = 1) {
    Draft draft;
    draft.type = type;
    draft.inputs = std::move(inputs);
    draft.outputs = outputs;
    draft.wanted.assign(outputs, true);
    return draft;
  }
};

TEST_F(Upgrade, RulesAreForKnownOpsets) {
  for (const UpgradeRule& rule : upgrade_rules()) {
    EXPECT_GE(rule.version, 2) << rule.type;
    EXPECT_LE(rule.version, newest_opset()) << rule.type;
  }
}

TEST_F(Upgrade, NewestFormIsLeftAlone) {
  Draft node = draft("Squeeze", {x, b});
  upgrade(node, newest_opset(), context);
  EXPECT_EQ(node.inputs, (std::vector<ValueId>{x, b}));
  EXPECT_TRUE(node.attributes.all().empty());
}

TEST_F(Upgrade, OtherDomainsAreLeftAlone) {
  Draft node = draft("Softmax", {x});
  node.domain = "com.microsoft";
  upgrade(node, 1, context);
  EXPECT_FALSE(node.attributes.has("engine_flatten"));
}

TEST_F(Upgrade, AxesBecomeAnInput) {
  for (const char* type : {"Squeeze", "Unsqueeze", "ReduceSum", "ReduceMean", "ReduceL2"}) {
    Draft node = draft(type, {x});
    node.attributes.set("axes", std::vector<Index>{1, -1});
    upgrade(node, 11, context);
    ASSERT_EQ(node.inputs.size(), 2u) << type;
    EXPECT_EQ(context.integers(node.inputs[1]), (std::vector<Index>{1, -1}));
    EXPECT_FALSE(node.attributes.has("axes"));
  }
}

TEST_F(Upgrade, ReductionsButTheSumKeepAxesUntilOpset18) {
  Draft node = draft("ReduceMean", {x});
  node.attributes.set("axes", std::vector<Index>{1});
  upgrade(node, 17, context);
  EXPECT_EQ(node.inputs.size(), 2u);
}

TEST_F(Upgrade, SoftmaxOverFlattenedAxes) {
  for (const char* type : {"Softmax", "LogSoftmax", "Hardmax"}) {
    Draft node = draft(type, {x});
    upgrade(node, 12, context);
    EXPECT_EQ(node.attributes.integer("axis"), 1);
    EXPECT_EQ(node.attributes.integer("engine_flatten"), 1);
    Draft newer = draft(type, {x});
    upgrade(newer, 13, context);
    EXPECT_TRUE(newer.attributes.all().empty());
  }
}

TEST_F(Upgrade, ClipLimitsTakeTheTypeOfTheInput) {
  const ValueId half = context.add({DType::kFloat16, Shape{2}});
  Draft node = draft("Clip", {half});
  node.attributes.set("max", 6.0f);
  upgrade(node, 6, context);
  ASSERT_EQ(node.inputs.size(), 3u);
  EXPECT_EQ(context.constant(node.inputs[1])->values<Float16>()[0],
            -std::numeric_limits<float>::infinity());  // what the least float is in float16
  EXPECT_EQ(context.constant(node.inputs[2])->values<Float16>()[0], 6.0f);
}

TEST_F(Upgrade, SliceAndPadAndSplit) {
  Draft slice = draft("Slice", {x});
  slice.attributes.set("starts", std::vector<Index>{0});
  slice.attributes.set("ends", std::vector<Index>{-1});
  slice.attributes.set("axes", std::vector<Index>{2});
  upgrade(slice, 1, context);
  ASSERT_EQ(slice.inputs.size(), 4u);
  EXPECT_EQ(context.integers(slice.inputs[2]), (std::vector<Index>{-1}));

  Draft pad = draft("Pad", {x});
  pad.attributes.set("paddings", std::vector<Index>{0, 1});
  pad.attributes.set("value", 2.5f);
  upgrade(pad, 1, context);
  ASSERT_EQ(pad.inputs.size(), 3u);
  EXPECT_EQ(context.constant(pad.inputs[2])->values<float>()[0], 2.5f);

  Draft split = draft("Split", {x}, 3);
  upgrade(split, 11, context);
  EXPECT_EQ(split.attributes.integer("num_outputs"), 3);
  Draft parts = draft("Split", {x}, 2);
  parts.attributes.set("split", std::vector<Index>{1, 1});
  upgrade(parts, 11, context);
  EXPECT_EQ(context.integers(parts.inputs[1]), (std::vector<Index>{1, 1}));
  EXPECT_FALSE(parts.attributes.has("num_outputs"));
}

TEST_F(Upgrade, MissingListIsNamed) {
  Draft slice = draft("Slice", {x});
  EXPECT_EQ(error_of([&] { upgrade(slice, 1, context); }), "attribute starts is required");
}

TEST_F(Upgrade, OldBroadcastAppendsAxes) {
  Draft node = draft("Add", {x, b});
  node.attributes.set("broadcast", Index{1});
  node.attributes.set("axis", Index{1});
  upgrade(node, 6, context);
  EXPECT_EQ(context.added, Names{"Unsqueeze"});
  EXPECT_TRUE(node.attributes.all().empty());
}

TEST_F(Upgrade, OldBroadcastOfTheLastAxesNeedsNothing) {
  const ValueId row = context.add({DType::kFloat32, Shape{4}});
  Draft node = draft("Mul", {x, row});
  node.attributes.set("broadcast", Index{1});
  node.attributes.set("axis", Index{3});
  upgrade(node, 6, context);
  EXPECT_TRUE(context.added.empty());
  EXPECT_EQ(node.inputs[1], row);
}

TEST_F(Upgrade, PReluSlopeLiesAlongChannels) {
  Draft node = draft("PRelu", {x, b});
  upgrade(node, 6, context);
  EXPECT_EQ(context.added, Names{"Unsqueeze"});
}

TEST_F(Upgrade, UpsampleBecomesResize) {
  Draft node = draft("Upsample", {x});
  node.attributes.set("scales", std::vector<float>{1, 1, 2, 2});
  node.attributes.set("mode", std::string("bilinear"));
  upgrade(node, 7, context);
  EXPECT_EQ(node.type, "Resize");
  ASSERT_EQ(node.inputs.size(), 3u);
  EXPECT_EQ(node.inputs[1], kNoValue);
  EXPECT_EQ(context.constant(node.inputs[2])->values<float>()[3], 2.0f);
  EXPECT_EQ(node.attributes.text("mode"), "linear");
  EXPECT_EQ(node.attributes.text("coordinate_transformation_mode"), "asymmetric");
  EXPECT_FALSE(node.attributes.has("scales"));
}

TEST_F(Upgrade, ResizeOfOpset10MovesScales) {
  const ValueId scales = context.add_constant(Tensor::of<float>({4}, {1, 1, 0.5f, 0.5f}));
  Draft node = draft("Resize", {x, scales});
  upgrade(node, 10, context);
  EXPECT_EQ(node.inputs, (std::vector<ValueId>{x, kNoValue, scales}));
  EXPECT_TRUE(node.attributes.flag("engine_opset_10", false));
}

TEST_F(Upgrade, EmptyInputsOfResizeAreAbsent) {
  const ValueId empty = context.add_constant(Tensor(DType::kFloat32, {0}));
  Draft node = draft("Resize", {x, empty, empty, b});
  upgrade(node, 11, context);
  EXPECT_EQ(node.inputs, (std::vector<ValueId>{x, kNoValue, kNoValue, b}));
}

TEST_F(Upgrade, BatchNormalizationIsForInference) {
  Draft node = draft("BatchNormalization", {x, b, b, b, b});
  node.attributes.set("spatial", Index{1});
  upgrade(node, 7, context);
  EXPECT_FALSE(node.attributes.has("spatial"));
  Draft training = draft("BatchNormalization", {x, b, b, b, b}, 5);
  EXPECT_NE(error_of([&] { upgrade(training, 9, context); }).find("training"), std::string::npos);
}

TEST_F(Upgrade, DropoutMaskIsCastToTheOldType) {
  Draft node = draft("Dropout", {x}, 2);
  node.attributes.set("ratio", 0.25f);
  upgrade(node, 7, context);
  ASSERT_EQ(node.tails.size(), 1u);
  EXPECT_EQ(node.tails[0].type, "Cast");
  EXPECT_EQ(context.constant(node.inputs[1])->values<float>()[0], 0.25f);
}

TEST_F(Upgrade, GroupNormalizationRepeatsScaleForEachChannel) {
  const ValueId groups = context.add({DType::kFloat32, Shape{3}});
  Draft node = draft("GroupNormalization", {x, groups, groups});
  node.attributes.set("num_groups", Index{3});
  upgrade(node, 18, context);
  EXPECT_EQ(context.added, (Names{"Reshape", "Expand", "Reshape", "Reshape", "Expand", "Reshape"}));
}

TEST_F(Upgrade, Scalars) {
  Draft topk = draft("TopK", {x}, 2);
  topk.attributes.set("k", Index{3});
  upgrade(topk, 1, context);
  EXPECT_EQ(context.integers(topk.inputs[1]), (std::vector<Index>{3}));

  Draft dft = draft("DFT", {x});
  upgrade(dft, 17, context);
  EXPECT_EQ(context.integers(dft.inputs[2]), (std::vector<Index>{1}));

  Draft grid = draft("GridSample", {x, b});
  grid.attributes.set("mode", std::string("bicubic"));
  upgrade(grid, 16, context);
  EXPECT_EQ(grid.attributes.text("mode"), "cubic");

  Draft cast = draft("Cast", {x});
  cast.attributes.set("to", std::string("INT64"));
  upgrade(cast, 5, context);
  EXPECT_EQ(cast.attributes.integer("to"), pb::TensorProto::INT64);

  Draft scatter = draft("Scatter", {x, b, b});
  upgrade(scatter, 9, context);
  EXPECT_EQ(scatter.type, "ScatterElements");
}

}  // namespace
}  // namespace engine::onnx::test
