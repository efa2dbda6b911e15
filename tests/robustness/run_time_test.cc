// What only values can break: indices, run-time shapes, requests that do not fit. Each is an Error
// that names the node or the input with both values, and leaves the session as good as before.
#include "tests/loaders/onnx/model_builder.h"

#include "base/text.h"
#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

namespace engine::test {
namespace {

using onnx::test::attribute;
using onnx::test::body;
using onnx::test::Extents;
using onnx::test::GraphWriter;
using onnx::test::ModelWriter;
using onnx::test::Names;
namespace pb = onnx::pb;

constexpr int kFloat = pb::TensorProto::FLOAT, kInt64 = pb::TensorProto::INT64;

/// The code and the message of the Error that `action` throws; kInternal and "" if none.
template <class Action>
std::pair<ErrorCode, std::string> error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::kInternal, ""};
}

void expect_message(const std::string& message, const Names& fragments) {
  for (const std::string& fragment : fragments)
    EXPECT_NE(message.find(fragment), std::string::npos) << fragment << " is not in: " << message;
}

Tensor ints(Shape shape, std::initializer_list<Index> values) {
  return Tensor::of<Index>(std::move(shape), values);
}

Tensor floats(Shape shape) { return Tensor(DType::kFloat32, std::move(shape)); }

// Operators with indices that come with the request, on an axis of size 4.
struct IndexCase {
  const char* name;
  Extents indices;
  bool updates;
};

void PrintTo(const IndexCase& c, std::ostream* out) { *out << c.name; }

class RunTimeIndices : public testing::TestWithParam<IndexCase> {};

