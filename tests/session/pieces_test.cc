// Large batches run piece by piece (graph/planner/stretches.h): the bits are those of each sample
// alone, whatever reads the tensors inside.
#include "tests/loaders/onnx/model_builder.h"

#include "graph/planner/plan.h"
#include "ops/cpu/machine.h"
#include "session/model_impl.h"
#include "support/bit_cases.h"
#include "support/model_case.h"
#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

#include <cmath>

namespace engine::test {
namespace {

using onnx::test::GraphWriter;
using onnx::test::ModelWriter;
using onnx::test::set;

constexpr int kChannels = 16;

std::vector<float> values(std::size_t count, unsigned seed) {
  const Tensor tensor = random(DType::kFloat32, {static_cast<Index>(count)}, seed, -0.2, 0.2);
  const auto span = tensor.values<float>();
  return {span.begin(), span.end()};
}

void add_conv(GraphWriter& graph, const std::string& name, const std::string& x) {
  graph.floats(name + "_w", {kChannels, kChannels, 3, 3}, values(kChannels * kChannels * 9, 5));
  graph.floats(name + "_b", {kChannels}, values(kChannels, 6));
  auto& node = graph.node("Conv", {x, name + "_w", name + "_b"}, {name});
  auto& pads = onnx::test::attribute(node, "pads", onnx::pb::AttributeProto::INTS);
  for (int i = 0; i < 4; ++i) pads.add_ints(1);
}

// An image of which about three fit the memory near a thread, two with what a step writes.
int side() {
  const double floats = static_cast<double>(cpu::level2_floats()) / 2;
  return 4 * static_cast<int>(std::sqrt(floats / (6 * kChannels)) / 4);
}

// A block with a residual, whose first convolution is read again behind everything, a graph output
// in the middle, a factor for all samples and a view.
Model block() {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {"batch", kChannels, side(), side()}).input("scale", {1, kChannels, 1, 1});
  add_conv(graph, "first", "x");
  graph.node("Relu", {"first"}, {"a"});
  add_conv(graph, "second", "a");
  graph.node("Add", {"second", "x"}, {"sum"});
  graph.node("Mul", {"sum", "scale"}, {"scaled"});
  graph.node("Sigmoid", {"scaled"}, {"middle"});
  graph.node("Identity", {"middle"}, {"view"});
  add_conv(graph, "third", "view");
  set(graph.node("Softmax", {"third"}, {"soft"}), "axis", 1);
  graph.node("GlobalAveragePool", {"soft"}, {"pooled"});
  graph.node("Add", {"soft", "a"}, {"y"});
  for (const char* name : {"middle", "pooled", "y"}) graph.output(name);
  return model.parse();
}

TEST(Pieces, ALargeBatchRunsInPieces) {
  const auto program = block().impl().program("pieces", {}, [] {
    return std::shared_ptr<const ops::Backend>(cpu::make_backend(best_isa()));
  });
  const auto plan_of = [&](Index samples) {
    const std::vector<Shape> shapes = {{samples, kChannels, side(), side()}, {1, kChannels, 1, 1}};
    return graph::make_plan(program, shapes, 1, std::size_t{1} << 40);
  };
  const auto one = plan_of(1), few = plan_of(11), many = plan_of(110);
  EXPECT_EQ(one->steps.size(), one->tasks.size());
  EXPECT_GT(few->steps.size(), 3 * few->tasks.size());
  EXPECT_EQ(few->tasks.size(), many->tasks.size());
  // Inputs, outputs and the branch that a later step reads again grow with the batch, pieces do
  // not.
  EXPECT_LT(many->arena_bytes - few->arena_bytes,
            6 * 99 * kChannels * static_cast<std::size_t>(side() + 2) * (side() + 2) * 4);
}

TEST(Pieces, BitsAreThoseOfSamplesAlone) {
  const Model model = block();
  const Index samples = 11;
  const Tensors all = {{"x", random(DType::kFloat32, {samples, kChannels, side(), side()}, 1)},
                       {"scale", random(DType::kFloat32, {1, kChannels, 1, 1}, 2)}};
  for (const std::string& device : cpu_devices()) {
    if (device == "cpu:scalar") continue;  // slow, and the plan is the same
    const Session alone(model, {.device = device});
    for (const int threads : {1, 3}) {
      const Session session(model, {.device = device, .threads = threads});
      const Tensors outputs = session.run(all);
      for (Index i = 0; i < samples; ++i) {
        const Tensors one = alone.run({{"x", take_rows(all.at("x"), 1, i)}, *all.find("scale")});
        for (const auto& [name, wanted] : one)
          EXPECT_EQ(compare_bits(take_rows(outputs.at(name), 1, i), wanted), "")
              << name << " of sample " << i << " on " << device << ", " << threads << " threads";
      }
    }
  }
}

// A constant with an element for each sample, and an operator of which only the second output is
// wanted: the bits are those of the switched-off parts computed apart.
TEST(Pieces, ConstantsAndOutputsThatNobodyWants) {
  constexpr int kSamples = 5;
  const int n = side();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {kSamples, kChannels, n, n});
  const auto count = static_cast<std::size_t>(kSamples * kChannels * n * n);
  graph.floats("offset", {kSamples, kChannels, n, n}, values(count, 8));
  add_conv(graph, "first", "x");
  graph.node("Add", {"first", "offset"}, {"moved"});
  add_conv(graph, "y", "moved");
  auto& pool = onnx::test::attribute(graph.node("MaxPool", {"y"}, {"", "where"}), "kernel_shape",
                                     onnx::pb::AttributeProto::INTS);
  for (int i = 0; i < 2; ++i) pool.add_ints(2);
  for (const char* name : {"first", "y", "where"}) graph.output(name);
  const Model model = writer.parse();

