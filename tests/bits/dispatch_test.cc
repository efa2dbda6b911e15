// Which kernels run on which machine. Worth most where instruction sets are missing: under
// emulation (scripts/test-emulated).
#include "support/model_case.h"
#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace engine::test {
namespace {

TEST(Dispatch, CpuIsTheBestThereIs) {
  const ModelCase c = load_model_case("jet_tagger", 1);
  const std::string device = Session(c.model).device();
  EXPECT_EQ(device, std::string("cpu:") + to_string(best_isa()));
  const std::vector<std::string> available = cpu_devices();
  EXPECT_NE(std::ranges::find(available, device), available.end());
  if (const char* wanted = std::getenv("ENGINE_EXPECT_DEVICE")) {
    EXPECT_EQ(device, wanted);
  }
}

TEST(Dispatch, MissingInstructionSetsAreAnError) {
  const ModelCase c = load_model_case("jet_tagger", 1);
  const std::vector<std::string> available = cpu_devices();
  for (const DeviceInfo& device : devices()) {
    if (!device.name.starts_with("cpu:")) continue;
    const bool there = std::ranges::find(available, device.name) != available.end();
    EXPECT_EQ(device.available, there);
    if (there) continue;
    try {
      Session(c.model, {.device = device.name});
      ADD_FAILURE() << device.name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNotFound) << error.what();
    }
  }
}

}  // namespace
}  // namespace engine::test
