// Where long sums are cut (numerics/contract.h, rule 2).
#include "base/check.h"
#include "numerics/contract.h"

#include <gtest/gtest.h>

namespace engine::numerics {
namespace {

std::string sections(Index k, Index section) {
  return sum_sections(k, section,
                      [](Index first, Index last) { return concat("[", first, ",", last, ")"); });
}

TEST(Sections, AreAddedFromTheFirstToTheLast) {
  EXPECT_EQ(sections(0, 4), "[0,0)");
  EXPECT_EQ(sections(3, 4), "[0,3)");
  EXPECT_EQ(sections(4, 4), "[0,4)");
  EXPECT_EQ(sections(5, 4), "[0,4)[4,5)");
  EXPECT_EQ(sections(12, 4), "[0,4)[4,8)[8,12)");
}

TEST(Sections, AreWholeBlocksOfChannels) {
  EXPECT_EQ(section_channels(0), 512);
  EXPECT_EQ(section_channels(1), 512);
  EXPECT_EQ(section_channels(3), 160);
  EXPECT_EQ(section_channels(9), 48);
  EXPECT_EQ(section_channels(32), 16);
  EXPECT_EQ(section_channels(33), 16);
  EXPECT_EQ(section_channels(Index{1} << 40), 16);
}

}  // namespace
}  // namespace engine::numerics
