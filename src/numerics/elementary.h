// The elementary functions of the arithmetic contract, for float and for double.
//
// The first group is the scalar instance of elementary.inc: what every SIMD and OpenCL kernel
// computes, bit for bit. The second is computed in double and rounded once, so correctly rounded
// but for rare near-ties; kernels call it lane by lane. Errors: docs/elementary_functions.md.
#pragma once

#include "numerics/elementary64.h"

namespace engine::numerics {

float exp(float x);
float log(float x);
float sigmoid(float x);
float tanh(float x);
float erf(float x);
float softplus(float x);
float gelu(float x);       // x/2 (1 + erf(x / sqrt(2))); NaN at -inf
float gelu_tanh(float x);  // its approximation by tanh; NaN at -inf

inline float exp2(float x) { return static_cast<float>(exp2(static_cast<double>(x))); }
inline float expm1(float x) { return static_cast<float>(expm1(static_cast<double>(x))); }
inline float log2(float x) { return static_cast<float>(log2(static_cast<double>(x))); }
inline float log1p(float x) { return static_cast<float>(log1p(static_cast<double>(x))); }
inline float sinh(float x) { return static_cast<float>(sinh(static_cast<double>(x))); }
inline float cosh(float x) { return static_cast<float>(cosh(static_cast<double>(x))); }
inline float asinh(float x) { return static_cast<float>(asinh(static_cast<double>(x))); }
inline float acosh(float x) { return static_cast<float>(acosh(static_cast<double>(x))); }
inline float atanh(float x) { return static_cast<float>(atanh(static_cast<double>(x))); }
inline float tan(float x) { return static_cast<float>(tan(static_cast<double>(x))); }
inline float asin(float x) { return static_cast<float>(asin(static_cast<double>(x))); }
inline float acos(float x) { return static_cast<float>(acos(static_cast<double>(x))); }
inline float atan(float x) { return static_cast<float>(atan(static_cast<double>(x))); }
// The same, by a shorter way where that is certain (quick.inc).
float sin(float x);
float cos(float x);
float pow(float x, float y);

}  // namespace engine::numerics
