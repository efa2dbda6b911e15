// Exponentials and logarithms of double.
//
// exp: Cody-Waite reduction to |r| <= ln(2)/2, three leading terms in double-double.
// log: x = 2^n (1 + f), log(1 + f) = 2 atanh(f / (2 + f)), two leading terms in double-double.
#include "numerics/elementary64.h"
#include "numerics/elementary64_parts.h"

namespace engine::numerics {
namespace {

// exp(r) - 1, |r| <= ln(2)/2.
DoubleDouble expm1_reduced(DoubleDouble r) {
  const DoubleDouble square = r * r;
  const double tail = square.hi * square.hi * polynomial(kExp, r.hi);
  return r + (square * (DoubleDouble(0.5) + r * kSixth) + tail);
}

// log(1 + f), sqrt(1/2) <= 1 + f <= sqrt(2).
DoubleDouble log1p_reduced(DoubleDouble f) {
  const DoubleDouble s = f / (DoubleDouble(2) + f);
  const DoubleDouble z = s * s;
  const double tail = z.hi * z.hi * polynomial(kLog, z.hi);
  const DoubleDouble twice{2 * s.hi, 2 * s.lo};
  return twice + twice * (z * (kThird + (z * kFifth + tail)));
}

struct Logarithm {
  DoubleDouble natural;  // of the mantissa, in [-ln(2)/2, ln(2)/2]
  int n = 0;             // the binary exponent
};

Logarithm logarithm(DoubleDouble x) {
  constexpr std::int64_t kRootHalf = 0x3fe6a09e667f3bcd;
  int n = 0;
  if (x.hi < 0x1p-1022) {
    x.hi *= 0x1p54;
    n = -54;
  }
  const auto bits = std::bit_cast<std::int64_t>(x.hi);
  const std::int64_t exponent = (bits - kRootHalf) >> 52;
  const double mantissa = std::bit_cast<double>(bits - (exponent << 52));
  const double low = x.lo == 0 ? 0 : scaled(x.lo, static_cast<int>(-exponent));
  return {log1p_reduced(quick_two_sum(mantissa - 1, low)), n + static_cast<int>(exponent)};
}

bool is_integer(double y) { return std::trunc(y) == y; }
bool is_odd(double y) { return std::fabs(y) < 0x1p53 && is_integer(y) && !is_integer(0.5 * y); }

// magnitude^y, y != 0, where magnitude is 0, 1 or infinite, or |y| too large for anything else.
double extreme_pow(double magnitude, double y) {
  if (magnitude == 1) return 1;
  return (magnitude > 1) == (y > 0) ? kInfinity : 0;
}

}  // namespace

double Exponential::rounded() const { return scaled((DoubleDouble(1) + less_one).rounded(), n); }

DoubleDouble Exponential::pair() const {
  const DoubleDouble sum = DoubleDouble(1) + less_one;
  return {sum.hi * power_of_two(n), sum.lo * power_of_two(n)};
}

DoubleDouble Exponential::minus_one() const {
  const double scale = power_of_two(n);
  return two_sum(scale, -1) + DoubleDouble(less_one.hi * scale, less_one.lo * scale);
}

Exponential exponential(DoubleDouble x) {
  const double n = nearest(x.hi * kInverseLn2.hi);
  const DoubleDouble r = (x - two_product(n, kLn2.hi)) - two_product(n, kLn2.lo);
  return {expm1_reduced(r), static_cast<int>(n)};
}

DoubleDouble log_of(DoubleDouble x) {
  const Logarithm log = logarithm(x);
  return two_product(log.n, kLn2.hi) + (log.natural + log.n * kLn2.lo);
}

DoubleDouble log1p_of(DoubleDouble x) {
  if (std::fabs(x.hi) < 0.25) return log1p_reduced(x);
  return log_of(DoubleDouble(1) + x);
}

double exp(double x) {
  if (!(std::fabs(x) < 760)) return x > 0 ? kInfinity : x < 0 ? 0 : x;
  return exponential(x).rounded();
}

double exp2(double x) {
  if (!(std::fabs(x) < 1100)) return x > 0 ? kInfinity : x < 0 ? 0 : x;
  const double n = nearest(x);
  const DoubleDouble r = DoubleDouble(x - n) * kLn2;
  return Exponential{expm1_reduced(r), static_cast<int>(n)}.rounded();
}

double expm1(double x) {
  if (!(std::fabs(x) >= 0x1p-54)) return x;
  if (x < -50) return -1;
  if (x > 50) return exp(x);
  return exponential(x).minus_one().rounded();
}

double log(double x) {
  if (!(x > 0 && x < kInfinity)) return x == 0 ? -kInfinity : x > 0 ? x : kNan;
  return log_of(x).rounded();
}

double log2(double x) {
  if (!(x > 0 && x < kInfinity)) return x == 0 ? -kInfinity : x > 0 ? x : kNan;
  const Logarithm log = logarithm(x);
  return (DoubleDouble(log.n) + log.natural * kInverseLn2).rounded();
}

double log1p(double x) {
  if (!(x > -1 && x < kInfinity)) return x == -1 ? -kInfinity : x > 0 ? x : kNan;
  if (std::fabs(x) < 0x1p-54) return x;
  return log1p_of(x).rounded();
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (y == 2) return x * x;
  if (y == 1) return x;
  if (std::isnan(x) || std::isnan(y)) return kNan;
  const double magnitude = std::fabs(x);
  if (x < 0 && magnitude < kInfinity && !is_integer(y)) return kNan;  // infinities are integers
  const double sign = std::signbit(x) && is_odd(y) ? -1 : 1;
  // Outside [2^-66, 2^64], |y log(x)| is above 1000 or below 2^-55 for every other x but 1.
  const bool extreme_x = magnitude == 0 || magnitude == 1 || magnitude == kInfinity;
  if (extreme_x || std::fabs(y) > 0x1p64) return sign * extreme_pow(magnitude, y);
  if (std::fabs(y) < 0x1p-66) return sign;
  const DoubleDouble power = log_of(magnitude) * y;
  if (std::fabs(power.hi) > 760) return sign * (power.hi > 0 ? kInfinity : 0);
  return sign * exponential(power).rounded();
}

}  // namespace engine::numerics
