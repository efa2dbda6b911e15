// Sequences whose elements are known when the model is loaded.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

void integers(ModelWriter& model, const std::string& name, const std::vector<std::int64_t>& values,
              bool scalar = false) {
  auto& tensor = *model.proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(pb::TensorProto::INT64);
  if (!scalar) tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor.add_int64_data(value);
}

// y = element `position` of x [batch, 6] split along axis 1.
ModelWriter split_model(const std::vector<std::int64_t>& lengths, bool scalar,
                        std::int64_t position) {
  ModelWriter model;
  model.graph().input("x", {"batch", 6}).output("y");
  if (!lengths.empty()) integers(model, "lengths", lengths, scalar);
  integers(model, "position", {position}, true);
  const Names inputs = lengths.empty() ? Names{"x"} : Names{"x", "lengths"};
  set(model.graph().node("SplitToSequence", inputs, {"parts"}), "axis", 1);
  model.graph().node("SequenceAt", {"parts", "position"}, {"y"});
  return model;
}

Dim columns(const ModelWriter& model) {
  const LoadedModel loaded = model.load();
  const TensorType& type = loaded.graph.value(loaded.graph.outputs.at(0)).type;
  return type.dims.at(1);
}

TEST(Sequences, ElementOfASplit) {
  EXPECT_EQ(columns(split_model({1, 2, 3}, false, 1)), Dim(2));
  EXPECT_EQ(columns(split_model({1, 2, 3}, false, -1)), Dim(3));
  EXPECT_EQ(columns(split_model({4}, true, 0)), Dim(4));
  EXPECT_EQ(columns(split_model({4}, true, 1)), Dim(2));
  EXPECT_EQ(columns(split_model({}, false, 5)), Dim(1));
  EXPECT_EQ(operators(split_model({4}, true, 1).load().graph), (Names{"Split", "Identity"}));
}

// torch.Tensor.tensor_split writes the lengths as an expression of the shape.
TEST(Sequences, LengthsMayBeComputed) {
  ModelWriter model;
  model.graph().input("x", {"batch", 7}).output("y");
  integers(model, "one", {1});
  integers(model, "three", {3});
  integers(model, "position", {0}, true);
  model.graph().node("Shape", {"x"}, {"shape"});
  model.graph().node("Gather", {"shape", "one"}, {"n"});
  model.graph().node("Mod", {"n", "three"}, {"rest"});
  model.graph().node("Div", {"n", "three"}, {"short"});
  model.graph().node("Add", {"short", "one"}, {"long"});
  model.graph().node("Sub", {"three", "rest"}, {"others"});
  model.graph().node("Tile", {"long", "rest"}, {"first"});
  model.graph().node("Tile", {"short", "others"}, {"last"});
  set(model.graph().node("Concat", {"first", "last"}, {"lengths"}), "axis", 0);
  set(model.graph().node("SplitToSequence", {"x", "lengths"}, {"parts"}), "axis", 1);
  model.graph().node("SequenceAt", {"parts", "position"}, {"y"});
  EXPECT_EQ(columns(model), Dim(3));
}

TEST(Sequences, WithoutKeptAxesPartsLoseThem) {
  ModelWriter model = split_model({}, false, 2);
  set(*model.proto.mutable_graph()->mutable_node(0), "keepdims", 0);
  const LoadedModel loaded = model.load();
  EXPECT_EQ(loaded.graph.value(loaded.graph.outputs[0]).type.rank(), 1);
}

TEST(Sequences, ConcatAndLength) {
  for (const bool stack : {false, true}) {
    ModelWriter model;
    model.graph().input("a", {2, 3}).input("b", {2, 3}).output("y").output("n");
    model.graph().node("SequenceConstruct", {"a", "b", "a"}, {"all"});
    auto& concat = model.graph().node("ConcatFromSequence", {"all"}, {"y"});
    set(concat, "axis", 1);
    set(concat, "new_axis", stack);
    model.graph().node("SequenceLength", {"all"}, {"n"});
    const LoadedModel loaded = model.load();
    EXPECT_EQ(loaded.graph.value(loaded.graph.outputs[0]).type.shape(),
              stack ? Shape({2, 3, 3}) : Shape({2, 9}));
  }
}

