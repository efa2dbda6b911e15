#include "graph/planner/stretches.h"

#include <gtest/gtest.h>

namespace engine::graph {
namespace {

constexpr std::size_t kNear = 1000;

StepTraffic step(std::size_t samples, std::size_t sample, std::size_t shared = 0) {
  return {true, samples, sample, shared};
}

TEST(Stretches, NoneWhereTheBatchStaysClose) {
  EXPECT_TRUE(choose_stretches({step(10, 100), step(10, 100)}, kNear).empty());
  EXPECT_TRUE(choose_stretches({}, kNear).empty());
}

TEST(Stretches, AsManySamplesAsStayCloseInAllSteps) {
  const auto list = choose_stretches({step(100, 100), step(100, 250), step(100, 50)}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].first, 0u);
  EXPECT_EQ(list[0].last, 2u);
  EXPECT_EQ(list[0].piece, 4u);
  EXPECT_EQ(list[0].pieces(), 25u);
}

TEST(Stretches, OneSampleAtATimeWhereNoneStaysClose) {
  const auto list = choose_stretches({step(8, 5000), step(8, 4000)}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].piece, 1u);
}

TEST(Stretches, EndWhereWeightsOutweighSamples) {
  const auto list =
      choose_stretches({step(8, 5000), step(8, 4000, 3000), step(8, 4000, 9000)}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].last, 1u);
}

TEST(Stretches, OneStepAloneGainsNothing) {
  EXPECT_TRUE(choose_stretches({step(8, 5000), step(8, 100, 90000)}, kNear).empty());
  EXPECT_TRUE(choose_stretches({step(8, 5000), {}, step(8, 5000)}, kNear).empty());
}

TEST(Stretches, EndWhereTheBatchChanges) {
  const auto list = choose_stretches(
      {step(8, 5000), step(8, 5000), step(16, 5000), step(16, 5000), {}, step(16, 5000)}, kNear);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].last, 1u);
  EXPECT_EQ(list[1].first, 2u);
  EXPECT_EQ(list[1].last, 3u);
}

TEST(Stretches, PiecesAreNotTooMany) {
  const auto list = choose_stretches({step(1000, 5000), step(1000, 5000)}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].piece, 16u);
  EXPECT_EQ(list[0].pieces(), 63u);
}

TEST(Stretches, EndBeforeAStepThatReadsAWholeTensorMadeInside) {
  StepTraffic reader = step(8, 5000);
  reader.whole = 1;
  const auto list =
      choose_stretches({step(8, 5000), step(8, 5000), reader, step(8, 5000), step(8, 5000)}, kNear);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].last, 1u);
  EXPECT_EQ(list[1].first, 2u);
}

TEST(Stretches, ASmallerPieceIsWorthItForTheStepsBeforeToo) {
  const auto list = choose_stretches({step(64, 100, 1000), step(64, 90), step(64, 900)}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].last, 1u);
  EXPECT_EQ(list[0].piece, 10u);
}

TEST(Stretches, AViewIsNoStep) {
  StepTraffic view = step(8, 0);
  view.is_view = true;
  EXPECT_TRUE(choose_stretches({step(8, 5000), view}, kNear).empty());
  const auto list = choose_stretches({view, step(8, 5000), view, step(8, 5000), view}, kNear);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].first, 1u);
  EXPECT_EQ(list[0].last, 3u);
}

}  // namespace
}  // namespace engine::graph
