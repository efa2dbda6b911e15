// Depthwise convolutions of blocked tensors: each width of tile, and taps that lie side by side.
#include "support/conv_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace engine::test {
namespace {

using numerics::Activation;

// `extra` of Conv beside filters of kernel x kernel; 19 channels end inside a block.
void check_widths(Index kernel, std::vector<std::pair<std::string, ops::Attribute>> extra,
                  Index channels = 19, bool residual = false,
                  Activation activation = Activation::kRelu) {
  extra.emplace_back("pads", std::vector<Index>(4, kernel / 2));
  for (Index width = kernel; width <= 27; ++width)
    check_bits(conv_case({channels, {kernel, width}, channels, {kernel, kernel}, channels, extra},
                         1, residual, activation));
}

std::pair<std::string, ops::Attribute> both(const char* name, Index value) {
  return {name, std::vector<Index>{value, value}};
}

TEST(ConvDepthwiseBlocked, WidthsOfTilesWithTapsSideBySide) {
  for (const Index kernel : {3, 5})
    for (const Index stride : {1, 2}) check_widths(kernel, {both("strides", stride)});
}

TEST(ConvDepthwiseBlocked, WidthsOfTilesWithAnyTaps) {
  check_widths(2, {});
  check_widths(3, {both("strides", 3)});
  check_widths(3, {both("dilations", 2)});
  check_widths(3, {}, 5);  // a block of fewer than 16 channels
}

TEST(ConvDepthwiseBlocked, ResidualAndActivation) {
  for (const Activation activation :
       {Activation::kIdentity, Activation::kRelu, Activation::kHardSwish, Activation::kClip})
    for (const bool residual : {false, true}) {
      check_widths(3, {}, 19, residual, activation);
      check_widths(3, {}, 5, residual, activation);
    }
}

TEST(ConvDepthwiseBlocked, NoBiasKeepsNegativeZero) {
  // The smallest denormal by -0.25 rounds to -0, which +0 as a bias would turn into +0.
  Tensor x(DType::kFloat32, {1, 16, 3, 9}), w(DType::kFloat32, {16, 1, 3, 3});
  std::ranges::fill(x.mutable_values<float>(), std::numeric_limits<float>::denorm_min());
  std::ranges::fill(w.mutable_values<float>(), -0.01f);
  check_bits({"no bias", make_operator("", "Conv", attributes({{"group", Index{16}}})), {x, w}, 2});
}

}  // namespace
}  // namespace engine::test
