// Choices for products: whatever a table says, the bits are those of the defaults.
#include "ops/opencl/tiles.h"

#include "base/fp_state.h"
#include "support/bit_cases.h"
#include "support/bound_case.h"
#include "support/conv_case.h"
#include "support/random_choice.h"
#include "session/session_impl.h"
#include "support/model_case.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <optional>
#include <random>

namespace engine::test {
namespace {

std::shared_ptr<opencl::Device> open_device() {
  const auto devices = opencl::Device::list();
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].missing().empty()) return opencl::Device::open(std::to_string(i));
  return nullptr;
}

class TileChoices : public testing::Test {
 protected:
  void SetUp() override {
    if (!device_) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }
  std::shared_ptr<opencl::Device> device_ = open_device();
};

std::vector<OperatorCase> products() {
  std::vector<OperatorCase> list;
  for (const BitCase& c : bit_cases()) {
    const std::string_view name = c.make(1).op->name();
    if (name == "Conv" || name == "Dense" || name == "MatMul") list.push_back(c.make(3));
  }
  const std::vector<Index> pads = {1, 1, 1, 1};
  const auto add = [&](const ConvSize& size) {
    list.push_back(conv_case(size, 5, true, numerics::Activation::kRelu));
  };
  add({40, {9, 11}, 96, {1, 1}});
  add({32, {64, 66}, 32, {1, 1}});  // in several launches on CPUs
  add({33, {17, 14}, 50, {3, 3}, 1, {{"pads", pads}}});
  add({40, {18, 21}, 70, {3, 3}, 1, {{"pads", pads}}, true, false, 4});
  return list;
}

// The first output, and what may be chosen for the kernel. `bits` draw a choice, if there are any.
Tensor run_with(const OperatorCase& c, const ops::Backend& backend, std::mt19937* bits,
                std::optional<ops::Tunable>& layer) {
  const FpState fp;
  Pool pool(1, nullptr);
  BoundCase bound(c, backend);
  bound.block(pool);
  bound.bind(pool);
  layer = bound.kernel().tunable();
  if (layer && bits) {
    const ops::TuningTable table = {{layer->layer, random_choice(*layer, *bits)}};
    bound.bind(pool, &table);
  }
  bound.run(pool);
  return bound.take_outputs(pool)[0];
}

TEST_F(TileChoices, NeverMoveABit) {
  const auto backend = opencl::make_backend(device_, cpu::make_backend(best_isa()));
  std::mt19937 bits(4);
  int tuned = 0;
  for (const OperatorCase& c : products()) {
    std::optional<ops::Tunable> layer;
    const Tensor wanted = run_with(c, *backend, nullptr, layer);
    if (!layer) continue;  // on the host, or one filter per channel
    ASSERT_EQ(compare_bits(wanted, run_evaluate(c)[0]), "") << c.name;
    for (int draw = 0; draw < 4; ++draw, ++tuned)
      ASSERT_EQ(compare_bits(run_with(c, *backend, &bits, layer), wanted), "") << c.name;
  }
  EXPECT_GT(tuned, 100);
}

TEST_F(TileChoices, NeverMoveABitOfAModel) {
  const ModelCase c = load_model_case("top_tagger_resnet", 3);
  const Session session(c.model, {.device = "opencl", .tuning = "off"});
  const Tensors inputs = take_batch(c, 3, 0), wanted = session.run(inputs);
  const Session::Impl& impl = *session.impl();
  const std::vector<Tensor> ordered = impl.ordered(inputs);
  const std::vector<Shape> shapes = shapes_of(ordered);
  const auto plan = graph::make_plan(impl.program, shapes, 1, impl.options.max_bytes);
  std::mt19937 bits(6);
  for (int draw = 0; draw < 6; ++draw) {
    ops::TuningTable table;
    for (const graph::Step& step : plan->steps)
      if (const auto layer = step.kernel->tunable())
        table[layer->layer] = random_choice(*layer, bits);
    ASSERT_GT(table.size(), 5u);
    graph::Context context(
        graph::make_plan(impl.program, shapes, 1, impl.options.max_bytes, &table), *impl.pool);
    for (std::size_t i = 0; i < ordered.size(); ++i)
      std::memcpy(context.input(i), ordered[i].data(), ordered[i].bytes());
    ASSERT_TRUE(context.run().ok());
    const Tensor& output = wanted.begin()->second;
    EXPECT_EQ(std::memcmp(context.output(0), output.data(), output.bytes()), 0) << draw;
  }
}

