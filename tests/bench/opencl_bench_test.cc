// The benchmark of OpenCL devices measures what it says and reports it so that it can be read.
#include "tests/support/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace engine::bench {
namespace {

const std::string kProgram = "engine_bench_opencl ";

TEST(OpenClBench, ReportsAsJson) {
  const tools::Outcome outcome = tools::shell(kProgram + "--rounds 1 --json");
  if (outcome.code == 2) GTEST_SKIP() << outcome.err;
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_GT(json["empty_launch_ns"], 0.0);
  EXPECT_GT(json["engine_launch_ns"], 0.0);
  ASSERT_GT(json["products"].size(), 5u);
  for (const auto& product : json["products"]) EXPECT_GT(product["own_ns"], 0.0);
}

TEST(OpenClBench, RefusesBadInput) {
  for (const char* bad : {"--rounds 0", "--device nothing", "--unknown"})
    EXPECT_EQ(tools::shell(kProgram + bad).code, 2) << bad;
}

}  // namespace
}  // namespace engine::bench
