// Ends of the sums of blocked convolutions: bias, residual and activation, whose last block may not
// be full.
#include "support/conv_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace engine::test {
namespace {

using numerics::Activation;

// Filters below a block, and filling, ending in, or ending behind a tile's blocks.
void check_ends(bool bias, bool residual, Activation activation) {
  for (const Index filters : {5, 16, 24, 39, 57})
    check_bits(conv_case({20, {5, 17}, filters, {1, 1}, 1, {}, bias}, 2, residual, activation));
  const std::pair<std::string, ops::Attribute> same = {"pads", std::vector<Index>(4, 1)};
  for (const Index tile : {2, 4})
    check_bits(conv_case({32, {9, 11}, 37, {3, 3}, 1, {same}, bias, false, tile}, 2, residual,
                         activation));
}

TEST(ConvBlocked, Ends) {
  for (const Activation activation :
       {Activation::kIdentity, Activation::kRelu, Activation::kHardSwish, Activation::kClip})
    for (const bool bias : {false, true})
      for (const bool residual : {false, true}) check_ends(bias, residual, activation);
}

TEST(ConvBlocked, NoBiasKeepsNegativeZero) {
  // The smallest denormal by -0.01 rounds to -0, which +0 as a bias would turn into +0.
  Tensor x(DType::kFloat32, {1, 16, 3, 9}), w(DType::kFloat32, {24, 16, 1, 1});
  std::ranges::fill(x.mutable_values<float>(), std::numeric_limits<float>::denorm_min());
  std::ranges::fill(w.mutable_values<float>(), -0.01f);
  check_bits({"no bias", make_operator("", "Conv", {}), {x, w}, 2});
}

}  // namespace
}  // namespace engine::test
