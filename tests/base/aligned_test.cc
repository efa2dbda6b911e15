#include "base/aligned.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace engine {
namespace {

TEST(AlignedBytes, LiesOnACacheLineOrALargePage) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100}, kLargePage - 65,
                                  kLargePage - 64, 3 * kLargePage + 1}) {
    const AlignedBytes memory = aligned_bytes(bytes);
    ASSERT_TRUE(memory) << bytes;
    const bool large = bytes + 64 >= kLargePage;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % (large ? kLargePage : 64), 0u)
        << bytes;
    std::memset(memory.get(), 1, bytes + 64);
  }
}

}  // namespace
}  // namespace engine
