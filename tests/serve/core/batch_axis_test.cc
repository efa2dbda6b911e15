#include "serve/core/batch_axis.h"

#include "support/model_case.h"
#include "tests/loaders/onnx/model_builder.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

using onnx::test::Extents;
using onnx::test::ModelWriter;

// y = x through one operator.
bool of_operator(const std::string& type, const Extents& extents,
                 const std::function<void(onnx::pb::NodeProto&)>& more = {}) {
  ModelWriter model;
  onnx::test::GraphWriter graph = model.graph();
  graph.input("x", extents).output("y");
  auto& node = graph.node(type, {"x"}, {"y"});
  if (more) more(node);
  return has_batch_axis(Session(model.parse()));
}

TEST(BatchAxis, IsAFreeFirstAxisWithIndependentRows) {
  EXPECT_TRUE(of_operator("Relu", {"N", 3}));
  EXPECT_TRUE(of_operator("Relu", {"N", "length"}));
  EXPECT_TRUE(of_operator("Relu", {"N"}));
  EXPECT_TRUE(has_batch_axis(Session(test::parse(test::lookup_bytes()))));
}

TEST(BatchAxis, IsNotAFixedAxisOrNone) {
  EXPECT_FALSE(of_operator("Relu", {2, 3}));
  EXPECT_FALSE(of_operator("Relu", {}));
}

TEST(BatchAxis, IsNotADimensionThatComesTwice) { EXPECT_FALSE(of_operator("Relu", {"N", "N"})); }

TEST(BatchAxis, IsNotWhereRowsAreMixed) {
  const auto axis = [](onnx::pb::NodeProto& node) { onnx::test::set(node, "axis", 0); };
  EXPECT_FALSE(of_operator("Softmax", {"N", 3}, axis));
  EXPECT_FALSE(of_operator("Transpose", {"N", "M"}));
  EXPECT_FALSE(of_operator("ReduceSum", {"N", 3}));  // over all axes: the rows are lost
}

TEST(BatchAxis, OfTheModelsHere) {
  for (const std::string& name : engine::test::model_case_names()) {
    const Session session(engine::test::load_model_case(name, 1).model);
    EXPECT_TRUE(has_batch_axis(session)) << name;
  }
}

}  // namespace
}  // namespace engine::serve
