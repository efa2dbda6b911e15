// Choices for convolutions: whatever a table says, the bits are those of the defaults.
#include "ops/cpu/conv_choice.h"

#include "base/fp_state.h"
#include "support/bit_cases.h"
#include "support/bound_case.h"
#include "support/conv_case.h"
#include "support/random_choice.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace engine::test {
namespace {

using cpu::ConvSize;
using cpu::WinogradSize;

constexpr ConvSize kSize = {.isa = Isa::kScalar,
                            .batch = 8,
                            .height = 56,
                            .width = 56,
                            .filter_blocks = 16,
                            .weight_floats = Index{1} << 22,
                            .window_floats = Index{1} << 16,
                            .threads = 1};
constexpr WinogradSize kWinograd = {.points = 36,
                                    .tiles = 1568,
                                    .channel_blocks = 4,
                                    .filter_blocks = 4,
                                    .width = 14,
                                    .threads = 1};

std::vector<OperatorCase> convolutions() {
  std::vector<OperatorCase> list;
  for (const BitCase& c : bit_cases())
    if (std::string_view(c.make(1).op->name()) == "Conv") list.push_back(c.make(3));
  const auto add = [&](const test::ConvSize& size, bool residual) {
    list.push_back(conv_case(size, 5, residual, numerics::Activation::kRelu));
  };
  for (const Index filters : {48, 72, 96}) add({40, {9, 11}, filters, {1, 1}}, true);
  add({33, {17, 14}, 50, {3, 3}, 1, {{"pads", std::vector<Index>{1, 1, 1, 1}}}}, false);
  add({40, {18, 21}, 70, {3, 3}, 1, {{"pads", std::vector<Index>{1, 1, 1, 1}}}, true, false, 4},
      true);
  add({64, {13, 13}, 48, {3, 3}, 1, {{"pads", std::vector<Index>{1, 1, 1, 1}}}, true, false, 2},
      false);
  return list;
}

std::vector<Tensor> run_with(const OperatorCase& c, const ops::Backend& backend, int threads,
                             std::mt19937* bits) {
  const FpState fp;
  Pool pool(threads, nullptr);
  BoundCase bound(c, backend);
  bound.block(pool);
  bound.bind(pool);
  const auto layer = bound.kernel().tunable();
  if (layer && bits) {
    const ops::TuningTable table = {{layer->layer, random_choice(*layer, *bits)}};
    bound.bind(pool, &table);
  }
  bound.run(pool);
  return bound.take_outputs(pool);
}

TEST(ConvChoice, NeverMovesABit) {
  std::mt19937 bits(4);
  for (const OperatorCase& c : convolutions())
    for (const Isa isa : available_isas()) {
      const auto backend = cpu::make_backend(isa);
      const std::vector<Tensor> wanted = run_with(c, *backend, 1, nullptr);
      for (int threads = 1; threads <= 3; ++threads)
        for (int draw = 0; draw < 6; ++draw)
          ASSERT_EQ(compare_bits(run_with(c, *backend, threads, &bits)[0], wanted[0]), "")
              << c.name << " on " << to_string(isa) << ", " << threads << " threads";
    }
}

TEST(ConvChoice, TablesAreTaken) {
  const OperatorCase c = conv_case({40, {9, 11}, 72, {3, 3}}, 2);
  const auto backend = cpu::make_backend(Isa::kScalar);
  Pool pool(1, nullptr);
  BoundCase bound(c, *backend);
  ASSERT_TRUE(bound.block(pool));
  bound.bind(pool);
  const auto layer = bound.kernel().tunable();
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->layer,
            "conv_blocked[scalar] 2x40x9x11 to 72x7x9 by 3x3 stride 1x1 dilation 1x1 threads 1");
  EXPECT_EQ(layer->defaults.size(), layer->parameters.size());
  for (const ops::Parameter& p : layer->parameters) EXPECT_TRUE(layer->defaults.contains(p.name));
}

