// Unevaluated sums of two doubles, about 106 bits: the working precision of elementary64.
//
// The error-free steps are those of Dekker (1971) and Knuth; the products use fma. Results are
// unspecified where an intermediate value overflows or a product's low part is denormal.
#pragma once

#include <cmath>

namespace engine::numerics {

struct DoubleDouble {
  double hi = 0;
  double lo = 0;  // |lo| <= ulp(hi) / 2 once normalised

  constexpr DoubleDouble() = default;
  constexpr DoubleDouble(double high, double low = 0) : hi(high), lo(low) {}

  double rounded() const { return hi + lo; }
};

// a + b exactly.
inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

// a + b exactly, if |a| >= |b| or a == 0.
inline DoubleDouble quick_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// a * b exactly.
inline DoubleDouble two_product(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

inline DoubleDouble operator-(DoubleDouble a) { return {-a.hi, -a.lo}; }

inline DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
  DoubleDouble high = two_sum(a.hi, b.hi);
  const DoubleDouble low = two_sum(a.lo, b.lo);
  high = quick_two_sum(high.hi, high.lo + low.hi);
  return quick_two_sum(high.hi, high.lo + low.lo);
}

inline DoubleDouble operator-(DoubleDouble a, DoubleDouble b) { return a + -b; }

inline DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble product = two_product(a.hi, b.hi);
  const double cross = std::fma(a.hi, b.lo, a.lo * b.hi);
  return quick_two_sum(product.hi, product.lo + cross);
}

inline DoubleDouble operator/(DoubleDouble a, DoubleDouble b) {
  const double first = a.hi / b.hi;
  const DoubleDouble rest = a - b * DoubleDouble(first);
  const double second = rest.hi / b.hi;
  const double third = (rest - b * DoubleDouble(second)).hi / b.hi;
  return quick_two_sum(first, second) + DoubleDouble(third);
}

inline DoubleDouble square_root(DoubleDouble a) {
  if (a.hi == 0) return a;
  const double root = std::sqrt(a.hi);
  const DoubleDouble rest = a - two_product(root, root);
  return quick_two_sum(root, rest.hi / (2 * root));
}

}  // namespace engine::numerics