const opencl::Tile kMenu[] = {{7, 4, "a"}, {14, 2, "b"}, {6, 2, "c"}, {14, 1, "d"}};

std::string tile(Index rows, Index blocks, const ops::Choice& choice = {}) {
  return opencl::choose_tile(kMenu, {rows, blocks, 64, 1, &choice}).kernel;
}

TEST(Tiles, TheLeastBeyondTheWorkIsComputed) {
  EXPECT_EQ(tile(14, 4), "a");
  EXPECT_EQ(tile(12, 2), "c");
  EXPECT_EQ(tile(12, 1), "d");
}

TEST(Tiles, WhatIsComputedCostsMoreInSomeTiles) {
  const opencl::Tile menu[] = {{2, 2, "a", 120}, {6, 1, "b"}};
  EXPECT_STREQ(opencl::choose_tile(menu, {3136, 4, 64}).kernel, "b");
  EXPECT_STREQ(opencl::choose_tile(menu, {2, 4, 64}).kernel, "a");
}

TEST(Tiles, ChoicesAreTakenAsFarAsTheyGo) {
  EXPECT_EQ(tile(14, 4, {{"blocks", 1}}), "d");
  EXPECT_EQ(tile(14, 4, {{"blocks", 2}, {"rows", 6}}), "c");
  EXPECT_EQ(tile(14, 4, {{"rows", 6}}), "c");
  EXPECT_EQ(tile(14, 4, {{"blocks", 2}, {"rows", 7}}), "b");  // of two blocks the one that fits
  EXPECT_EQ(tile(14, 1, {{"blocks", 4}}), "d");
  EXPECT_EQ(tile(14, 4, {{"blocks", -1}, {"rows", 1 << 20}}), "a");
}

TEST_F(TileChoices, GroupsDivideTheGridAndFitTheDevice) {
  const std::map<Index, std::size_t> expected = {{-3, 1}, {1, 1}, {2, 2}, {4, 3}, {5, 5}};
  for (const Index wanted : {-3, 1, 2, 4, 5, 1 << 20}) {
    const ops::Choice choice = {{"group", wanted}};
    opencl::Launch launch{"", "", {}};
    opencl::set_tiles(*device_, kMenu[0], {70, 4, 64, 3, &choice}, launch);
    EXPECT_EQ(launch.items[1], 30u);
    EXPECT_EQ(launch.items[1] % launch.group[1], 0u);
    EXPECT_LE(launch.group[0] * launch.group[1], device_->facts().largest_group);
    if (const auto group = expected.find(wanted); group != expected.end()) {
      EXPECT_EQ(launch.group[1], group->second);
    }
  }
}

TEST_F(TileChoices, ShortTilesGoTogether) {
  const bool is_cpu = device_->facts().is_cpu();
  const auto group = [&](Index terms, Index rows) {
    return opencl::tile_choices(*device_, kMenu, {rows, 4, terms}, "layer").defaults.at("group");
  };
  EXPECT_EQ(group(16, 1 << 16), is_cpu ? 16 : 1);
  EXPECT_EQ(group(4608, 1 << 16), 1);
  EXPECT_EQ(group(16, 7), 1);  // one tile
}

TEST_F(TileChoices, PartsOfALaunchAreAllOfIt) {
  const opencl::TiledWork work{70, 4, 64, 3};
  opencl::Launch launch{"", "", {}};
  opencl::set_tiles(*device_, kMenu[0], work, launch);
  const auto parts = opencl::in_parts(*device_, work, launch, 13);
  ASSERT_EQ(parts.size(), 3u);
  std::size_t next = 0;
  for (const opencl::Launch& part : parts) {
    EXPECT_EQ(part.first[1], next);
    EXPECT_LE(part.items[1], 13u);
    next += part.items[1];
  }
  EXPECT_EQ(next, launch.items[1]);
}

TEST_F(TileChoices, AreNamedWithDefaults) {
  const ops::Tunable layer = opencl::tile_choices(*device_, kMenu, {12, 2, 64}, "layer");
  EXPECT_EQ(layer.defaults, (ops::Choice{{"rows", 6}, {"blocks", 2}, {"group", 1}}));
  ASSERT_EQ(layer.parameters.size(), 3u);
  EXPECT_EQ(layer.parameters[0].values, (std::vector<Index>{2, 1}));
  EXPECT_EQ(layer.parameters[1].values, (std::vector<Index>{14, 6}));
}

}  // namespace
}  // namespace engine::test
