// The scalar text of reductions over floats (ops/reduce.h states the order).
#pragma once

#include "numerics/contract.h"
#include "numerics/elementary.h"
#include "ops/reduce.h"
#include "ops/store.h"

#include <cmath>
#include <limits>

namespace engine::ops {

template <Step kStep, class Real>
struct Fold {
  static constexpr Real start() noexcept {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    return kStep == Step::kMultiply ? Real(1)
           : kStep == Step::kMax    ? -infinity
           : kStep == Step::kMin    ? infinity
                                    : Real(0);
  }
  static Real join(Real a, Real b) noexcept {
    if constexpr (kStep == Step::kMultiply) return a * b;
    else if constexpr (kStep == Step::kMax) return a != a || b < a ? a : b;
    else if constexpr (kStep == Step::kMin) return a != a || a < b ? a : b;
    else return a + b;
  }
  Real operator()(Real sum, Real x) const noexcept {
    if constexpr (kStep == Step::kAddAbs) return sum + std::fabs(x);
    else if constexpr (kStep == Step::kAddSquare) return std::fma(x, x, sum);
    else if constexpr (kStep == Step::kAddExp) return sum + numerics::exp(x - shift);
    else return join(sum, x);
  }
  Real shift = 0;  ///< what kAddExp subtracts
};

/// Output `o` of the layout: all of its elements folded.
template <Step kStep, class Real, class T>
Real fold(const ReduceLayout& layout, const T* x, Index o, const Fold<kStep, Real>& step) {
  const Index inner = layout.inner, runs = layout.reduced_positions();
  if (!layout.rows) {
    x += ReduceLayout::offset(layout.kept, o / inner) + o % inner;
    Real sum = step.start();
    for (Index r = 0; r < runs; ++r)
      sum = step(sum, static_cast<Real>(x[ReduceLayout::offset(layout.reduced, r)]));
    return sum;
  }
  x += ReduceLayout::offset(layout.kept, o);
  Real lanes[numerics::kLanes];
  for (Real& lane : lanes) lane = step.start();
  for (Index r = 0; r < runs; ++r) {
    const T* run = x + ReduceLayout::offset(layout.reduced, r);
    for (Index c = 0; c < inner; ++c) {
      Real& lane = lanes[c % numerics::kLanes];
      lane = step(lane, static_cast<Real>(run[c]));
    }
  }
  for (Index half = numerics::kLanes / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) lanes[i] = step.join(lanes[i], lanes[i + half]);
  return lanes[0];
}

template <class Real>
Real finish_fold(Finish finish, Real sum, Index count) {
  switch (finish) {
    case Finish::kNone: return sum;
    case Finish::kMean: return sum / static_cast<Real>(count);
    case Finish::kSqrt: return std::sqrt(sum);
    case Finish::kLog: return numerics::log(sum);
  }
  return sum;
}

/// What LogSumExp subtracts from its elements.
template <class Real>
Real exp_shift(Real max) noexcept {
  return std::isfinite(max) ? max : Real(0);
}

/// All outputs; with kAddExp the maximum is found first and added again in the end.
template <Step kStep, class Real, class T>
void fold_all(const ReduceLayout& layout, Finish finish, const T* x, T* y) {
  const Index outputs = layout.outputs(), count = layout.count();
  Fold<kStep, Real> step;
  for (Index o = 0; o < outputs; ++o) {
    if constexpr (kStep == Step::kAddExp)
      step.shift = exp_shift(fold(layout, x, o, Fold<Step::kMax, Real>{}));
    Real value = finish_fold(finish, fold(layout, x, o, step), count);
    if constexpr (kStep == Step::kAddExp) value = value + step.shift;
    y[o] = store<T>(value);
  }
}

}  // namespace engine::ops
