#include "base/small.h"

#include <gtest/gtest.h>

#include <vector>

namespace engine {
namespace {

// The same steps on a Small and on a std::vector, back and forth over the border of the stack.
TEST(Small, BehavesAsAVector) {
  Small<int, 4> list;
  std::vector<int> model;
  const auto check = [&] { EXPECT_EQ(std::vector<int>(list.begin(), list.end()), model); };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 9; ++i) {
      list.push_back(i * 10 + round);
      model.push_back(i * 10 + round);
      check();
    }
    for (int i = 0; i < 7; ++i) {
      const std::size_t at = static_cast<std::size_t>(i) % model.size();
      list.erase(list.begin() + at);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
      check();
    }
  }
  const Small<int, 4> copy = list;
  EXPECT_EQ(std::vector<int>(copy.begin(), copy.end()), model);
  list.pop_back();
  EXPECT_EQ(list.size() + 1, model.size());
}

TEST(Small, GrowsByItsOwnElements) {
  Small<int, 2> list{7, 8};
  for (int i = 0; i < 10; ++i) list.push_back(list[0]);
  EXPECT_EQ(list.size(), 12u);
  EXPECT_EQ(list.back(), 7);
}

}  // namespace
}  // namespace engine
