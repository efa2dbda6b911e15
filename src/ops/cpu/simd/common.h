// Headers that kernels use, included once outside all target pragmas.
#pragma once

#include "base/check.h"
#include "base/pool.h"
#include "numerics/activation.h"
#include "numerics/contract.h"
#include "numerics/elementary.h"
#include "ops/cpu/kernel.h"
#include "ops/operator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define ENGINE_INLINE inline __attribute__((always_inline))
