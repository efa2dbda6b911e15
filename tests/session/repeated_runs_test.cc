// Runs of a bound call in a row: a kernel may compute its outputs in another order each time
// (ops::Call::earlier_runs), which moves no bit.
#include "tests/loaders/onnx/model_builder.h"

#include "support/bit_cases.h"
#include "support/model_case.h"
#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace engine::test {
namespace {

// One row of a layer whose weights leave the second-level cache, with a last block that is short.
constexpr int kInputs = 3000, kOutputs = 109;

Model wide_layer() {
  const Tensor w = random(DType::kFloat32, {kInputs, kOutputs}, 3, -0.2, 0.2);
  const auto values = w.values<float>();
  onnx::test::ModelWriter model;
  onnx::test::GraphWriter graph = model.graph();
  graph.input("x", {"batch", kInputs}).output("y");
  graph.floats("w", {kInputs, kOutputs}, {values.begin(), values.end()});
  graph.node("MatMul", {"x", "w"}, {"y"});
  return model.parse();
}

TEST(RepeatedRuns, OfAWideLayerHaveTheBitsOfABatch) {
  constexpr int kRows = 3;  // odd: each row meets both orders
  const Model model = wide_layer();
  const Tensor x = random(DType::kFloat32, {kRows, kInputs}, 1);
  for (const std::string& device : cpu_devices())
    for (const int threads : {1, 3}) {
      const Session session(model, {.device = device, .threads = threads});
      const Tensor batch = session.run({{"x", x}}).at("y");
      BoundCall call = session.bind({{"x", {1, kInputs}}});
      for (int run = 0; run < 2 * kRows; ++run) {
        const Tensor row = take_rows(x, 1, run % kRows);
        std::ranges::copy(row.values<float>(), call.input<float>("x").begin());
        ASSERT_TRUE(call.run().ok());
        EXPECT_EQ(compare_bits(Tensor::of<float>({1, kOutputs}, call.output<float>("y")),
                               take_rows(batch, 1, run % kRows)),
                  "")
            << "run " << run << " on " << device << ", " << threads << " threads";
      }
    }
}

}  // namespace
}  // namespace engine::test
