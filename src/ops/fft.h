// The discrete Fourier transform of one line, in a fixed order.
#pragma once

#include "numerics/elementary.h"

#include <engine/types.h>

#include <cmath>
#include <vector>

namespace engine::ops {

template <class Real>
struct Complex {
  Real re = 0, im = 0;
};

/// y[k] = sum over i of x[i] w^(i k), w = exp(-2 pi j / n), or its conjugate for the inverse (not
/// divided by n). Decimation in time by the smallest prime factor first: each level sums its p
/// parts in ascending order, a chain of fmas that starts with the first part. The powers of w are
/// computed in double and rounded once.
template <class Real>
class Fft {
 public:
  Fft(Index n, bool inverse) : n_(n), inputs_(static_cast<std::size_t>(n)) {
    constexpr double kTwoPi = 6.283185307179586;
    for (Index k = 0; k < n; ++k) {
      const double angle = kTwoPi * static_cast<double>(k) / static_cast<double>(n);
      const double sine = numerics::sin(angle);
      powers_.push_back(
          {static_cast<Real>(numerics::cos(angle)), static_cast<Real>(inverse ? sine : -sine)});
    }
  }

  /// x, y [n]; must not overlap.
  void run(const Complex<Real>* x, Complex<Real>* y) { step(x, 1, n_, y); }

 private:
  static Index smallest_factor(Index n) {
    for (Index p = 2; p * p <= n; ++p)
      if (n % p == 0) return p;
    return n;
  }

  void step(const Complex<Real>* x, Index stride, Index n, Complex<Real>* y) {
    if (n <= 1) {
      if (n == 1) y[0] = x[0];
      return;
    }
    const Index p = smallest_factor(n), m = n / p;
    for (Index r = 0; r < p; ++r) step(x + r * stride, stride * p, m, y + r * m);
    for (Index k = 0; k < m; ++k) {
      for (Index r = 0; r < p; ++r) inputs_[static_cast<std::size_t>(r)] = y[r * m + k];
      for (Index q = 0; q < p; ++q) {
        Complex<Real> sum = inputs_[0];
        for (Index r = 1; r < p; ++r) {
          const Index power = r * (k + q * m) % n * stride;
          const Complex<Real> w = powers_[static_cast<std::size_t>(power)];
          const Complex<Real> a = inputs_[static_cast<std::size_t>(r)];
          sum.re = std::fma(-w.im, a.im, std::fma(w.re, a.re, sum.re));
          sum.im = std::fma(w.im, a.re, std::fma(w.re, a.im, sum.im));
        }
        y[k + q * m] = sum;
      }
    }
  }

  Index n_;
  std::vector<Complex<Real>> powers_, inputs_;
};

}  // namespace engine::ops
