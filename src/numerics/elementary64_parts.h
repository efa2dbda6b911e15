// Pieces that the double functions share, in double-double; arguments are finite and not NaN.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "numerics/double_double.h"
#include "numerics/elementary64_coefficients.h"

namespace engine::numerics {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Horner's rule, highest power first, one fma per coefficient.
template <int count>
double polynomial(const double (&coefficients)[count], double x) {
  double sum = coefficients[count - 1];
  for (int k = count - 2; k >= 0; --k) sum = std::fma(sum, x, coefficients[k]);
  return sum;
}

// 2^n, -1022 <= n <= 1023.
inline double power_of_two(int n) { return std::bit_cast<double>(std::int64_t{n + 1023} << 52); }

// v 2^n, -2000 <= n <= 2000, for v near 1: two steps, of which the last may round or overflow.
inline double scaled(double v, int n) {
  const int half = n / 2;
  return v * power_of_two(half) * power_of_two(n - half);
}

// Nearest integer, ties to even, |x| < 2^51.
inline double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

// 2^n (1 + less_one): an exponential, kept apart where 1 + less_one would lose the small part.
struct Exponential {
  DoubleDouble less_one;  // |less_one| < 0.42
  int n = 0;

  double rounded() const;
  DoubleDouble pair() const;       // |n| <= 1000
  DoubleDouble minus_one() const;  // -100 <= n <= 1000
};

Exponential exponential(DoubleDouble x);  // of |x| < 1000
DoubleDouble log_of(DoubleDouble x);      // of x > 0, relative error about 2^-66
DoubleDouble log1p_of(DoubleDouble x);    // of x > -1

}  // namespace engine::numerics