TEST_P(RunTimeIndices, OutsideTheAxisAreRefused) {
  const IndexCase& c = GetParam();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("x", {4, 3}).input("i", c.indices, kInt64).output("y");
  Names inputs = {"x", "i"};
  if (c.updates) {
    graph.input("u", std::string(c.name) == "ScatterND" ? Extents{2, 3} : Extents{2, 3});
    inputs.push_back("u");
  }
  graph.node(c.name, inputs, {"y"}, "the_node");
  Shape shape;
  for (const auto& extent : c.indices) shape.push_back(std::get<int>(extent));
  const Model model = writer.parse();
  for (const std::string& device : devices_to_try()) {
    const Session session(model, {.device = device});
    const auto run = [&](Index index) {
      Tensor indices(DType::kInt64, shape);
      indices.mutable_values<Index>().back() = index;
      Tensors in = {{"x", floats({4, 3})}, {"i", indices}};
      if (c.updates) in["u"] = floats({2, 3});
      return session.run(in);
    };
    for (const Index index :
         {Index{4}, Index{-5}, Index{1} << 40, -(Index{1} << 62), std::numeric_limits<Index>::min(),
          std::numeric_limits<Index>::max()}) {
      const auto [code, message] = error_of([&] { run(index); });
      EXPECT_EQ(code, ErrorCode::kRunFailed) << device << " " << index << " " << message;
      expect_message(message, {"the_node", std::to_string(index), "4"});
    }
    EXPECT_NO_THROW(run(3));
    EXPECT_NO_THROW(run(-4)) << "negative ones count from the end";
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, RunTimeIndices,
                         testing::Values(IndexCase{"Gather", {2}, false},
                                         IndexCase{"GatherElements", {2, 3}, false},
                                         IndexCase{"GatherND", {2, 1}, false},
                                         IndexCase{"ScatterElements", {2, 3}, true},
                                         IndexCase{"ScatterND", {2, 1}, true}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RunTimeIndices, OfBoundCallsAreAStatus) {
  ModelWriter writer;
  writer.graph()
      .input("x", {4, 3})
      .input("i", {2}, kInt64)
      .output("y")
      .node("Gather", {"x", "i"}, {"y"}, "the_node");
  const Session session(writer.parse());
  BoundCall call = session.bind({{"x", {4, 3}}, {"i", {2}}});
  call.input<Index>("i")[1] = -5;
  const Status status = call.run();
  EXPECT_EQ(status.fault, Status::Fault::kIndexOutOfRange);
  expect_message(call.message(status), {"the_node", "-5", "4"});
  call.input<Index>("i")[1] = 1;
  EXPECT_TRUE(call.run().ok());
}

TEST(RunTimeIndices, TopKOfMoreThanThereIs) {
  ModelWriter writer;
  writer.graph()
      .input("x", {4})
      .input("k", {1}, kInt64)
      .output("y")
      .node("TopK", {"x", "k"}, {"y", "at"}, "the_node");
  const Session session(writer.parse());
  for (const Index k : {Index{5}, Index{-1}, Index{1} << 62}) {
    const auto [code, message] = error_of([&] {
      session.run({{"x", floats({4})}, {"k", ints({1}, {k})}});
    });
    expect_message(message, {"the_node", std::to_string(k)});
  }
  EXPECT_EQ(session.run({{"x", floats({4})}, {"k", ints({1}, {2})}}).at("y").size(), 2);
}

// Shapes that a request names: far too much, or more than fits in 64 bits.
struct Bomb {
  const char* name;
  Names inputs;  ///< of x (float [2]) and s (int64 [count])
  Index count;
  std::vector<Index> values;
};

void PrintTo(const Bomb& bomb, std::ostream* out) { *out << bomb.name; }

class MemoryBombs : public testing::TestWithParam<Bomb> {};

TEST_P(MemoryBombs, AreRefusedBeforeMemoryIsTaken) {
  const Bomb& bomb = GetParam();
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  for (const std::string& name : bomb.inputs)
    if (name == "x") graph.input("x", {2});
    else graph.input("s", {static_cast<int>(bomb.count)}, kInt64);
  graph.output("y").node(bomb.name, bomb.inputs, {"y"}, "the_node");
  const Model model = writer.parse();
  for (const std::string& device : devices_to_try()) {
    const Session session(model, {.device = device, .max_bytes = 1 << 20});
    Tensors in = {{"s", Tensor::of<Index>({bomb.count}, std::span<const Index>(bomb.values))}};
    if (bomb.inputs.front() == "x") in["x"] = floats({2});
    const auto [code, message] = error_of([&] { session.run(in); });
    EXPECT_NE(code, ErrorCode::kInternal) << message;
    expect_message(message, {"the_node"});
  }
}

constexpr Index kHuge = Index{1} << 40, kMost = std::numeric_limits<Index>::max();

INSTANTIATE_TEST_SUITE_P(
    Operators, MemoryBombs,
    testing::Values(
        Bomb{"ConstantOfShape", {"s"}, 2, {1 << 20, 1 << 20}},
        Bomb{"ConstantOfShape", {"s"}, 2, {kMost, kMost}}, Bomb{"ConstantOfShape", {"s"}, 1, {-1}},
        Bomb{"Expand", {"x", "s"}, 2, {kHuge, 2}}, Bomb{"Expand", {"x", "s"}, 3, {kHuge, kHuge, 2}},
        Bomb{"Tile", {"x", "s"}, 1, {kHuge}}, Bomb{"Tile", {"x", "s"}, 1, {kMost}},
        Bomb{"Tile", {"x", "s"}, 1, {-3}}, Bomb{"Pad", {"x", "s"}, 2, {kHuge, 0}},
        Bomb{"Pad", {"x", "s"}, 2, {kMost, kMost}}, Bomb{"Reshape", {"x", "s"}, 2, {kMost, kMost}},
        Bomb{"Reshape", {"x", "s"}, 2, {3, -1}}, Bomb{"Reshape", {"x", "s"}, 2, {-1, -1}}),
    [](const auto& info) { return concat(info.param.name, "_", info.index); });

TEST(MemoryBombs, TextsCount) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {1}, pb::TensorProto::STRING).input("n", {1}, kInt64).output("y");
  graph.node("Expand", {"x", "n"}, {"y"}, "the_node");
  const Session session(model.parse(), {.max_bytes = std::size_t{64} << 20});
  const Tensors inputs = {{"x", Tensor::strings({1}, {std::string(1 << 20, 'x')})},
                          {"n", ints({1}, {100})}};
  expect_message(error_of([&] { session.run(inputs); }).second, {"'the_node'", "the limit is"});
}

TEST(MemoryBombs, WorkspaceCounts) {
  ModelWriter model;
  GraphWriter graph = model.graph();
  graph.input("x", {"N"}).input("k", {1}, kInt64).output("v");
  graph.node("TopK", {"x", "k"}, {"v", "i"}, "the_node");
  const Session session(model.parse(), {.max_bytes = std::size_t{8} << 20});
  const Tensors inputs = {{"x", floats({1 << 20})}, {"k", ints({1}, {1})}};
  expect_message(error_of([&] { session.run(inputs); }).second, {"'the_node'", "limit"});
}

