#include "base/aligned.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace engine {

AlignedBytes aligned_bytes(std::size_t bytes) noexcept {
  const std::size_t whole = bytes + 64;
  const auto alignment = whole < kLargePage ? kCacheLine : std::align_val_t{kLargePage};
  AlignedBytes memory(static_cast<std::byte*>(::operator new(whole, alignment, std::nothrow)),
                      AlignedDelete{alignment});
#if defined(MADV_HUGEPAGE)
  // Advice: where it is refused, small pages do.
  if (memory && whole >= kLargePage) madvise(memory.get(), whole, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace engine
