#include "tools/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <tuple>
#include <utility>

namespace engine::tools {
namespace {

constexpr std::size_t kFewest = 5;       // values that a bootstrap can say something about
constexpr std::size_t kResamples = 999;  // 2.5% of 1,000 intervals between them are 25 on each side

double median_in_place(std::vector<double>& values) {
  const std::size_t middle = values.size() / 2;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(middle);
  std::nth_element(values.begin(), at, values.end());
  if (values.size() % 2 == 1) return *at;
  return (*std::max_element(values.begin(), at) + *at) / 2;
}

// std::uniform_int_distribution differs between libraries.
double median_of_draw(std::span<const double> values, std::vector<double>& draw,
                      std::mt19937_64& bits) {
  draw.resize(values.size());
  for (double& value : draw) value = values[(bits() >> 16) % values.size()];
  return median_in_place(draw);
}

// Bounds of the middle 95% of what `resample` gives.
std::pair<double, double> middle_of_resamples(const std::function<double()>& resample) {
  std::vector<double> results(kResamples);
  for (double& result : results) result = resample();
  std::ranges::sort(results);
  const auto cut = static_cast<std::size_t>(std::lround(0.025 * (kResamples + 1)));
  return {results[cut - 1], results[kResamples - cut]};
}

}  // namespace

double median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return median_in_place(copy);
}

Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b) {
  Ratio ratio;
  ratio.value = median(a) / median(b);
  if (a.size() < kFewest || b.size() < kFewest) {
    ratio.low = *std::ranges::min_element(a) / *std::ranges::max_element(b);
    ratio.high = *std::ranges::max_element(a) / *std::ranges::min_element(b);
    return ratio;
  }
  std::mt19937_64 bits(1);
  std::vector<double> draw;
  std::tie(ratio.low, ratio.high) = middle_of_resamples([&] {
    const double numerator = median_of_draw(a, draw, bits);
    return numerator / median_of_draw(b, draw, bits);
  });
  return ratio;
}

double noise_of(std::span<const double> values) {
  const auto [least, most] = std::ranges::minmax_element(values);
  double low = *least, high = *most;
  if (values.size() >= kFewest) {
    std::mt19937_64 bits(1);
    std::vector<double> draw;
    std::tie(low, high) = middle_of_resamples([&] { return median_of_draw(values, draw, bits); });
  }
  return (high - low) / 2 / median(values);
}

Verdict verdict_of(const Ratio& speedup, double least) {
  if (speedup.low > 1 + least) return Verdict::kFaster;
  if (speedup.high < 1 / (1 + least)) return Verdict::kSlower;
  return Verdict::kSame;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame: return "same";
    case Verdict::kFaster: return "faster";
    case Verdict::kSlower: return "slower";
  }
  return "";
}

}  // namespace engine::tools
