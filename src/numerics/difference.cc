#include "numerics/difference.h"

#include "base/check.h"
#include "base/dispatch.h"

#include <engine/compare.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

namespace engine {
namespace numerics {

int ulp_bucket(Index ulp) noexcept {
  if (ulp <= 0) return 0;
  return std::min(11, 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(ulp - 1))));
}

}  // namespace numerics

namespace {

using numerics::distance;
using numerics::position_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// How two elements compare. A NaN against a number is infinitely far away, but counts in no ULP
// distance; relative errors leave out elements where `b` is 0.
struct Pair {
  double a = 0, b = 0;
  double abs = 0;
  Index ulp = 0;
  bool nan = false;  ///< at least one is NaN
  bool same_bits = true;
};

std::uint64_t bits_of(float x) noexcept { return std::bit_cast<std::uint32_t>(x); }
std::uint64_t bits_of(double x) noexcept { return std::bit_cast<std::uint64_t>(x); }
std::uint64_t bits_of(Float16 x) noexcept { return x.bits; }
std::uint64_t bits_of(BFloat16 x) noexcept { return x.bits; }

template <class T>
Pair pair_of_floats(T a, T b) noexcept {
  Pair pair{static_cast<double>(a), static_cast<double>(b)};
  const bool nan_a = std::isnan(pair.a), nan_b = std::isnan(pair.b);
  if (nan_a || nan_b) {
    pair.nan = true;
    pair.same_bits = nan_a == nan_b;
    pair.abs = pair.same_bits ? 0 : kInfinity;
    return pair;
  }
  constexpr int kWidth = 8 * sizeof(T);
  pair.same_bits = bits_of(a) == bits_of(b);
  pair.ulp = distance(position_of(bits_of(a), kWidth), position_of(bits_of(b), kWidth));
  pair.abs = pair.ulp == 0 ? 0 : std::abs(pair.a - pair.b);  // infinity minus itself is NaN
  return pair;
}

template <class T>
Pair pair_of_integers(T a, T b) noexcept {
  Pair pair{static_cast<double>(a), static_cast<double>(b)};
  pair.same_bits = a == b;
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    // Shifting both down by 2^63 keeps their distance and makes them signed.
    constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
    pair.ulp = distance(static_cast<std::int64_t>(a ^ kHalf), static_cast<std::int64_t>(b ^ kHalf));
  } else {
    pair.ulp = distance(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b));
  }
  pair.abs = static_cast<double>(pair.ulp);
  return pair;
}

// Sums up pairs; `exact` types tolerate nothing.
class Summary {
 public:
  Summary(const Tolerance& tolerance, bool exact) : tolerance_(tolerance), exact_(exact) {}

  void add(const Pair& pair, Index i) noexcept {
    Difference& d = difference_;
    ++d.count;
    d.unequal_bits += !pair.same_bits;
    count_specials(pair);
    d.mismatches += !within(pair);
    if (pair.nan) {
      ++d.ulp_histogram[pair.same_bits ? 0 : d.ulp_histogram.size() - 1];
    } else {
      ++d.ulp_histogram[static_cast<std::size_t>(numerics::ulp_bucket(pair.ulp))];
      d.max_ulp = std::max(d.max_ulp, pair.ulp);
      if (pair.b != 0 && pair.abs > 0)
        d.max_rel =
            std::max(d.max_rel, std::isinf(pair.abs) ? kInfinity : pair.abs / std::abs(pair.b));
    }
    if (std::isfinite(pair.abs)) sum_ += pair.abs;
    if (pair.abs > d.max_abs || d.worst < 0) take_worst(pair, i);
  }

  Difference finish() noexcept {
    if (difference_.count > 0) difference_.mean_abs = sum_ / static_cast<double>(difference_.count);
    return difference_;
  }

 private:
  bool within(const Pair& pair) const noexcept {
    if (pair.nan || exact_) return pair.nan ? pair.same_bits : pair.abs == 0;
    if (std::isinf(pair.a) || std::isinf(pair.b)) return pair.abs == 0;
    return pair.abs <= tolerance_.atol + tolerance_.rtol * std::abs(pair.b);
  }

  void count_specials(const Pair& pair) noexcept {
    difference_.nan_a += std::isnan(pair.a);
    difference_.nan_b += std::isnan(pair.b);
    difference_.inf_a += std::isinf(pair.a);
    difference_.inf_b += std::isinf(pair.b);
  }

  void take_worst(const Pair& pair, Index i) noexcept {
    difference_.max_abs = pair.abs;
    difference_.worst = i;
    difference_.worst_a = pair.a;
    difference_.worst_b = pair.b;
  }

  Tolerance tolerance_;
  bool exact_;
  Difference difference_;
  double sum_ = 0;
};

template <class T>
Difference compare_elements(const Tensor& a, const Tensor& b, const Tolerance& tolerance) {
  constexpr bool kFloat = dtype_of<T> <= DType::kBFloat16;
  Summary summary(tolerance, !kFloat);
  const std::span<const T> left = a.values<T>(), right = b.values<T>();
  for (std::size_t i = 0; i < left.size(); ++i) {
    if constexpr (kFloat) summary.add(pair_of_floats(left[i], right[i]), static_cast<Index>(i));
    else summary.add(pair_of_integers(left[i], right[i]), static_cast<Index>(i));
  }
  return summary.finish();
}

// Strings have no distance: unequal ones are 1 apart.
Difference compare_strings(const Tensor& a, const Tensor& b) {
  Summary summary({}, true);
  for (Index i = 0; i < a.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool same = a.strings()[at] == b.strings()[at];
    summary.add({0, 0, same ? 0.0 : 1.0, same ? 0 : 1, false, same}, i);
  }
  return summary.finish();
}

}  // namespace

Difference compare(const Tensor& a, const Tensor& b, const Tolerance& tolerance) {
  ENGINE_REQUIRE(a.dtype() == b.dtype(), ErrorCode::kInvalidArgument, "cannot compare ",
                 to_string(a.dtype()), " with ", to_string(b.dtype()),
                 " (only tensors of one type have a difference)");
  if (a.shape() != b.shape()) {
    Difference difference;
    difference.same_shape = false;
    return difference;
  }
  if (a.dtype() == DType::kString) return compare_strings(a, b);
  return dispatch_all(a.dtype(), [&](auto tag) {
    return compare_elements<typename decltype(tag)::type>(a, b, tolerance);
  });
}

}  // namespace engine
