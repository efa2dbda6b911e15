// Uninitialised memory on the boundary of a cache line, or of a large page.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace engine {

inline constexpr std::align_val_t kCacheLine{64};
inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

/// Bytes up to the next boundary of a cache line.
constexpr std::size_t whole_lines(std::size_t bytes) noexcept { return (bytes + 63) / 64 * 64; }

struct AlignedDelete {
  std::align_val_t alignment = kCacheLine;
  void operator()(std::byte* p) const noexcept { ::operator delete(p, alignment); }
};
using AlignedBytes = std::unique_ptr<std::byte, AlignedDelete>;

/// `bytes` and a line behind them, which a vector load at the end may read; null if there is no
/// memory. From the size of a large page on, the system is asked for large pages: streams through
/// such memory miss in the table of pages hundreds of times less often.
AlignedBytes aligned_bytes(std::size_t bytes) noexcept;

}  // namespace engine
