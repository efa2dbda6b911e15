// Compiles the including file once for each instruction set. Use, at the top of a kernel file:
//
//   #define ENGINE_ISA_FILE "ops/cpu/softmax.cc"
//   #include "ops/cpu/simd/foreach_isa.h"
//   #include ... ordinary headers ...
//   #include "ops/cpu/simd/vec.inc"
//   ENGINE_BEGIN_ISA            // target pragma and namespace engine::cpu::<isa>
//   ... kernels ...
//   ENGINE_END_ISA
//   #if ENGINE_LAST_ISA
//   ... code that exists once, and picks kernels with ENGINE_KERNEL(isa, function) ...
//   #endif
//
// Target pragmas, not compiler flags, so that no inline function of a standard header is compiled
// for an instruction set that this machine may lack. (The technique is Highway's foreach_target.)
#ifndef ENGINE_FOREACH_ISA
#define ENGINE_FOREACH_ISA

#ifndef ENGINE_ISA_FILE
#error "define ENGINE_ISA_FILE first"
#endif

#include "base/cpu_features.h"

// Everything a pass may include is included before the first pass, outside all target pragmas.
#include "ops/cpu/simd/common.h"

#define ENGINE_LAST_ISA 0
#if defined(__x86_64__)
#define ENGINE_ISA_ID 1
#include ENGINE_ISA_FILE
#undef ENGINE_ISA_ID
#define ENGINE_ISA_ID 2
#include ENGINE_ISA_FILE
#undef ENGINE_ISA_ID
#elif defined(__aarch64__)
#define ENGINE_ISA_ID 3
#include ENGINE_ISA_FILE
#undef ENGINE_ISA_ID
#endif

#undef ENGINE_LAST_ISA
#define ENGINE_LAST_ISA 1
#define ENGINE_ISA_ID 0

// The instance of `function` for a run-time Isa.
#if defined(__x86_64__)
#define ENGINE_KERNEL(isa, function)                                  \
  ((isa) == ::engine::Isa::kAvx512 ? &::engine::cpu::avx512::function \
   : (isa) == ::engine::Isa::kAvx2 ? &::engine::cpu::avx2::function   \
                                   : &::engine::cpu::scalar::function)
#elif defined(__aarch64__)
#define ENGINE_KERNEL(isa, function)                              \
  ((isa) == ::engine::Isa::kNeon ? &::engine::cpu::neon::function \
                                 : &::engine::cpu::scalar::function)
#else
#define ENGINE_KERNEL(isa, function) (&::engine::cpu::scalar::function)
#endif

#endif  // ENGINE_FOREACH_ISA

// For the pass at hand: its namespace and its target pragma.
#undef ENGINE_BEGIN_ISA
#undef ENGINE_END_ISA
#undef ENGINE_ISA_NAME
// _Pragma takes one string, however long.
// clang-format off
#if ENGINE_ISA_ID == 2
#define ENGINE_ISA_NAME avx512
#if defined(__clang__)
#define ENGINE_BEGIN_ISA \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl\"))), apply_to=function)") \
  namespace engine::cpu::avx512 {
#define ENGINE_END_ISA } _Pragma("clang attribute pop")
#else
#define ENGINE_BEGIN_ISA \
  _Pragma("GCC push_options") \
  _Pragma("GCC target(\"avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl\")") \
  namespace engine::cpu::avx512 {
#define ENGINE_END_ISA } _Pragma("GCC pop_options")
#endif
#elif ENGINE_ISA_ID == 1
#define ENGINE_ISA_NAME avx2
#if defined(__clang__)
#define ENGINE_BEGIN_ISA \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c\"))), apply_to=function)") \
  namespace engine::cpu::avx2 {
#define ENGINE_END_ISA } _Pragma("clang attribute pop")
#else
#define ENGINE_BEGIN_ISA \
  _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma,f16c\")") \
  namespace engine::cpu::avx2 {
#define ENGINE_END_ISA } _Pragma("GCC pop_options")
#endif
#elif ENGINE_ISA_ID == 3
#define ENGINE_ISA_NAME neon
#define ENGINE_BEGIN_ISA namespace engine::cpu::neon {
#define ENGINE_END_ISA }
#else
#define ENGINE_ISA_NAME scalar
#define ENGINE_BEGIN_ISA namespace engine::cpu::scalar {
#define ENGINE_END_ISA }
#endif
// clang-format on
