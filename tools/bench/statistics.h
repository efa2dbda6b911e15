// What noise leaves of a comparison.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace engine::tools {

/// The value in the middle, or the mean of the two there. `values` must not be empty.
double median(std::span<const double> values);

/// A ratio and an interval that holds it with about 95% confidence.
struct Ratio {
  double value = 1, low = 1, high = 1;
};

/// median(a) / median(b). The interval is a percentile bootstrap: both are drawn from again with
/// replacement, always by the same random numbers, and the middle 95% of the ratios are kept. With
/// fewer than five values on a side it is the whole range, min(a) / max(b) to max(a) / min(b).
/// Neither may be empty; all values are above 0.
Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b);

/// Half the width of the interval of the median, by the same method, as a share of the median.
double noise_of(std::span<const double> values);

enum class Verdict { kSame, kFaster, kSlower };

/// Of a ratio old time / new time: faster if the whole interval lies above 1 + least, slower if it
/// lies below 1 / (1 + least).
Verdict verdict_of(const Ratio& speedup, double least);
std::string_view to_string(Verdict verdict);

}  // namespace engine::tools
