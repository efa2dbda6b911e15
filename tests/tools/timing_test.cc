// Statistics of times, and the advice drawn from them.
#include "tools/bench/cost.h"
#include "tools/bench/timing.h"

#include <gtest/gtest.h>

namespace engine::tools {
namespace {

TEST(Timing, QuantilesAreElements) {
  std::vector<double> values = {5, 1, 4, 2, 3};
  EXPECT_EQ(quantile(values, 0.5), 3);
  EXPECT_EQ(quantile(values, 0), 1);
  EXPECT_EQ(quantile(values, 0.99), 5);
}

TEST(Timing, ShortRunsAreGroupedAndAllAreCounted) {
  Index runs = 0;
  const Timing timing = measure([&](Index n) { runs += n; }, 0.05);
  EXPECT_GT(timing.runs_per_sample, 1);
  EXPECT_GT(timing.runs, 0);
  EXPECT_LE(timing.runs, runs);
  EXPECT_LE(timing.min_ns, timing.median_ns);
  EXPECT_LE(timing.median_ns, timing.p99_ns);
}

TEST(Cost, SharesAddUpAndTheRoofIsTheSum) {
  Profile profile;
  profile.nodes.push_back({"a", "Conv", "conv", 1000, 10, {0, 0, 0}, {30, 10, 20}});
  profile.nodes.push_back({"b", "Relu", "relu", 0, 100, {0, 0, 0}, {20, 20, 20}});
  tuning::MachinePeak peak;
  peak.flops = 100e9;
  peak.levels = {{"memory", 1e18, 10e9}};
  const ModelCost cost = cost_of(profile, peak);
  EXPECT_EQ(cost.flops, 1000);
  EXPECT_EQ(cost.nodes_ns, 40);
  EXPECT_EQ(cost.least_ns, 20);
  EXPECT_EQ(cost.nodes[0].share, 0.5);
  EXPECT_EQ(cost.nodes[0].roofline, 0.5);
  EXPECT_TRUE(cost.nodes[1].memory_bound);
  EXPECT_EQ(cost.nodes[1].floor_ns, 10);
  EXPECT_EQ(cost.nodes[0].rounds_ns, (std::vector<double>{30, 10, 20}));
}

TEST(Advice, NamesWhatToTry) {
  Timing timing;
  timing.median_ns = timing.p99_ns = 1e6;
  timing.stable = true;
  ModelCost cost;
  NodeCost conv;
  conv.name = "a";
  conv.op = "Conv";
  conv.kernel = "conv[avx2]";
  conv.median_ns = 1e6;
  conv.share = 1;
  cost.nodes.push_back(conv);
  cost.nodes_ns = 1e6;
  EXPECT_NE(advice({timing, cost, 1, 4, 1, "cpu:avx2"}).find("--threads 4"), std::string::npos);
  EXPECT_NE(advice({timing, cost, 4, 4, 1, "cpu:avx2"}).find("Conv takes 100%"), std::string::npos);
  cost.nodes[0].kernel = "generic";
  EXPECT_NE(advice({timing, cost, 1, 4, 1, "cpu:avx2"}).find("generic"), std::string::npos);
  EXPECT_NE(advice({timing, cost, 1, 4, 1, "reference"}).find("--device cpu"), std::string::npos);
}

}  // namespace
}  // namespace engine::tools
