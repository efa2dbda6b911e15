// The roof is plausible: higher with wider vectors, and nothing farther away is faster.
#include "tuning/machine_peak.h"

#include <gtest/gtest.h>

namespace engine::tuning {
namespace {

TEST(MachinePeak, EveryAvailableInstructionSetHasOne) {
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (available(isa)) EXPECT_GT(peak_flops(isa, 1), 1e6) << to_string(isa);
    else EXPECT_EQ(peak_flops(isa, 1), 0) << to_string(isa);
  }
}

TEST(MachinePeak, RoofIsTheSlowerOfArithmeticAndTraffic) {
  MachinePeak peak;
  peak.flops = 100e9;
  peak.levels = {{"L1", 100, 200e9}, {"L2", 1000, 50e9}, {"memory", 1e18, 10e9}};
  EXPECT_DOUBLE_EQ(peak.least_ns(1000, 100, 100), 10);
  EXPECT_DOUBLE_EQ(peak.least_ns(0, 100, 100), 0.5);
  EXPECT_DOUBLE_EQ(peak.least_ns(1000, 1000, 1000), 20);
  EXPECT_DOUBLE_EQ(peak.least_ns(1000, 1000, 1001), 100);
  EXPECT_TRUE(peak.memory_bound(1000, 1000, 1000));
  EXPECT_FALSE(peak.memory_bound(1000, 100, 1000));
}

TEST(MachinePeak, MeasuresInOneGo) {
  const MachinePeak peak = measure_peak(best_isa(), 2);
  EXPECT_GT(peak.flops, 0);
  ASSERT_GE(peak.levels.size(), 3u);
  EXPECT_STREQ(peak.levels.back().name, "memory");
  EXPECT_GT(peak.levels.back().bytes_per_s, 0);
  for (std::size_t i = 1; i < peak.levels.size(); ++i) {
    EXPECT_LE(peak.levels[i].bytes_per_s, peak.levels[i - 1].bytes_per_s);
    EXPECT_GT(peak.levels[i].bytes, peak.levels[i - 1].bytes);
  }
}

TEST(MachinePeak, TheBetterOfTwoMeasurements) {
  MachinePeak peak, other;
  peak.flops = 3;
  peak.levels = {{"L1", 10, 7}, {"memory", 1e18, 2}};
  other.flops = 2;
  other.levels = {{"L1", 10, 8}, {"memory", 1e18, 1}};
  peak.raise(other);
  EXPECT_EQ(peak.flops, 3);
  EXPECT_EQ(peak.levels[0].bytes_per_s, 8);
  EXPECT_EQ(peak.levels[1].bytes_per_s, 2);
}

}  // namespace
}  // namespace engine::tuning
