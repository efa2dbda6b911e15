// The floating-point state of a host that is not the engine's.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace engine::test {

#if defined(__x86_64__)
inline constexpr unsigned kFlushToZero = 0x8040;  // FTZ and DAZ
inline constexpr unsigned kRoundUp = 0x4000;
inline unsigned host_state() { return _mm_getcsr() & 0xffc0u; }  // without the sticky flags
inline void set_host_state(unsigned bits) { _mm_setcsr(0x1f80u | bits); }
#elif defined(__aarch64__)
inline constexpr unsigned kFlushToZero = 1u << 24;
inline constexpr unsigned kRoundUp = 1u << 22;
inline unsigned host_state() {
  unsigned long state;
  asm volatile("mrs %0, fpcr" : "=r"(state));
  return static_cast<unsigned>(state);
}
inline void set_host_state(unsigned bits) {
  asm volatile("msr fpcr, %0" : : "r"(static_cast<unsigned long>(bits)));
}
#endif
inline constexpr unsigned kDefaultState = 0;

}  // namespace engine::test
