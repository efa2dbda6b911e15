// Largest errors of the elementary functions, in units in the last place.
//
//   ulp_report [--stride n] [--quick] [--double samples] [function...]
//
// Walks every n-th of the 2^32 floats (all of them without --stride) for each named function, or
// for all, against the system's long double functions, or with --quick against those of double,
// which blur the figures by about 2^-29. With --double, that many doubles are drawn over all
// exponents and over each function's own range. pow is drawn in both. A step down counts
// neighbouring inputs (of this walk) at which a rising function falls.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/numerics/elementary_oracles.h"

namespace {

using engine::testing::ElementaryFunction;
using engine::testing::Long;
using engine::testing::ulp_error;

struct Report {
  double worst = 0;
  double where = 0;
  double where_second = 0;
  std::uint64_t count = 0;
  std::uint64_t falls = 0;

  void add(double error, double x, double y = 0) {
    ++count;
    if (!(error > worst)) return;
    worst = error;
    where = x;
    where_second = y;
  }
  void print(const char* name, const char* type) const {
    std::printf("%-9s %-6s %12llu  %7.4f  at %.9g", name, type,
                static_cast<unsigned long long>(count), worst, where);
    if (where_second != 0) std::printf(", %.9g", where_second);
    if (falls != 0) std::printf("  (%llu steps down)", static_cast<unsigned long long>(falls));
    std::printf("\n");
    std::fflush(stdout);
  }
};

void walk_floats(const ElementaryFunction& function, std::uint64_t stride, bool quick) {
  const bool rising = function.shape == engine::testing::Shape::kRising;
  Report report;
  float before = -INFINITY;
  for (std::uint64_t k = 0; k <= 0xffffffffu; k += stride) {
    // From -NaN over -inf, zero and inf to NaN, in rising order.
    const auto key = static_cast<std::uint32_t>(k);
    const float x = std::bit_cast<float>(key < 0x80000000u ? ~key : key ^ 0x80000000u);
    const float y = function.single(x);
    report.add(quick ? ulp_error(y, function.quick_oracle(x)) : ulp_error(y, function.oracle(x)),
               x);
    if (rising && !std::isnan(x)) {
      if (y < before) ++report.falls;
      before = y;
    }
  }
  report.print(function.name, "float");
}

void draw_doubles(const ElementaryFunction& function, std::uint64_t samples) {
  Report report;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> range(function.first, function.last);
  for (std::uint64_t k = 0; k < samples; ++k) {
    const double x = k % 2 == 0 ? range(random) : std::bit_cast<double>(random());
    report.add(ulp_error(function.wide(x), function.oracle(x)), x);
  }
  report.print(function.name, "double");
}

template <class T, class Bits>
void draw_pow(const char* type, std::uint64_t samples) {
  Report report;
  std::mt19937_64 random(1);
  const Long limit = std::numeric_limits<T>::max_exponent + 60;
  std::uniform_real_distribution<Long> size(-limit, limit);
  for (std::uint64_t k = 0; k < samples; ++k) {
    const T x = std::bit_cast<T>(static_cast<Bits>(random() & (~Bits{0} >> 1)));
    // Aim at results of every size, rather than at infinity.
    const T y = k % 8 == 0 ? std::bit_cast<T>(static_cast<Bits>(random()))
                           : static_cast<T>(size(random) / std::log2(static_cast<Long>(x)));
    report.add(ulp_error(engine::numerics::pow(x, y),
                         std::pow(static_cast<Long>(x), static_cast<Long>(y))),
               x, y);
  }
  report.print("pow", type);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t stride = 1;
  std::uint64_t samples = 0;
  bool quick = false;
  std::vector<std::string> names;
  for (int k = 1; k < argc; ++k) {
    const bool has_value = k + 1 < argc;
    if (has_value && std::strcmp(argv[k], "--stride") == 0) {
      stride = std::strtoull(argv[++k], nullptr, 10);
    } else if (std::strcmp(argv[k], "--quick") == 0) {
      quick = true;
    } else if (has_value && std::strcmp(argv[k], "--double") == 0) {
      samples = std::strtoull(argv[++k], nullptr, 10);
    } else {
      names.push_back(argv[k]);
    }
  }
  if (stride == 0) {
    std::fprintf(stderr, "--stride 0 (would never end); give 1 or more\n");
    return 2;
  }
  const auto wanted = [&](const char* name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::printf("function  type         inputs  max ULP\n");
  for (const ElementaryFunction& function : engine::testing::kElementaryFunctions) {
    if (!wanted(function.name)) continue;
    if (samples > 0) {
      draw_doubles(function, samples);
    } else {
      walk_floats(function, stride, quick);
    }
  }
  if (!wanted("pow")) return 0;
  if (samples > 0) {
    draw_pow<double, std::uint64_t>("double", samples);
  } else {
    draw_pow<float, std::uint32_t>("float", 0x100000000u / stride);
  }
}
