// What the elementary functions are judged by: the system's long double functions (double where a
// quick answer will do), the error measured in ULP, and for each function its accepted error.
// Shared by the test and by bench/numerics/ulp_report.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerics/elementary.h"

namespace engine::testing {

using Long = long double;

template <class Real>
Real sigmoid_oracle(Real x) {
  return 1 / (1 + std::exp(-x));
}
template <class Real>
Real softplus_oracle(Real x) {
  return std::fmax(x, Real{0}) + std::log1p(std::exp(-std::fabs(x)));
}

enum class Shape { kRising, kOther };

struct ElementaryFunction {
  const char* name;
  float (*single)(float);
  double (*wide)(double);
  Long (*oracle)(Long);
  double (*quick_oracle)(double);
  double first, last;               // the range to draw doubles from
  double single_bound, wide_bound;  // accepted error in ULP
  Shape shape;
};

#define ENGINE_ELEMENTARY(name, oracle, first, last, single_bound, wide_bound, shape)              \
  {                                                                                                \
#name, numerics::name, numerics::name,                                                         \
        [](Long x) -> Long { return oracle(x); }, [](double x)                                     \
                                                       -> double { return oracle(x); }, first,     \
                                                                                     last,         \
                                                                                     single_bound, \
                                                                                     wide_bound,   \
                                                                                     Shape::shape  \
  }
inline const ElementaryFunction kElementaryFunctions[] = {
    ENGINE_ELEMENTARY(exp, std::exp, -745, 710, 0.96, 0.8, kRising),
    ENGINE_ELEMENTARY(log, std::log, 0, 10, 0.9, 0.51, kRising),
    ENGINE_ELEMENTARY(sigmoid, sigmoid_oracle, -50, 50, 1.6, 0.51, kRising),
    ENGINE_ELEMENTARY(tanh, std::tanh, -20, 20, 1.7, 0.51, kRising),
    ENGINE_ELEMENTARY(erf, std::erf, -6, 6, 1.2, 1.1, kRising),
    ENGINE_ELEMENTARY(softplus, softplus_oracle, -50, 50, 1.7, 0.51, kRising),
    ENGINE_ELEMENTARY(exp2, std::exp2, -1075, 1024, 0.5001, 0.8, kRising),
    ENGINE_ELEMENTARY(expm1, std::expm1, -10, 10, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(log2, std::log2, 0, 10, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(log1p, std::log1p, -1, 5, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(sinh, std::sinh, -20, 20, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(cosh, std::cosh, -20, 20, 0.5001, 0.51, kOther),
    ENGINE_ELEMENTARY(asinh, std::asinh, -20, 20, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(acosh, std::acosh, 1, 20, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(atanh, std::atanh, -1, 1, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(sin, std::sin, -20, 20, 0.5001, 0.8, kOther),
    ENGINE_ELEMENTARY(cos, std::cos, -20, 20, 0.5001, 0.8, kOther),
    ENGINE_ELEMENTARY(tan, std::tan, -20, 20, 0.5001, 0.95, kOther),
    ENGINE_ELEMENTARY(asin, std::asin, -1, 1, 0.5001, 0.51, kRising),
    ENGINE_ELEMENTARY(acos, std::acos, -1, 1, 0.5001, 0.51, kOther),
    ENGINE_ELEMENTARY(atan, std::atan, -20, 20, 0.5001, 0.51, kRising),
};
#undef ENGINE_ELEMENTARY

inline constexpr double kPowSingleBound = 0.5001;
inline constexpr double kPowWideBound = 0.8;

// Distance in units of the last place that the exact value has in T. Infinite if only one of them
// is NaN, or an infinity comes too early or has the wrong sign; a zero's sign is not looked at.
template <class T, class Real>
double ulp_error(T got, Real exact) {
  if (std::isnan(got) || std::isnan(exact)) {
    return std::isnan(got) == std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  constexpr int digits = std::numeric_limits<T>::digits;
  constexpr int lowest = std::numeric_limits<T>::min_exponent - digits;
  const Real limit = std::ldexp(Real{1}, std::numeric_limits<T>::max_exponent);
  Real value = got;
  if (std::isinf(got)) {
    if ((got > 0 ? exact : -exact) >= limit) return 0;
    value = std::copysign(limit, value);
  }
  if (std::isinf(exact)) return std::numeric_limits<double>::infinity();
  const int exponent = exact == 0 ? lowest : std::max(std::ilogb(exact) + 1 - digits, lowest);
  return static_cast<double>(std::fabs(std::ldexp(value - exact, -exponent)));
}

}  // namespace engine::testing