TEST(ConvChoice, ValuesAreBroughtIntoLimits) {
  for (const Index value : {std::numeric_limits<Index>::min(), Index{-1}, Index{0}, Index{1} << 40,
                            std::numeric_limits<Index>::max()}) {
    const ops::Choice all = {
        {"pixels", value}, {"blocks", value}, {"group", value}, {"slice", value}, {"tiles", value}};
    for (const Isa isa : available_isas()) {
      cpu::ConvSize size = kSize;
      size.isa = isa;
      const cpu::ConvChoice direct = cpu::make_choice(size, &all);
      EXPECT_NE(cpu::conv_tile_function(isa, 1, direct.pixels, direct.blocks), nullptr) << value;
      EXPECT_TRUE(direct.group >= 1 && direct.group <= size.tiles(1) * 8) << value;
    }
    const cpu::WinogradChoice form = cpu::make_choice(kWinograd, &all);
    EXPECT_TRUE(form.slice >= 1 && form.slice <= 4) << value;
    EXPECT_GE(form.tiles, 1) << value;
    EXPECT_LE(form.tiles * form.slice, Index{1} << 20) << value;
  }
}

TEST(ConvChoice, WhatIsNotNamedIsTheDefault) {
  const ops::Choice none;
  EXPECT_EQ(cpu::make_choice(kSize, &none).group, cpu::default_choice(kSize).group);
  EXPECT_EQ(cpu::make_choice(kSize, nullptr).pixels, 1);
  EXPECT_EQ(cpu::make_choice(kWinograd, &none).tiles, cpu::default_choice(kWinograd).tiles);
}

TEST(ConvChoice, GroupsFillRegisterTiles) {
  WinogradSize size = {.points = 16,
                       .tiles = 28,
                       .channel_blocks = 1,
                       .filter_blocks = 1,
                       .width = 14,
                       .threads = 1};
  EXPECT_EQ(cpu::default_choice(size).tiles, 28);
  size.channel_blocks = 1 << 12;  // no group stays near: the fewest that may be
  EXPECT_EQ(cpu::default_choice(size).tiles, 14);
}

TEST(ConvChoice, ThreadsHaveGroupsOfTheirOwn) {
  WinogradSize size = {.points = 16,
                       .tiles = 49,
                       .channel_blocks = 1,
                       .filter_blocks = 1,
                       .width = 14,
                       .threads = 1};
  EXPECT_EQ(cpu::default_choice(size).tiles, 49);
  size.threads = 2;
  EXPECT_EQ(cpu::default_choice(size).tiles, 25);
  size.tiles = 16;  // few: all threads read all filters, which costs more than to share a group
  EXPECT_EQ(cpu::default_choice(size).tiles, 16);
}

TEST(ConvChoice, GroupsStayNear) {
  ConvSize few = kSize;  // all filters stay in the first-level cache
  few.weight_floats = 1024;
  EXPECT_EQ(cpu::default_choice(few).group, 1);
  ConvSize small = kSize;
  small.window_floats = 64;
  EXPECT_EQ(cpu::default_choice(small).group, small.tiles(1) * small.batch);
  ConvSize far = kSize;  // not even one tile stays near
  far.window_floats = Index{1} << 40;
  EXPECT_EQ(cpu::default_choice(far).group, 1);
}

TEST(ConvChoice, ThreadsPartWhatIsLarger) {
  ConvSize size = kSize;
  size.threads = 2;
  const cpu::ConvChoice choice = cpu::default_choice(size);
  EXPECT_FALSE(cpu::parts_tiles(size, choice));  // the filters
  size.weight_floats = 1024;
  EXPECT_TRUE(cpu::parts_tiles(size, choice));  // the pixels
  size.weight_floats = Index{1} << 40;
  size.filter_blocks = 1;  // cannot be parted
  EXPECT_TRUE(cpu::parts_tiles(size, choice));
}

}  // namespace
}  // namespace engine::test
