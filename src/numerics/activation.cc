#include "numerics/activation.h"

#include "numerics/elementary.h"
#include "numerics/elementary_coefficients.h"

#include <bit>
#include <cmath>

namespace engine::numerics {
namespace {

using F = float;
using I = std::int32_t;
using U = std::uint32_t;
#define FN inline
#define K(c) (c)
#define KI(c) (c)
#define FMA(a, b, c) std::fma(a, b, c)
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define SQRT(a) std::sqrt(a)
#define FLOOR(a) std::floor(a)
#define CEIL(a) std::ceil(a)
#define IADD(a, b) static_cast<I>(static_cast<U>(a) + static_cast<U>(b))
#define ISUB(a, b) static_cast<I>(static_cast<U>(a) - static_cast<U>(b))
#define IAND(a, b) ((a) & (b))
#define IOR(a, b) ((a) | (b))
#define SHL(a, n) static_cast<I>(static_cast<U>(a) << (n))
#define SAR(a, n) ((a) >> (n))
#define ASI(a) std::bit_cast<I>(a)
#define ASF(a) std::bit_cast<F>(a)
#define LT(a, b) ((a) < (b))
#define GT(a, b) ((a) > (b))
#define NE(a, b) ((a) != (b))
#define SEL(m, a, b) ((m) ? (a) : (b))
#include "numerics/elementary.inc"
#include "numerics/activation.inc"

double gelu_tanh_oracle(double x) {
  const double cubic = x + 0.044715 * x * x * x;
  return 0.5 * x * (1 + tanh(0.7978845608028654 * cubic));
}

double hard_sigmoid(double x, double a, double b) {
  const double y = a * x + b;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

}  // namespace

float activate(Activation f, float x, float a, float b) noexcept {
  switch (f) {
#define ENGINE_ACTIVATION(name, function) \
  case Activation::name: return function(x, a, b);
    ENGINE_ACTIVATIONS(ENGINE_ACTIVATION)
#undef ENGINE_ACTIVATION
  }
  return x;
}

double activate(Activation f, double x, double a, double b) noexcept {
  switch (f) {
    case Activation::kIdentity: return x;
    case Activation::kRelu: return x < 0 ? 0 : x;
    case Activation::kLeakyRelu: return x < 0 ? a * x : x;
    case Activation::kClip: return b < (x < a ? a : x) ? b : (x < a ? a : x);
    case Activation::kSigmoid: return sigmoid(x);
    case Activation::kTanh: return tanh(x);
    case Activation::kHardSigmoid: return hard_sigmoid(x, a, b);
    case Activation::kHardSwish: return x * hard_sigmoid(x, 1.0 / 6, 0.5);
    case Activation::kSwish: return x * sigmoid(a * x);
    case Activation::kSoftplus: return softplus(x);
    case Activation::kMish: return x * tanh(softplus(x));
    case Activation::kSoftsign: return x / (1 + std::fabs(x));
    case Activation::kGelu: return 0.5 * x * (1 + erf(x * 0.7071067811865476));
    case Activation::kGeluTanh: return gelu_tanh_oracle(x);
    case Activation::kElu: return x < 0 ? a * expm1(x) : x;
    case Activation::kSelu: return b * (x < 0 ? a * expm1(x) : x);
    case Activation::kCelu: {
      const double y = a * expm1(x / a);
      return (x < 0 ? 0 : x) + (y > 0 ? 0 : y);
    }
    case Activation::kThresholdedRelu: return x > a || x != x ? x : 0;
    case Activation::kExp: return exp(x);
    case Activation::kLog: return log(x);
    case Activation::kErf: return erf(x);
    case Activation::kSqrt: return std::sqrt(x);
    case Activation::kReciprocal: return 1 / x;
    case Activation::kAbs: return std::fabs(x);
    case Activation::kNeg: return -x;
    case Activation::kFloor: return std::floor(x);
    case Activation::kCeil: return std::ceil(x);
    case Activation::kAffine: return a * x + b;
  }
  return x;
}

}  // namespace engine::numerics
