// Winograd's transforms against the direct sum, in double.
#include "numerics/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace engine::numerics {
namespace {

double direct(const float* d, const float* g, Index window, Index row, Index column) {
  double sum = 0;
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j)
      sum += static_cast<double>(d[(row + i) * window + column + j]) *
             static_cast<double>(g[i * 3 + j]);
  return sum;
}

class Winograd : public testing::TestWithParam<Index> {};

// One channel: y = A^T [(G g G^T) (B^T d B)] A.
TEST_P(Winograd, IsTheConvolution) {
  const Index tile = GetParam(), window = winograd_window(tile), points = winograd_points(tile);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (int round = 0; round < 1000; ++round) {
    float d[kMostWinogradPoints], g[9], u[kMostWinogradPoints], v[kMostWinogradPoints], y[16];
    for (float& x : d) x = uniform(random);
    for (float& x : g) x = uniform(random);
    winograd_filter(tile, g, u);
    winograd_input(tile, d, v);
    for (Index p = 0; p < points; ++p) u[p] = u[p] * v[p];
    winograd_output(tile, u, y);
    for (Index i = 0; i < tile; ++i)
      for (Index j = 0; j < tile; ++j)
        EXPECT_NEAR(y[i * tile + j], direct(d, g, window, i, j), tile == 4 ? 2e-5 : 2e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Tiles, Winograd, testing::Values(2, 4));

// The transforms of 2 x 2 tiles halve twice at most: integers of a few bits stay exact.
TEST(WinogradTiles, SmallOnesAreExactForIntegers) {
  float d[kMostWinogradPoints], g[9], u[kMostWinogradPoints], v[kMostWinogradPoints], y[16];
  for (int i = 0; i < 16; ++i) d[i] = static_cast<float>(i * 7 % 11 - 5);
  for (int i = 0; i < 9; ++i) g[i] = static_cast<float>(i * 5 % 7 - 3);
  winograd_filter(2, g, u);
  winograd_input(2, d, v);
  for (int p = 0; p < 16; ++p) u[p] = u[p] * v[p];
  winograd_output(2, u, y);
  for (Index i = 0; i < 4; ++i) EXPECT_EQ(y[i], direct(d, g, 4, i / 2, i % 2));
}

TEST(WinogradTiles, AreChosenByShape) {
  EXPECT_EQ(winograd_tile(64, 64, 56, 56), 4);
  EXPECT_EQ(winograd_tile(256, 256, 14, 14), 2);
  EXPECT_EQ(winograd_tile(512, 512, 7, 7), 2);
  EXPECT_EQ(winograd_tile(31, 64, 56, 56), 0);
  EXPECT_EQ(winograd_tile(64, 64, 56, 3), 0);
}

}  // namespace
}  // namespace engine::numerics
