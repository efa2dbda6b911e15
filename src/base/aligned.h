// Uninitialised memory on the boundary of a cache line.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace engine {

inline constexpr std::align_val_t kCacheLine{64};

/// Bytes up to the next boundary of a cache line.
constexpr std::size_t whole_lines(std::size_t bytes) noexcept { return (bytes + 63) / 64 * 64; }

struct AlignedDelete {
  void operator()(std::byte* p) const noexcept { ::operator delete(p, kCacheLine); }
};
using AlignedBytes = std::unique_ptr<std::byte, AlignedDelete>;

/// `bytes` and a line behind them, which a vector load at the end may read; null if there is no
/// memory.
inline AlignedBytes aligned_bytes(std::size_t bytes) noexcept {
  return AlignedBytes(
      static_cast<std::byte*>(::operator new(bytes + 64, kCacheLine, std::nothrow)));
}

}  // namespace engine
