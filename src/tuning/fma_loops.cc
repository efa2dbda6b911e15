// Twelve to twenty chains hide the latency of the multiply-add units of all CPUs at hand: 2 units
// of 4 cycles need 8, 4 units of 4 cycles 16.
#include "tuning/fma_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace engine::tuning {
namespace {

constexpr float kFactor = 0.999f,
                kTerm = 0.001f;  // every chain tends to 1: no denormals, no overflow

// Keeps the compiler from seeing that the chains are equal, or that nobody wants them.
#define ENGINE_OPAQUE(register_class, value) asm volatile("" : "+" register_class(value))

#if defined(__x86_64__)

__attribute__((target("avx512f"))) double loop_avx512(long rounds) {
  constexpr int kChains = 16;
  __m512 chain[kChains];
  const __m512 factor = _mm512_set1_ps(kFactor), term = _mm512_set1_ps(kTerm);
  for (__m512& c : chain) {
    c = factor;
    ENGINE_OPAQUE("v", c);
  }
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 16
    for (__m512& c : chain) c = _mm512_fmadd_ps(c, factor, term);
  }
  for (__m512& c : chain) ENGINE_OPAQUE("v", c);
  return 16.0 * kChains * static_cast<double>(rounds);
}

__attribute__((target("avx2,fma"))) double loop_avx2(long rounds) {
  constexpr int kChains = 12;
  __m256 chain[kChains];
  const __m256 factor = _mm256_set1_ps(kFactor), term = _mm256_set1_ps(kTerm);
  for (__m256& c : chain) {
    c = factor;
    ENGINE_OPAQUE("x", c);
  }
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (__m256& c : chain) c = _mm256_fmadd_ps(c, factor, term);
  }
  for (__m256& c : chain) ENGINE_OPAQUE("x", c);
  return 8.0 * kChains * static_cast<double>(rounds);
}

__attribute__((target("fma"))) double loop_scalar_fma(long rounds) {
  constexpr int kChains = 12;
  float chain[kChains];
  float factor = kFactor, term = kTerm;
  ENGINE_OPAQUE("x", factor);
  ENGINE_OPAQUE("x", term);
  for (float& c : chain) {
    c = factor;
    ENGINE_OPAQUE("x", c);
  }
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (float& c : chain) {
      c = __builtin_fmaf(c, factor, term);
      ENGINE_OPAQUE("x", c);  // keeps the chains from being joined to vectors
    }
  }
  return kChains * static_cast<double>(rounds);
}

// Without FMA instructions a multiply-add is two instructions here, and slower still in software.
double loop_scalar(long rounds) {
  if (__builtin_cpu_supports("fma")) return loop_scalar_fma(rounds);
  constexpr int kChains = 12;
  float chain[kChains];
  float factor = kFactor, term = kTerm;
  ENGINE_OPAQUE("x", factor);
  ENGINE_OPAQUE("x", term);
  for (float& c : chain) c = factor;
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (float& c : chain) {
      c = c * factor + term;
      ENGINE_OPAQUE("x", c);
    }
  }
  return kChains * static_cast<double>(rounds);
}

#elif defined(__aarch64__)

double loop_neon(long rounds) {
  constexpr int kChains = 20;
  float32x4_t chain[kChains];
  const float32x4_t factor = vdupq_n_f32(kFactor), term = vdupq_n_f32(kTerm);
  for (float32x4_t& c : chain) {
    c = factor;
    ENGINE_OPAQUE("w", c);
  }
  // c = c + factor * term grows slowly and stays finite for any run that ends.
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 20
    for (float32x4_t& c : chain) c = vfmaq_f32(c, factor, term);
  }
  for (float32x4_t& c : chain) ENGINE_OPAQUE("w", c);
  return 4.0 * kChains * static_cast<double>(rounds);
}

double loop_scalar(long rounds) {
  constexpr int kChains = 20;
  float chain[kChains];
  float factor = kFactor, term = kTerm;
  ENGINE_OPAQUE("w", factor);
  ENGINE_OPAQUE("w", term);
  for (float& c : chain) c = factor;
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 20
    for (float& c : chain) {
      c = __builtin_fmaf(c, factor, term);
      ENGINE_OPAQUE("w", c);
    }
  }
  return kChains * static_cast<double>(rounds);
}

#else

double loop_scalar(long rounds) {
  volatile float chain = kFactor;
  for (long r = 0; r < rounds; ++r) chain = chain * kFactor + kTerm;
  return static_cast<double>(rounds);
}

#endif

}  // namespace

FmaLoop fma_loop(Isa isa) noexcept {
  switch (isa) {
    case Isa::kScalar: return loop_scalar;
#if defined(__x86_64__)
    case Isa::kAvx2: return loop_avx2;
    case Isa::kAvx512: return loop_avx512;
#elif defined(__aarch64__)
    case Isa::kNeon: return loop_neon;
#endif
    default: return nullptr;
  }
}

}  // namespace engine::tuning
