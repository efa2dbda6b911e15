// If, Loop and Scan with bodies that are played by functions of the test.
#include "graph/control_flow.h"

#include <gtest/gtest.h>

namespace engine::graph {
namespace {

using Body = std::function<std::vector<Tensor>(std::vector<Tensor>)>;

// A body with inputs and outputs but no nodes; `play` runs instead.
std::shared_ptr<const Graph> body(std::vector<TensorType> inputs, std::vector<TensorType> outputs) {
  auto graph = std::make_shared<Graph>();
  for (TensorType& type : inputs) graph->inputs.push_back(graph->add_value("in", std::move(type)));
  for (TensorType& type : outputs)
    graph->outputs.push_back(graph->add_value("out", std::move(type)));
  return graph;
}

BodyRunner runner(Body play) {
  return {[play = std::move(play)](const Graph&, std::vector<Tensor> in) {
            return play(std::move(in));
          },
          1000, 1 << 20};
}

const ControlFlow& flow(const ops::OperatorPtr& op) {
  return dynamic_cast<const ControlFlow&>(*op);
}

template <class T = float>
std::vector<T> values(const Tensor& tensor) {
  return {tensor.values<T>().begin(), tensor.values<T>().end()};
}

const TensorType kFloat(DType::kFloat32, Dims{});
const TensorType kPair(DType::kFloat32, Shape{2});
const TensorType kCount(DType::kInt64, Dims{});
const TensorType kFlag(DType::kBool, Dims{});

Tensor pair(float a, float b) { return Tensor::of<float>({2}, {a, b}); }

TEST(If, RunsOneBranchWithItsCaptures) {
  const auto yes = body({kFloat}, {kFloat}), no = body({kFloat, kFloat}, {kFloat});
  const auto op = make_if(yes, no);
  const BodyRunner play{[&](const Graph& graph, std::vector<Tensor> in) {
                          EXPECT_EQ(in.size(), graph.inputs.size());
                          return std::vector<Tensor>{in.back()};
                        },
                        1000, 1 << 20};
  const std::vector<Tensor> in = {Tensor::scalar(true), Tensor::scalar(1.0f), Tensor::scalar(2.0f),
                                  Tensor::scalar(3.0f)};
  EXPECT_EQ(values(flow(op).run(in, play)[0]), std::vector<float>{1});
  std::vector<Tensor> other = in;
  other[0] = Tensor::scalar(false);
  EXPECT_EQ(values(flow(op).run(other, play)[0]), std::vector<float>{3});
}

TEST(If, TypesAreWhatBothBranchesSay) {
  const TensorType five(DType::kFloat32, Shape{2, 5}), six(DType::kFloat32, Shape{2, 6});
  const auto op = make_if(body({}, {five}), body({}, {six}));
  const std::vector<ops::Operand> in = {{.type = kFlag}};
  EXPECT_EQ(to_string(op->infer(ops::Operands(in), 1)[0]), "float32 [2, ?]");
  const auto mixed = make_if(body({}, {kCount}), body({}, {kFloat}));
  EXPECT_THROW(mixed->infer(ops::Operands(in), 1), Error);
}

// carried x -> x + 1, and a scan output of each x.
const Body kCountUp = [](std::vector<Tensor> in) {
  const float x = in[2].values<float>()[0];
  return std::vector<Tensor>{Tensor::scalar(x < 5), Tensor::scalar(x + 1), Tensor::scalar(x)};
};

ops::OperatorPtr count_up() {
  return make_loop(body({kCount, kFlag, kFloat}, {kFlag, kFloat, kFloat}), 1);
}

TEST(Loop, EndsAfterItsTripsOrByItsCondition) {
  const auto op = count_up();
  const Tensor zero = Tensor::scalar(0.0f);
  const auto three =
      flow(op).run(std::vector{Tensor::scalar<std::int64_t>(3), Tensor(), zero}, runner(kCountUp));
  EXPECT_EQ(values(three[0]), std::vector<float>{3});
  EXPECT_EQ(values(three[1]), (std::vector<float>{0, 1, 2}));
  const auto endless = flow(op).run(std::vector{Tensor(), Tensor(), zero}, runner(kCountUp));
  EXPECT_EQ(values(endless[0]), std::vector<float>{6});
}

TEST(Loop, NoTripsGiveEmptyScans) {
  const auto op = count_up();
  const auto out = flow(op).run(
      std::vector{Tensor::scalar<std::int64_t>(9), Tensor::scalar(false), Tensor::scalar(4.0f)},
      runner(kCountUp));
  EXPECT_EQ(values(out[0]), std::vector<float>{4});
  EXPECT_EQ(out[1].shape(), Shape{0});
}

TEST(Loop, EndlessOnesStopAtTheLimit) {
  const auto op = make_loop(body({kCount, kFlag}, {kFlag}), 0);
  const auto play = runner([](std::vector<Tensor> in) { return std::vector<Tensor>{in[1]}; });
  try {
    flow(op).run(std::vector{Tensor::scalar<std::int64_t>(1LL << 62), Tensor::scalar(true)}, play);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kResourceExhausted);
    EXPECT_NE(std::string(error.what()).find("more than 1000 trips"), std::string::npos);
  }
}

TEST(Loop, ScanOutputsHaveABudget) {
  const auto op = make_loop(body({kCount, kFlag}, {kFlag, kPair}), 0);
  BodyRunner play = runner([](std::vector<Tensor> in) {
    return std::vector<Tensor>{in[1], Tensor(DType::kFloat32, {1000})};
  });
  play.max_bytes = 100'000;
  EXPECT_THROW(flow(op).run(std::vector{Tensor(), Tensor::scalar(true)}, play), Error);
}

TEST(Loop, ExtentsThatATripKeepsStay) {
  const TensorType carried(DType::kFloat32, Dims{Dim::symbol("a"), Dim::symbol("b")});
  const TensorType grown(DType::kFloat32, Dims{Dim::unknown(), Dim::symbol("b")});
  const auto op = make_loop(body({kCount, kFlag, carried}, {kFlag, grown, kPair}), 1);
  const TensorType first(DType::kFloat32, Dims{Dim(3), Dim::symbol("N")});
  const std::vector<ops::Operand> in = {{.type = kCount}, {.type = kFlag}, {.type = first}};
  const auto types = op->infer(ops::Operands(in), 2);
  EXPECT_EQ(to_string(types[0]), "float32 [?, N]");
  EXPECT_EQ(to_string(types[1]), "float32 [?, 2]");
}

// state s, slice x -> s + x, s + x.
const Body kRunningSum = [](std::vector<Tensor> in) {
  Tensor sum = in[0].clone();
  for (Index i = 0; i < sum.size(); ++i)
    sum.mutable_values<float>()[static_cast<std::size_t>(i)] +=
        in[1].values<float>()[static_cast<std::size_t>(i)];
  return std::vector<Tensor>{sum, sum};
};

ScanAttributes counts(Index states, Index scans) {
  ScanAttributes attributes;
  attributes.states = states;
  attributes.scans = scans;
  return attributes;
}

TEST(Scan, AlongTheFirstAxis) {
  const auto op = make_scan(body({kPair, kPair}, {kPair, kPair}), counts(1, 1));
  const Tensor x = Tensor::of<float>({3, 2}, {1, 10, 2, 20, 3, 30});
  const auto out = flow(op).run(std::vector{pair(0, 0), x}, runner(kRunningSum));
  EXPECT_EQ(values(out[0]), (std::vector<float>{6, 60}));
  EXPECT_EQ(values(out[1]), (std::vector<float>{1, 10, 3, 30, 6, 60}));
}

TEST(Scan, AxesAndDirections) {
  ScanAttributes attributes = counts(1, 1);
  attributes.input_axes = {-1};
  attributes.input_directions = {1};
  attributes.output_axes = {1};
  attributes.output_directions = {1};
  const auto op = make_scan(body({kPair, kPair}, {kPair, kPair}), attributes);
  const Tensor x = Tensor::of<float>({2, 3}, {1, 2, 3, 10, 20, 30});
  const auto out = flow(op).run(std::vector{pair(0, 0), x}, runner(kRunningSum));
  EXPECT_EQ(out[1].shape(), (Shape{2, 3}));
  EXPECT_EQ(values(out[1]), (std::vector<float>{6, 5, 3, 60, 50, 30}));
}

TEST(Scan, LengthsMustAgree) {
  const auto op = make_scan(body({kPair, kPair}, {}), counts(0, 2));
  const auto play = runner([](std::vector<Tensor>) { return std::vector<Tensor>{}; });
  EXPECT_THROW(
      flow(op).run(std::vector{Tensor(DType::kFloat32, {3, 2}), Tensor(DType::kFloat32, {4, 2})},
                   play),
      Error);
}

}  // namespace
}  // namespace engine::graph
