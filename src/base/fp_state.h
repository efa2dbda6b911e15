// The floating-point state that the arithmetic contract needs.
#pragma once

#include <cfenv>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace engine {

/// While alive: round to nearest even, denormals honoured, exceptions masked. We run on the host's
/// thread, where a library built with -ffast-math may have switched denormals off; the host's state
/// is put back at the end. Flags of exceptions that occurred stay raised, as after any arithmetic.
class FpState {
 public:
#if defined(__x86_64__)
  FpState() noexcept : saved_(_mm_getcsr()) {
    if (differs()) [[unlikely]]
      _mm_setcsr(kDefault);
  }
  ~FpState() {
    if (differs()) [[unlikely]]
      _mm_setcsr(saved_);
  }

 private:
  static constexpr unsigned kDefault = 0x1f80, kRaised = 0x3f;
  // Writing waits for all arithmetic before it, so it is left out where it changes nothing.
  bool differs() const noexcept { return (saved_ & ~kRaised) != kDefault; }

  unsigned saved_;
#elif defined(__aarch64__)
  FpState() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(0ul));
  }
  ~FpState() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  unsigned long saved_;
#else
  FpState() noexcept {
    std::fegetenv(&saved_);
    std::fesetround(FE_TONEAREST);
  }
  ~FpState() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
#endif
 public:
  FpState(const FpState&) = delete;
  FpState& operator=(const FpState&) = delete;
};

}  // namespace engine
