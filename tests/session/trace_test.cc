// The trace is JSON that says what the profile says.
#include <engine/profile.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace engine {
namespace {

TEST(Trace, IsOneEventPerNodeAndRun) {
  Profile profile;
  profile.nodes.push_back(
      {"conv \"1\"\n\xff", "Conv+Relu", "conv[avx2]", 4000, 100, {0, 5000}, {2000, 1500}});
  profile.nodes.push_back({"", "Softmax", "softmax", 0, 0, {2000, 6500}, {0, 1}});
  const auto trace = nlohmann::json::parse(to_trace_json(profile));
  int events = 0;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    ++events;
    EXPECT_GE(event["dur"].get<double>(), 0);
  }
  EXPECT_EQ(events, 4);
  const auto& first = trace["traceEvents"][2];
  EXPECT_EQ(first["cat"], "Conv+Relu");
  EXPECT_EQ(first["dur"], 2.0);
  EXPECT_EQ(first["args"]["gflops_per_s"], 2.0);
}

TEST(Trace, OfNothingIsStillATrace) {
  EXPECT_TRUE(nlohmann::json::parse(to_trace_json({})).contains("traceEvents"));
}

}  // namespace
}  // namespace engine
