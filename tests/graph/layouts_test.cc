// Which tensors lie blocked, and where they are reordered.
#include "graph/planner/layouts.h"

#include <gtest/gtest.h>

namespace engine::graph {
namespace {

using ops::Border;
using ops::LayoutOffer;

constexpr LayoutOffer kConv{.inputs = 1, .output = true, .preferred = true, .border = {1, 1, 1, 1}};
constexpr LayoutOffer kPool{.inputs = 1, .output = true, .border = {0, 0, 2, 0}};
constexpr LayoutOffer kPlain{};

// Values are 0 (the input), 1, 2, .. ; node i makes value i + 1.
struct Chain {
  Graph graph;
  std::vector<LayoutOffer> offers;

  Chain() { graph.values.resize(1); }
  Chain& node(LayoutOffer offer, std::vector<ValueId> inputs) {
    Node node;
    node.inputs = std::move(inputs);
    node.outputs = {static_cast<ValueId>(graph.values.size())};
    graph.values.emplace_back();
    graph.nodes.push_back(std::move(node));
    offers.push_back(offer);
    return *this;
  }
  Layouts choose(ValueId output) {
    graph.outputs = {output};
    std::vector<LayoutCandidate> candidates;
    for (std::size_t i = 0; i < offers.size(); ++i)
      candidates.push_back({&graph.nodes[i], offers[i]});
    return choose_layouts(graph, candidates);
  }
};

TEST(Layouts, OnlyBordersOfABlockedStretchAreReordered) {
  Chain chain;
  const Layouts l = chain.node(kConv, {0}).node(kPool, {1}).node(kConv, {2}).choose(3);
  EXPECT_FALSE(l.value[0].blocked);
  EXPECT_TRUE(l.value[1].blocked && l.value[2].blocked && l.value[3].blocked);
  ASSERT_EQ(l.copies.size(), 2u);
  EXPECT_EQ(l.copies[0].source, 0);
  EXPECT_EQ(l.copies[0].layout, (ops::Layout{true, {1, 1, 1, 1}}));
  EXPECT_EQ(l.value[1].border, (Border{0, 0, 2, 0}));
  EXPECT_EQ(l.copies[1].source, 3);
  EXPECT_FALSE(l.copies[1].layout.blocked);
  EXPECT_EQ(l.copy_of_output, std::vector<int>{1});
}

TEST(Layouts, WhatOnlyFollowsStaysPlainWithoutABlockedInput) {
  Chain chain;
  const Layouts l = chain.node(kPool, {0}).node(kPlain, {1}).choose(2);
  EXPECT_FALSE(l.value[1].blocked);
  EXPECT_TRUE(l.copies.empty());
}

TEST(Layouts, ATensorIsCopiedOnceForAllReaders) {
  Chain chain;
  const Layouts l =
      chain.node(kConv, {0}).node(kPlain, {1}).node(kPlain, {1}).node(kConv, {0}).choose(1);
  ASSERT_EQ(l.copies.size(), 2u);
  EXPECT_EQ(l.copy_of_input[1], l.copy_of_input[2]);
  EXPECT_EQ(l.copy_of_input[0], l.copy_of_input[3]);
  EXPECT_EQ(l.copy_of_output[0], l.copy_of_input[1][0]);
}

TEST(Layouts, TheBorderCoversAllReaders) {
  Chain chain;
  const Layouts l = chain.node(kConv, {0}).node(kConv, {1}).node(kPool, {1}).choose(3);
  EXPECT_EQ(l.value[1].border, (Border{1, 1, 2, 1}));
}

}  // namespace
}  // namespace engine::graph
