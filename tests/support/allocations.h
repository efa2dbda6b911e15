// Counts what the test program allocates through operator new.
#pragma once

#include <cstdint>

namespace engine::test {

/// Calls of operator new and of malloc's C++ relatives since the program started, all threads.
std::int64_t allocations() noexcept;

}  // namespace engine::test
