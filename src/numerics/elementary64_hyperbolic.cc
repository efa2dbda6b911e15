// Functions of double made from exponentials and logarithms: hyperbolic, their inverses, sigmoid,
// softplus, erf. In double-double until the last rounding, so that nothing is lost to cancellation.
#include "numerics/elementary64.h"
#include "numerics/elementary64_parts.h"

namespace engine::numerics {

double sigmoid(double x) {
  if (!(std::fabs(x) < 600)) return x > 0 ? 1 : exp(x);
  const DoubleDouble e = exponential(-std::fabs(x)).pair();
  return ((x < 0 ? e : DoubleDouble(1)) / (DoubleDouble(1) + e)).rounded();
}

double softplus(double x) {
  if (!(x < 50)) return x;
  if (x < -50) return exp(x);
  const DoubleDouble rest = log1p_of(exponential(-std::fabs(x)).pair());
  return (DoubleDouble(x > 0 ? x : 0) + rest).rounded();
}

double erf(double x) {
  const double a = std::fabs(x);
  if (!(a < 6)) return a > 0 ? std::copysign(1.0, x) : x;
  if (a < 1) {
    const DoubleDouble s = two_product(a, a);
    const DoubleDouble slope = kTwoOverRootPi + s * polynomial(kErf, s.hi);
    return std::copysign((slope * a).rounded(), x);
  }
  const double t = (a - kErfcxCentre) / (a + kErfcxCentre);
  const double complement = exp(-a * a) * polynomial(kErfcx, t);
  return std::copysign(1 - complement, x);
}

double sinh(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a > 740) return std::copysign(kInfinity, x);
  Exponential e = exponential(a);
  if (a > 50) {
    --e.n;
    return std::copysign(e.rounded(), x);
  }
  const DoubleDouble m = e.minus_one();
  return std::copysign(0.5 * (m + m / (m + DoubleDouble(1))).rounded(), x);
}

double cosh(double x) {
  const double a = std::fabs(x);
  if (!(a <= 740)) return std::isnan(x) ? x : kInfinity;
  Exponential e = exponential(a);
  if (a > 50) {
    --e.n;
    return e.rounded();
  }
  const DoubleDouble p = e.pair();
  return 0.5 * (p + DoubleDouble(1) / p).rounded();
}

double tanh(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a > 20) return std::copysign(1.0, x);
  const DoubleDouble m = exponential(2 * a).minus_one();
  return std::copysign((m / (m + DoubleDouble(2))).rounded(), x);
}

double asinh(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28 && a < kInfinity)) return x;
  if (a > 0x1p30) return std::copysign((log_of(a) + kLn2).rounded(), x);
  const DoubleDouble square = two_product(a, a);
  const DoubleDouble root = square_root(square + DoubleDouble(1));
  const DoubleDouble rest = square / (root + DoubleDouble(1));
  return std::copysign(log1p_of(DoubleDouble(a) + rest).rounded(), x);
}

double acosh(double x) {
  if (!(x >= 1 && x < kInfinity)) return x > 0 && !(x < 1) ? x : kNan;
  if (x > 0x1p30) return (log_of(x) + kLn2).rounded();
  const DoubleDouble t = two_sum(x, -1);
  return log1p_of(t + square_root(t * (t + DoubleDouble(2)))).rounded();
}

double atanh(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (!(a < 1)) return a == 1 ? std::copysign(kInfinity, x) : kNan;
  const DoubleDouble ratio = DoubleDouble(2 * a) / two_sum(1, -a);
  return std::copysign(0.5 * log1p_of(ratio).rounded(), x);
}

}  // namespace engine::numerics
