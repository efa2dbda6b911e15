// Counts what the test program allocates through operator new.
#pragma once

#include <cstdint>

namespace engine::test {

/// False under sanitizers, whose own operators see more than ours would.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kAllocationsCounted = false;
#else
inline constexpr bool kAllocationsCounted = true;
#endif

/// Calls of operator new in all its forms since the program started, all threads.
std::int64_t allocations() noexcept;

}  // namespace engine::test