TEST(MemoryBombs, Range) {
  ModelWriter writer;
  writer.graph()
      .input("a", {}, kInt64)
      .input("b", {}, kInt64)
      .input("d", {}, kInt64)
      .output("y")
      .node("Range", {"a", "b", "d"}, {"y"}, "the_node");
  const Session session(writer.parse(), {.max_bytes = 1 << 20});
  const auto run = [&](Index first, Index last, Index step) {
    return session.run(
        {{"a", Tensor::scalar(first)}, {"b", Tensor::scalar(last)}, {"d", Tensor::scalar(step)}});
  };
  for (const auto& [first, last, step] : {std::tuple{Index{0}, kHuge, Index{1}},
                                          {-kMost, kMost, Index{1}},
                                          {kMost, -kMost, Index{-1}},
                                          {Index{0}, Index{1}, Index{0}}}) {
    const auto [code, message] = error_of([&] { run(first, last, step); });
    EXPECT_NE(code, ErrorCode::kInternal) << message;
    expect_message(message, {"the_node"});
  }
  EXPECT_EQ(run(5, 1, 1).at("y").size(), 0);
  EXPECT_EQ(run(1, 5, 2).at("y").size(), 2);
}

TEST(MemoryBombs, BatchOfTheRequest) {
  ModelWriter writer;
  writer.graph().input("x", {"N", 4}).output("y").node("Exp", {"x"}, {"y"}, "the_node");
  const Session session(writer.parse(), {.max_bytes = 1 << 16});
  const auto [code, message] = error_of([&] { session.run({{"x", floats({100'000, 4})}}); });
  EXPECT_EQ(code, ErrorCode::kResourceExhausted) << message;
  EXPECT_NO_THROW(session.run({{"x", floats({100, 4})}}));
}

ModelWriter endless_loop(bool growing) {
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("trips", {}, kInt64)
      .input("go", {}, pb::TensorProto::BOOL)
      .input("x", {"N"})
      .output("y");
  auto& node = graph.node("Loop", {"trips", "go", "x"}, {"y"}, "the_node");
  GraphWriter inner = body(node, "body");
  inner.input("i", {}, kInt64).input("again", {}, pb::TensorProto::BOOL).input("v", {"K"});
  inner.output("again_out").output("v_out");
  inner.node("Identity", {"again"}, {"again_out"});
  if (growing) {
    attribute(inner.node("Concat", {"v", "v"}, {"v_out"}, "the_concat"), "axis",
              pb::AttributeProto::INT)
        .set_i(0);
  } else {
    inner.node("Relu", {"v"}, {"v_out"});
  }
  return writer;
}

TEST(Loops, HaveATripBudget) {
  const Session session(endless_loop(false).parse(), {.max_trips = 100});
  const auto run = [&](Index trips) {
    return session.run(
        {{"trips", Tensor::scalar(trips)}, {"go", Tensor::scalar(true)}, {"x", floats({2})}});
  };
  for (const Index trips : {Index{101}, kHuge, kMost}) {
    const auto [code, message] = error_of([&] { run(trips); });
    EXPECT_EQ(code, ErrorCode::kResourceExhausted) << message;
    expect_message(message, {"the_node", "100"});
  }
  EXPECT_NO_THROW(run(100));
  EXPECT_NO_THROW(run(-1));
}

TEST(Loops, HaveAMemoryBudget) {
  const Session session(endless_loop(true).parse(), {.max_bytes = 1 << 20});
  const auto [code, message] = error_of([&] {
    session.run(
        {{"trips", Tensor::scalar<Index>(60)}, {"go", Tensor::scalar(true)}, {"x", floats({2})}});
  });
  EXPECT_EQ(code, ErrorCode::kResourceExhausted) << message;
}

ModelWriter two_inputs() {
  ModelWriter writer;
  writer.graph()
      .input("x", {"N", 4})
      .input("w", {"N", 4})
      .output("y")
      .node("Add", {"x", "w"}, {"y"}, "sum");
  return writer;
}

TEST(Requests, ThatDoNotFitNameBothSides) {
  const Session session(two_inputs().parse());
  const Tensor good = floats({2, 4});
  struct Case {
    Tensors in;
    Names fragments;
  };
  const Case cases[] = {
      {{}, {"'x'", "missing"}},
      {{{"x", good}}, {"'w'", "missing"}},
      {{{"x", good}, {"w", good}, {"z", good}}, {"'z'", "'x'", "'w'"}},
      {{{"x", good}, {"w", Tensor()}}, {"'w'", "undefined"}},
      {{{"x", good}, {"w", floats({2, 5})}}, {"'w'", "[2, 5]", "[N, 4]", "5 != 4"}},
      {{{"x", good}, {"w", floats({8})}}, {"'w'", "[8]", "[N, 4]", "rank 2"}},
      {{{"x", good}, {"w", floats({3, 4})}}, {"'N'", "'x'", "'w'", "2", "3"}},
      {{{"x", good}, {"w", Tensor(DType::kFloat64, {2, 4})}}, {"'w'", "float64", "float32"}},
  };
  for (const Case& c : cases) {
    const auto [code, message] = error_of([&] { session.run(c.in); });
    EXPECT_EQ(code, ErrorCode::kInvalidArgument) << message;
    expect_message(message, c.fragments);
  }
  EXPECT_NO_THROW(session.run({{"x", good}, {"w", good}}));
}

TEST(Requests, ThatBindWhatDoesNotFit) {
  const Session session(two_inputs().parse());
  EXPECT_THROW(session.bind({{"x", {2, 4}}}), Error);
  EXPECT_THROW(session.bind({{"x", {2, 4}}, {"w", {2, 4}}, {"z", {1}}}), Error);
  EXPECT_THROW(session.bind({{"x", {-2, 4}}, {"w", {-2, 4}}}), Error);
  EXPECT_THROW(session.bind({{"x", {kMost, 4}}, {"w", {kMost, 4}}}), Error);
  EXPECT_THROW(session.bind({{"x", {kHuge, 4}}, {"w", {kHuge, 4}}}), Error);
  BoundCall call = session.bind({{"x", {2, 4}}, {"w", {2, 4}}});
  EXPECT_THROW(call.input<double>("x"), Error);
  EXPECT_THROW(call.input<float>("v"), Error);
  EXPECT_THROW(call.output<float>("x"), Error);
}

TEST(Requests, OfNoSamples) {
  const Session session(two_inputs().parse());
  const Tensors out = session.run({{"x", floats({0, 4})}, {"w", floats({0, 4})}});
  EXPECT_EQ(out.at("y").shape(), (Shape{0, 4}));
  BoundCall call = session.bind({{"x", {0, 4}}, {"w", {0, 4}}});
  EXPECT_TRUE(call.run().ok());
}

TEST(Requests, TensorsAreChecked) {
  EXPECT_THROW(Tensor(DType::kFloat32, {-1}), Error);
  EXPECT_THROW(Tensor(DType::kFloat32, {kMost, 2}), Error);
  EXPECT_THROW(Tensor(DType::kFloat64, {Index{1} << 61}), Error);
  EXPECT_THROW(Tensor::of<float>({2, 2}, {1, 2, 3}), Error);
  EXPECT_THROW(floats({4}).reshaped({3}), Error);
  EXPECT_THROW(floats({4}).values<double>(), Error);
  EXPECT_EQ(Tensor(DType::kFloat32, {kHuge, 0}).size(), 0);
}

TEST(Sessions, OptionsAreChecked) {
  const Model model = two_inputs().parse();
  for (const char* device : {"", "gpu", "cpu:", "cpu:avx3", "CPU"})
    EXPECT_THROW(Session(model, {.device = device}), Error) << device;
  for (const int threads : {0, -1, 1025}) EXPECT_THROW(Session(model, {.threads = threads}), Error);
  EXPECT_THROW(Session(model, {.disabled_passes = {"no_such_pass"}}), Error);
}

// A chain of 200,000 nodes: time must grow with its length, the stack must not.
TEST(Sizes, LongChains) {
  ModelWriter writer;
  GraphWriter graph = writer.graph();
  graph.input("v0", {"N"});
  constexpr int kNodes = 200'000;
  for (int i = 0; i < kNodes; ++i) graph.node("Neg", {concat("v", i)}, {concat("v", i + 1)});
  graph.output(concat("v", kNodes));
  const Model model = writer.parse();
  EXPECT_EQ(model.inputs().size(), 1u);
}

}  // namespace
}  // namespace engine::test