  ModelWriter second_writer;
  GraphWriter second = second_writer.graph();
  second.input("moved", {"batch", kChannels, n, n}).output("y");
  add_conv(second, "y", "moved");
  const Session alone(second_writer.parse());
  const Tensors outputs =
      Session(model).run({{"x", random(DType::kFloat32, {kSamples, kChannels, n, n}, 1)}});
  for (Index i = 0; i < kSamples; ++i) {
    Tensor moved = take_rows(outputs.at("first"), 1, i);
    const std::vector<float> offset = values(count, 8);
    auto sums = moved.mutable_values<float>();
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] = sums[k] + offset[static_cast<std::size_t>(i) * sums.size() + k];
    const Tensors wanted = alone.run({{"moved", moved}});
    EXPECT_EQ(compare_bits(take_rows(outputs.at("y"), 1, i), wanted.at("y")), "") << i;
  }
  EXPECT_EQ(outputs.at("where").shape()[0], kSamples);
}

// Outputs of a model on the CPU against the reference, which runs whole batches.
std::string difference_from_reference(const ModelWriter& writer, const Tensors& inputs) {
  const Model model = writer.parse();
  const Tensors got = Session(model).run(inputs);
  for (const auto& [name, wanted] : Session(model, {.device = "reference"}).run(inputs))
    if (const std::string text = compare_values(got.at(name), wanted, 1e-4, 1e-4); !text.empty())
      return name + ": " + text;
  return "";
}

Tensor small_values(Shape shape, unsigned seed) {
  return random(DType::kFloat32, std::move(shape), seed, -0.1, 0.1);
}

// One tensor is both made sample by sample and read as a whole for each sample.
TEST(Pieces, AnOperandThatIsBroadcastIsMadeBefore) {
  const int n = side() * side();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {16, n}).input("u", {16, 16, n}).output("y");
  graph.node("Relu", {"x"}, {"v"});
  graph.node("Add", {"u", "v"}, {"y"});
  EXPECT_EQ(difference_from_reference(
                writer, {{"x", small_values({16, n}, 1)}, {"u", small_values({16, 16, n}, 2)}}),
            "");
}

TEST(Pieces, AScaleIsMadeBefore) {
  const int n = side() * side();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {16, 16, n}).input("s", {16, n}).output("y");
  graph.node("Relu", {"s"}, {"relu"});
  graph.node("Identity", {"relu"}, {"view"});
  set(graph.node("LayerNormalization", {"x", "view"}, {"y"}), "axis", 1);
  EXPECT_EQ(difference_from_reference(
                writer, {{"x", small_values({16, 16, n}, 3)}, {"s", small_values({16, n}, 4)}}),
            "");
}

TEST(Pieces, FiltersAreMadeBefore) {
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {2, 1024, 15, 15}).input("w", {2, 1024, 8, 8}).output("y");
  graph.node("Relu", {"w"}, {"relu"});
  graph.node("Conv", {"x", "relu"}, {"conv"});
  graph.node("Relu", {"conv"}, {"y"});
  EXPECT_EQ(difference_from_reference(writer, {{"x", small_values({2, 1024, 15, 15}, 5)},
                                               {"w", small_values({2, 1024, 8, 8}, 6)}}),
            "");
}

// Sets of inputs have 32 bits; a node may have more inputs.
TEST(Pieces, ANodeWithManyInputs) {
  const int n = side() * side();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  Tensors inputs;
  std::vector<std::string> names;
  for (unsigned i = 0; i < 33; ++i) {
    names.push_back("x" + std::to_string(i));
    const int rows = i < 32 ? 16 : 1;
    graph.input(names.back(), {rows, n});
    inputs.emplace(names.back(), random(DType::kFloat32, {rows, n}, i));
  }
  graph.node("Mean", names, {"mean"});
  graph.node("Sigmoid", {"mean"}, {"y"});
  graph.output("y");
  EXPECT_EQ(difference_from_reference(writer, inputs), "");
}

// Pieces need memory of their own; where that is too much, whole batches run in place.
TEST(Pieces, AreGivenUpWhereMemoryIsShort) {
  const int n = side() * side();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {64, n}).output("y");
  set(graph.node("Concat", {"x", "x"}, {"both"}), "axis", 1);
  graph.node("Relu", {"both"}, {"a"});
  graph.node("Sigmoid", {"a"}, {"b"});
  graph.node("Tanh", {"b"}, {"y"});
  const Model model = writer.parse();
  const Tensors inputs = {{"x", random(DType::kFloat32, {64, n}, 1)}};
  const std::size_t bytes = inputs.at("x").bytes();
  const Tensors wanted = Session(model).run(inputs);
  const Tensors got = Session(model, {.max_bytes = 3 * bytes + 4096}).run(inputs);
  EXPECT_EQ(compare_bits(got.at("y"), wanted.at("y")), "");
}

}  // namespace
}  // namespace engine::test
