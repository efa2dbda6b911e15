// The search finds the best of each parameter, believes no noise, and can be continued.
#include "tuning/search.h"

#include <gtest/gtest.h>

namespace engine::tuning {
namespace {

ops::Tunable layer() { return {"layer", {{"a", 4}, {"b", 1}}, {{"a", {8, 4, 2}}, {"b", {1, 3}}}}; }

// The time of a made-up kernel: 0 stands for "not named".
double time_of(const ops::Choice& choice, double of_a2, double of_b3) {
  double time = 100;
  if (const auto a = choice.find("a"); a != choice.end()) time *= a->second == 2 ? of_a2 : 1.3;
  if (const auto b = choice.find("b"); b != choice.end()) time *= of_b3;
  return time;
}

void finish(Search& search, double of_a2, double of_b3) {
  while (!search.finished())
    search.judge(time_of(search.incumbent(), of_a2, of_b3) /
                 time_of(search.challenger(), of_a2, of_b3));
}

TEST(Search, FindsTheBestAndHowMuchItIsWorth) {
  Search search(layer());
  finish(search, 0.8, 0.5);
  EXPECT_EQ(search.entry().choice, (ops::Choice{{"a", 2}, {"b", 3}}));
  EXPECT_NEAR(search.entry().speedup, 2.5, 1e-9);
  EXPECT_EQ(search.entry().steps, search.steps());
}

TEST(Search, DefaultsStayUnlessClearlySlower) {
  Search search(layer());
  finish(search, 0.99, 0.985);
  EXPECT_TRUE(search.entry().choice.empty());
  EXPECT_EQ(search.entry().speedup, 1);
}

TEST(Search, WhatDoesNotHoldAgainstTheDefaultsIsDropped) {
  Search search(layer());
  while (search.entry().steps + 1 < search.steps()) search.judge(1.5);
  EXPECT_FALSE(search.entry().choice.empty());
  EXPECT_TRUE(search.incumbent().empty());
  search.judge(1.01);
  EXPECT_TRUE(search.finished());
  EXPECT_TRUE(search.entry().choice.empty());
}

TEST(Search, GoesOnWhereItStopped) {
  Search first(layer());
  first.judge(0.9);
  first.judge(1.25);
  Search second(layer(), first.entry());
  EXPECT_EQ(second.challenger(), first.challenger());
  EXPECT_EQ(second.incumbent(), (ops::Choice{{"a", 2}}));
  finish(second, 0.8, 0.5);
  EXPECT_NEAR(second.entry().speedup, 2.5, 1e-9);
}

TEST(Search, DoneOrImpossibleCountsAreTaken) {
  EXPECT_TRUE(Search(layer(), {{}, 1 << 30, 1}).finished());
  EXPECT_FALSE(Search(layer(), {{}, -5, 1}).finished());
  EXPECT_TRUE(Search({"nothing to choose", {}, {}}).finished());
}

}  // namespace
}  // namespace engine::tuning
