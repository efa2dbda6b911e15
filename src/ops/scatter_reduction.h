// What scattered elements do to those that are there: replace, add, multiply, maximum, minimum.
#pragma once

#include "ops/attributes.h"
#include "ops/moving.h"

#include <array>

namespace engine::ops {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

inline Reduction parse_reduction(const Attributes& attributes) {
  constexpr std::array kNames = {"none", "add", "mul", "max", "min"};
  const std::string text = attributes.text("reduction", "none");
  const auto known = std::ranges::find(kNames, text);
  ENGINE_VALIDATE(known != kNames.end(), "reduction is ", text,
                  " (must be none, add, mul, max or min)");
  return static_cast<Reduction>(known - kNames.begin());
}

/// old combined with update. Floats are computed in `Real` and rounded at every step, integers wrap
/// around, bools add as "or" and multiply as "and"; maximum and minimum are NaN if either is.
template <class Real, class T>
T combine(Reduction reduction, T old, T update) {
  if (reduction == Reduction::kNone) return update;
  if constexpr (std::is_same_v<T, bool>) {
    const bool any = reduction == Reduction::kAdd || reduction == Reduction::kMax;
    return any ? old || update : old && update;
  } else if constexpr (dtype_of<T> <= DType::kBFloat16) {
    using C = Compute<T, Real>;
    const auto a = static_cast<C>(old), b = static_cast<C>(update);
    if (reduction == Reduction::kMax) return a != a || a >= b ? old : update;
    if (reduction == Reduction::kMin) return a != a || a <= b ? old : update;
    const C result = reduction == Reduction::kAdd ? a + b : a * b;
    if constexpr (sizeof(T) == 2) return T(static_cast<float>(result));
    else return static_cast<T>(result);
  } else {
    using U = std::uint64_t;
    const auto a = static_cast<std::int64_t>(old), b = static_cast<std::int64_t>(update);
    const bool less =
        std::is_same_v<T, std::uint64_t> ? static_cast<U>(a) < static_cast<U>(b) : a < b;
    if (reduction == Reduction::kMax) return less ? update : old;
    if (reduction == Reduction::kMin) return less ? old : update;
    const U result = reduction == Reduction::kAdd ? static_cast<U>(a) + static_cast<U>(b)
                                                  : static_cast<U>(a) * static_cast<U>(b);
    if constexpr (dtype_of<T> == DType::kInt4 || dtype_of<T> == DType::kUInt4)
      return T(static_cast<int>(result & 15));
    else return static_cast<T>(result);
  }
}

/// Calls `visit(TypeTag<T>{})` with the numeric type, or for plain replacement with a type that
/// merely moves.
template <class Visit>
void dispatch_scatter(DType dtype, Reduction reduction, Visit&& visit) {
  if (reduction == Reduction::kNone) dispatch_move(dtype, visit);
  else dispatch_all(dtype, visit);
}

/// The same as `combine` for types that dispatch_scatter gives.
template <class Real, class T>
void scatter_to(Reduction reduction, T& place, const T& update) {
  if constexpr (dtype_of<T> == DType::kString) place = update;
  else place = combine<Real>(reduction, place, update);
}

}  // namespace engine::ops
