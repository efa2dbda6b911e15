// Whole models on an OpenCL device: the bits of the CPU, and no operator on the host.
#include "ops/opencl/runtime/device.h"
#include "support/model_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace engine::test {
namespace {

// As a device name: the first that keeps the contract; empty if there is none.
std::string device_name() {
  const auto devices = opencl::Device::list();
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].missing().empty()) return "opencl:" + std::to_string(i);
  return "";
}

class OpenClModels : public testing::TestWithParam<std::string> {};

TEST_P(OpenClModels, EqualBitsWithoutFallback) {
  const std::string device = device_name();
  if (device.empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const ModelCase c = load_model_case(GetParam(), 3);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  const Session session(c.model, {.device = device, .threads = 1});
  const Tensors inputs = take_batch(c, 3, 0);
  EXPECT_EQ(compare_batch(session.run(inputs), alone, 3, 0), "");
  if (c.name == "boosted_trees" || c.name == "jet_tagger_skl2onnx") return;  // trees, ai.onnx.ml
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, input] : inputs) shapes.emplace(name, input.shape());
  BoundCall bound = session.bind(shapes);
  for (const auto& [name, input] : inputs)
    if (input.dtype() == DType::kInt32)
      std::ranges::copy(input.values<std::int32_t>(), bound.input<std::int32_t>(name).begin());
    else std::ranges::copy(input.values<float>(), bound.input<float>(name).begin());
  Profile profile;
  ASSERT_TRUE(bound.run(profile).ok());
  for (const NodeProfile& node : profile.nodes)
    EXPECT_FALSE(node.kernel.ends_with("on the host")) << node.name << ": " << node.kernel;
}

INSTANTIATE_TEST_SUITE_P(Cases, OpenClModels, testing::ValuesIn(model_case_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace engine::test
