// The scalar instance of elementary.inc.
#include "numerics/elementary.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "numerics/elementary64_coefficients.h"
#include "numerics/elementary_coefficients.h"

namespace engine::numerics {
namespace {

#define FN inline
#define F float
#define I std::int32_t
#define K(c) (c)
#define KI(c) std::int32_t(c)
#define FMA(a, b, c) std::fma(a, b, c)
#define MUL(a, b) ((a) * (b))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define DIV(a, b) ((a) / (b))
#define IADD(a, b) std::int32_t(std::uint32_t(a) + std::uint32_t(b))
#define ISUB(a, b) std::int32_t(std::uint32_t(a) - std::uint32_t(b))
#define IAND(a, b) ((a) & (b))
#define IOR(a, b) ((a) | (b))
#define SHL(a, n) std::int32_t(std::uint32_t(a) << (n))
#define SAR(a, n) ((a) >> (n))
#define ASI(a) std::bit_cast<std::int32_t>(a)
#define ASF(a) std::bit_cast<float>(a)
#define LT(a, b) ((a) < (b))
#define GT(a, b) ((a) > (b))
#define NE(a, b) ((a) != (b))
#define SEL(m, a, b) ((m) ? (a) : (b))

#include "numerics/elementary.inc"

}  // namespace

namespace {
#undef F
#undef K
#undef FMA
#define QUICK inline
#define D double
#define U std::uint64_t
#define M bool
#define F float
#define K(c) (c)
#define FMA(a, b, c) ((a) * (b) + (c))
#define BITS(d) std::bit_cast<std::uint64_t>(d)
#define REAL(u) std::bit_cast<double>(u)
#define WIDE(f) static_cast<double>(f)
#define NARROW(d) static_cast<float>(d)
#define SAME(f, g) ((f) == (g))
#include "numerics/quick.inc"

}  // namespace

float exp(float x) { return p_exp(x); }
float log(float x) { return p_log(x); }
float sigmoid(float x) { return p_sigmoid(x); }
float tanh(float x) { return p_tanh(x); }
float erf(float x) { return p_erf(x); }
float softplus(float x) { return p_softplus(x); }
float gelu(float x) { return p_gelu(x); }
float gelu_tanh(float x) { return p_gelu_tanh(x); }

float sin(float x) {
  bool settled;
  const float quick = quick_sine(x, 0, settled);
  if (settled) return quick;
  return static_cast<float>(sin(static_cast<double>(x)));
}

float cos(float x) {
  bool settled;
  const float quick = quick_sine(x, 1, settled);
  if (settled) return quick;
  return static_cast<float>(cos(static_cast<double>(x)));
}

float pow(float x, float y) {
  if (y == 2) return x * x;
  if (y == 1) return x;
  bool settled;
  const float quick = quick_pow(x, y, settled);
  if (settled) return quick;
  return static_cast<float>(pow(static_cast<double>(x), static_cast<double>(y)));
}

}  // namespace engine::numerics
