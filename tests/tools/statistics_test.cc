// Medians, the interval of a ratio, and what it is taken for.
#include "tools/bench/rounds.h"
#include "tools/bench/statistics.h"

#include <gtest/gtest.h>

#include <random>

namespace engine::tools {
namespace {

using Values = std::vector<double>;

Values noisy(double around, double spread, std::size_t count, unsigned seed) {
  std::mt19937_64 bits(seed);
  Values values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(around * (1 + spread * (static_cast<double>(bits() >> 11) * 0x1p-53 - 0.5)));
  return values;
}

TEST(Statistics, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(median(Values{3}), 3);
  EXPECT_EQ(median(Values{5, 1, 3}), 3);
  EXPECT_EQ(median(Values{4, 1, 3, 10}), 3.5);
}

TEST(Statistics, FewValuesGiveTheirWholeRange) {
  const Ratio ratio = ratio_of_medians(Values{2, 4, 3}, Values{1, 2});
  EXPECT_DOUBLE_EQ(ratio.value, 2);
  EXPECT_DOUBLE_EQ(ratio.low, 1);
  EXPECT_DOUBLE_EQ(ratio.high, 4);
}

TEST(Statistics, EqualValuesLeaveNoDoubt) {
  const Values a(9, 30), b(9, 20);
  const Ratio ratio = ratio_of_medians(a, b);
  EXPECT_DOUBLE_EQ(ratio.low, 1.5);
  EXPECT_DOUBLE_EQ(ratio.high, 1.5);
}

// Of a thousand comparisons of the same with the same, about one in twenty may deny it; medians of
// few values are coarse, so allow for twice that.
TEST(Statistics, IntervalHoldsTheTruthAboutAsOftenAsItSays) {
  int missed = 0;
  for (unsigned i = 0; i < 1000; ++i) {
    const Ratio ratio =
        ratio_of_medians(noisy(100, 0.1, 9, 2 * i + 1), noisy(80, 0.1, 9, 2 * i + 2));
    EXPECT_LE(ratio.low, ratio.value);
    EXPECT_GE(ratio.high, ratio.value);
    missed += ratio.low > 1.25 || ratio.high < 1.25;
  }
  EXPECT_LT(missed, 100);
  EXPECT_GT(missed, 5);
}

TEST(Statistics, NoiseIsAShareOfTheMedian) {
  EXPECT_EQ(noise_of(Values(9, 30)), 0);
  EXPECT_DOUBLE_EQ(noise_of(Values{9, 10, 11}), 0.1);
  const double noise = noise_of(noisy(100, 0.1, 9, 3));
  EXPECT_GT(noise, 0.001);
  EXPECT_LT(noise, 0.05);
}

TEST(Statistics, VerdictNeedsTheWholeInterval) {
  EXPECT_EQ(verdict_of({1.2, 1.1, 1.3}, 0.01), Verdict::kFaster);
  EXPECT_EQ(verdict_of({0.8, 0.7, 0.9}, 0.01), Verdict::kSlower);
  EXPECT_EQ(verdict_of({1.2, 0.99, 1.5}, 0.01), Verdict::kSame);
  EXPECT_EQ(verdict_of({1.02, 1.01, 1.03}, 0.05), Verdict::kSame);
  EXPECT_EQ(to_string(Verdict::kSlower), "slower");
}

TEST(Rounds, TakeTurns) {
  std::vector<int> order;
  const auto subject = [&](int name) {
    return [&order, name](Index) {
      if (order.empty() || order.back() != name) order.push_back(name);
    };
  };
  int rounds = 0;
  std::vector<std::size_t> begun, finished;
  RoundOptions options;
  options.rounds = 3;
  options.seconds = 0.003;
  options.before_round = [&](int) { ++rounds; };
  options.before_turn = [&](std::size_t i) { begun.push_back(i); };
  options.after_turn = [&](std::size_t i) { finished.push_back(i); };
  const auto times = measure_in_turns({subject(1), subject(2)}, options);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(begun, (std::vector<std::size_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(finished, begun);
  ASSERT_EQ(times.size(), 2u);
  for (const auto& of_subject : times) {
    ASSERT_EQ(of_subject.size(), 3u);
    for (const double ns : of_subject) EXPECT_GT(ns, 0);
  }
}

}  // namespace
}  // namespace engine::tools
