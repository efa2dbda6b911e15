#include "ops/cpu/packed_floats.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace engine::cpu {
namespace {

constexpr std::size_t kLarge = 100'000;

TEST(PackedFloats, OneLiesBehindTheOther) {
  const PackedFloats first(kLarge);
  PackedFloats second(kLarge + 3);
  const PackedFloats third(kLarge);
  const std::size_t lines = (kLarge + 3 + 15) / 16 * 16;
  EXPECT_EQ(first.data() + kLarge, second.data());
  EXPECT_EQ(second.data() + lines, third.data());
}

TEST(PackedFloats, PartsOutliveTheOthersOfTheirPiece) {
  std::vector<PackedFloats> kept;
  for (int i = 0; i < 40; ++i) {
    PackedFloats floats(40 * kLarge);  // more than a piece in all
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(floats.data()) % 64, 0u);
    floats.data()[0] = static_cast<float>(i);
    floats.data()[40 * kLarge - 1] = static_cast<float>(-i);
    if (i % 3 == 0) kept.push_back(std::move(floats));
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i].data()[0], static_cast<float>(3 * i));
    EXPECT_EQ(kept[i].data()[40 * kLarge - 1], -static_cast<float>(3 * i));
  }
}

TEST(PackedFloats, SmallOnesAreTheirOwn) {
  const PackedFloats first(10), second(10);
  EXPECT_NE(first.data(), second.data());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.data()) % 64, 0u);
}

}  // namespace
}  // namespace engine::cpu
