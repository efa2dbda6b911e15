#include "tools/text/units.h"

#include <fmt/format.h>

#include <cmath>

namespace engine::tools {
namespace {

// Three significant digits or all digits before the point.
std::string short_number(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 10 ? 2 : size < 100 ? 1 : 0);
}

template <std::size_t N>
std::string scaled(double value, double step, const char* const (&units)[N]) {
  std::size_t i = 0;
  for (; i + 1 < N && std::abs(value) >= step * 0.9995; ++i) value /= step;
  return short_number(value) + units[i];
}

}  // namespace

std::string duration_text(double nanoseconds) {
  return scaled(nanoseconds, 1000, {" ns", " us", " ms", " s"});
}

std::string count_text(double count) {
  if (std::abs(count) < 10000 && count == std::floor(count)) return fmt::format("{:.0f}", count);
  return scaled(count, 1000, {"", " k", " M", " G", " T"});
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  return scaled(bytes, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

std::string rate_text(double per_second, const char* unit) {
  return scaled(per_second, 1000, {" ", " k", " M", " G", " T"}) + unit;
}

std::string number_text(double value) { return fmt::format("{:.6g}", value); }

}  // namespace engine::tools
