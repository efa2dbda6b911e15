// What `engine tune` does before it times a candidate: its bits must be those of the defaults.
#include "tools/tune/trials.h"

#include "ops/opencl/runtime/device.h"
#include "ops/opencl/small_models.h"
#include "ops/opencl/wrong_kernel.h"
#include "support/model_case.h"

#include <gtest/gtest.h>

namespace engine::tools {
namespace {

using test::WrongKernel;
using Layers = std::set<std::string>;

class TrialsOnOpenCl : public testing::Test {
 protected:
  void SetUp() override {
    const auto devices = opencl::Device::list();
    if (devices.empty() || !devices[0].missing().empty())
      GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
    narrow_ = devices[0].is_narrow();
    session_.emplace(case_.model, SessionOptions{.device = "opencl:0", .tuning = "off"});
    trials_.emplace(*session_, test::take_batch(case_, 2, 0));
  }

  // A layer that the tile of so many rows is not the default of.
  std::string layer_without(Index rows) const {
    for (const ops::Tunable& layer : trials_->layers())
      if (layer.layer.starts_with("conv[") && layer.defaults.at("rows") != rows) return layer.layer;
    return "";
  }

  const test::ModelCase case_ = test::load_model_case("top_tagger_resnet", 2);
  bool narrow_ = false;
  std::optional<Session> session_;
  std::optional<Trials> trials_;
};

TEST_F(TrialsOnOpenCl, EveryChoiceHasTheBitsOfTheDefaults) {
  ASSERT_GT(trials_->layers().size(), 5u);
  ops::TuningTable table;
  for (const ops::Tunable& layer : trials_->layers())
    for (const ops::Parameter& p : layer.parameters) table[layer.layer][p.name] = p.values.back();
  EXPECT_EQ(trials_->with_other_bits(table), Layers{});
}

TEST_F(TrialsOnOpenCl, AWrongCandidateIsNamedAndNoOther) {
  const Index rows = narrow_ ? 5 : 14;
  const std::string layer = layer_without(rows);
  ASSERT_NE(layer, "");
  const ops::TuningTable table = {{layer, {{"rows", rows}, {"blocks", 1}}}};
  EXPECT_EQ(trials_->with_other_bits(table), Layers{});
  constexpr cl_uint kLowerBound = 13;
  const test::WrongArgument wrong(narrow_ ? "conv_5x1" : "conv_14x1", kLowerBound, 1e30f);
  EXPECT_EQ(trials_->with_other_bits(table), Layers{layer});
}

TEST_F(TrialsOnOpenCl, ACandidateThatFailsIsNamed) {
  const Model model = test::small_conv();
  const Session session(model, {.device = "opencl:0", .tuning = "off"});
  const Trials trials(session, {{"x", test::random(DType::kFloat32, {1, 3, 6, 6}, 1)}});
  const std::string layer = trials.layers().at(0).layer;
  const WrongKernel wrong(narrow_ ? "conv_5x1" : "conv_14x1", "no such kernel");
  EXPECT_EQ(trials.with_other_bits({{layer, {{"rows", narrow_ ? 5 : 14}, {"blocks", 1}}}}),
            Layers{layer});
}

TEST(Trials, ChoicesOnTheCpuAreHeldAgainstTheDefaultsToo) {
  const test::ModelCase c = test::load_model_case("top_tagger_resnet", 2);
  const Session session(c.model, {.device = "cpu", .threads = 2, .tuning = "off"});
  const Trials trials(session, test::take_batch(c, 2, 0));
  ops::TuningTable table;
  for (const ops::Tunable& layer : trials.layers())
    for (const ops::Parameter& p : layer.parameters) table[layer.layer][p.name] = p.values.back();
  ASSERT_FALSE(table.empty());
  EXPECT_EQ(trials.with_other_bits(table), Layers{});
}

}  // namespace
}  // namespace engine::tools
