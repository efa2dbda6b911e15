// What is said about operators that this build cannot run.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

TEST(Unsupported, OperatorsOfTensorFlowHaveAHint) {
  for (const char* type :
       {"Erfc", "Expm1", "Log1p", "StatefulPartitionedCall", "TensorListReserve", "LowerBound"}) {
    ModelWriter model;
    model.graph().input("x").output("y").node(type, {"x"}, {"y"});
    const std::string error = error_of([&] { model.load(); });
    EXPECT_NE(error.find("a TensorFlow operator that the converter left"), std::string::npos)
        << error;
  }
}

}  // namespace
}  // namespace engine::onnx::test