TEST(Sequences, InsertAndErase) {
  const auto total = [](const std::vector<std::int64_t>& at, std::int64_t erased) {
    ModelWriter model;
    model.graph().input("a", {2, 1}).input("b", {2, 10}).input("c", {2, 100}).output("y");
    integers(model, "at", at, true);
    integers(model, "erased", {erased}, true);
    model.graph().node("SequenceEmpty", {}, {"s0"});
    model.graph().node("SequenceInsert", {"s0", "a"}, {"s1"});
    model.graph().node("SequenceInsert", {"s1", "b"}, {"s2"});
    model.graph().node("SequenceInsert", {"s2", "c", "at"}, {"s3"});
    model.graph().node("SequenceErase", {"s3", "erased"}, {"s4"});
    set(model.graph().node("ConcatFromSequence", {"s4"}, {"y"}), "axis", 1);
    return columns(model);
  };
  EXPECT_EQ(total({0}, 0), Dim(11));     // c a b without c
  EXPECT_EQ(total({1}, 2), Dim(101));    // a c b without b
  EXPECT_EQ(total({2}, -1), Dim(11));    // a b c without c
  EXPECT_EQ(total({-1}, -1), Dim(101));  // a c b without b
  EXPECT_THROW(total({3}, 0), Error);
  EXPECT_THROW(total({0}, 3), Error);
}

// Names that are met first as operands of a sequence operator are found again under that name only.
TEST(Sequences, OperandsKeepTheirNames) {
  ModelWriter model;
  model.graph().input("x", {2, 1}).input("z", {2, 10}).output("y");
  integers(model, "p", {0}, false);
  model.graph().node("SequenceConstruct", {"x"}, {"s"});
  model.graph().node("SequenceInsert", {"s", "z", "p"}, {"t"});
  set(model.graph().node("ConcatFromSequence", {"t"}, {"y"}), "axis", 1);
  EXPECT_EQ(columns(model), Dim(11));
}

TEST(Sequences, DoNotMultiply) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {2000}).output("y");
  set(graph.node("SplitToSequence", {"x"}, {"s"}), "axis", 0);
  for (int i = 0; i < 300; ++i) {
    const std::string name = i == 0 ? "y" : "y" + std::to_string(i);
    set(graph.node("ConcatFromSequence", {"s"}, {name}), "axis", 0);
  }
  EXPECT_NE(error_of([&] { model.load(); }).find("expand to more than"), std::string::npos);
}

TEST(Sequences, MistakesAreInvalid) {
  const auto error = [](const ModelWriter& model) { return error_of([&] { model.load(); }); };
  EXPECT_NE(error(split_model({1, 2, 3}, false, 3)).find("position 3 is outside"),
            std::string::npos);
  EXPECT_NE(error(split_model({1, 2}, false, 0)).find("3 elements together"), std::string::npos);
  EXPECT_NE(error(split_model({0}, true, 0)).find("split is 0"), std::string::npos);
  ModelWriter none;
  none.graph().input("x").output("y").node("ConcatFromSequence", {"x"}, {"y"});
  EXPECT_NE(error(none).find("'x' is no sequence"), std::string::npos) << error(none);
}

TEST(Sequences, WhatDependsOnDataIsUnsupported) {
  const auto refused = [](const ModelWriter& model, const char* why) {
    try {
      model.load();
      ADD_FAILURE() << "accepted, but " << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
  };
  ModelWriter position = split_model({1, 2, 3}, false, 0);
  position.graph().input("at", {}, pb::TensorProto::INT64);
  position.proto.mutable_graph()->mutable_node(1)->set_input(1, "at");
  refused(position, "the position depends on data");

  ModelWriter rows = split_model({}, false, 0);
  rows.proto.mutable_graph()->mutable_node(0)->mutable_attribute(0)->set_i(0);
  refused(rows, "extent 0 of the input");

  ModelWriter many = split_model({}, false, 0);
  many.graph().input("wide", {1, 5000});
  many.proto.mutable_graph()->mutable_node(0)->set_input(0, "wide");
  refused(many, "more than 4096 elements");

  ModelWriter output = split_model({1, 2, 3}, false, 0);
  output.graph().output("parts");
  refused(output, "'parts' is a sequence");

  ModelWriter other = split_model({1, 2, 3}, false, 0);
  other.graph().output("z").node("Relu", {"parts"}, {"z"});
  refused(other, "'parts' is a sequence");

  ModelWriter empty;
  empty.graph().input("x").output("y").node("SequenceEmpty", {}, {"y"});
  refused(empty, "'y' is a sequence");
}

}  // namespace
}  // namespace engine::onnx::test
