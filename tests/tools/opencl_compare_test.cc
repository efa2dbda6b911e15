// `engine compare` between the CPU and OpenCL: every node of every model has equal bits, and a
// kernel that is wrong is found.
#include "ops/opencl/runtime/device.h"
#include "ops/opencl/wrong_kernel.h"
#include "support/model_case.h"
#include "tools/command.h"

#include <engine/compare.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace engine::tools {
namespace {

using nlohmann::json;
using test::WrongKernel;

// As a device name: the first that keeps the contract; empty if there is none.
std::string device_name() {
  const auto devices = opencl::Device::list();
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].missing().empty()) return "opencl:" + std::to_string(i);
  return "";
}

class NodesOnOpenCl : public testing::TestWithParam<std::string> {};

TEST_P(NodesOnOpenCl, HaveTheBitsOfTheCpu) {
  const std::string device = device_name();
  if (device.empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const test::ModelCase c = test::load_model_case(GetParam(), 3);
  const CompareReport report =
      compare(c.model, "cpu", device, test::take_batch(c, 3, 0), {.per_node = true});
  EXPECT_GT(report.nodes.size(), 1u);
  EXPECT_EQ(report.unchecked, 0);
  for (const auto* list : {&report.nodes, &report.outputs})
    for (const NodeDifference& node : *list) {
      EXPECT_EQ(node.difference.unequal_bits, 0) << node.name << ": " << node.output;
      EXPECT_TRUE(node.difference.same_shape) << node.name << ": " << node.output;
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, NodesOnOpenCl, testing::ValuesIn(test::model_case_names()),
                         [](const auto& info) { return info.param; });

// What the command prints, in this process, whose functions of OpenCL can be replaced.
json bisected(const std::string& device, int& code) {
  CLI::App app;
  Action action;
  add_compare(app, action);
  app.parse("compare " ENGINE_SOURCE_DIR "/models/top_tagger_resnet.onnx --a cpu --b " + device +
            " --random --per-node --bisect --json --rtol 0 --atol 0");
  testing::internal::CaptureStdout();
  code = action();
  std::fflush(stdout);
  return json::parse(testing::internal::GetCapturedStdout(), nullptr, false);
}

TEST(Bisect, FindsAWrongKernel) {
  const std::string device = device_name();
  if (device.empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  int code = -1;
  EXPECT_TRUE(bisected(device, code)["first_difference"].is_null());
  EXPECT_EQ(code, kGood);
  const WrongKernel wrong("max_pool", "average_pool");
  const json first = bisected(device, code)["first_difference"];
  EXPECT_EQ(code, kFailed);
  ASSERT_TRUE(first.is_object());
  EXPECT_EQ(first["op"], "MaxPool");
  EXPECT_TRUE(first["alone"].get<bool>());
}

}  // namespace
}  // namespace engine::tools
