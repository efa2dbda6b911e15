// Elementary functions: special values, accuracy on spread samples, exact cases, and hashes that
// hold the bits on every compiler and machine.
#include "tests/numerics/elementary_oracles.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace engine::testing {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();

const ElementaryFunction& function_named(const std::string& name) {
  for (const ElementaryFunction& function : kElementaryFunctions)
    if (name == function.name) return function;
  throw std::invalid_argument("no elementary function " + name);
}

template <class T>
bool same_value_and_sign(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

struct SpecialValue {
  const char* name;
  double x;
  double value;
};

// clang-format off
const SpecialValue kSpecialValues[] = {
    {"exp", 0.0, 1}, {"exp", -0.0, 1}, {"exp", kInf, kInf}, {"exp", -kInf, 0},
    {"exp", 1e30, kInf}, {"exp", -1e30, 0},
    {"exp2", 0.0, 1}, {"exp2", kInf, kInf}, {"exp2", -kInf, 0}, {"exp2", 1e30, kInf},
    {"exp2", -1e30, 0}, {"exp2", -149, 0x1p-149},
    {"expm1", 0.0, 0.0}, {"expm1", -0.0, -0.0}, {"expm1", kInf, kInf}, {"expm1", -kInf, -1},
    {"expm1", 1e30, kInf}, {"expm1", -1e30, -1},
    {"log", 1, 0}, {"log", 0.0, -kInf}, {"log", -0.0, -kInf}, {"log", -1, kNaN},
    {"log", kInf, kInf}, {"log", -kInf, kNaN}, {"log", -1e-40, kNaN},
    {"log2", 1, 0}, {"log2", 0.0, -kInf}, {"log2", -0.0, -kInf}, {"log2", -1, kNaN},
    {"log2", kInf, kInf}, {"log2", 0x1p-140, -140},
    {"log1p", 0.0, 0.0}, {"log1p", -0.0, -0.0}, {"log1p", -1, -kInf}, {"log1p", -2, kNaN},
    {"log1p", kInf, kInf}, {"log1p", -kInf, kNaN},
    {"sigmoid", 0.0, 0.5}, {"sigmoid", -0.0, 0.5}, {"sigmoid", kInf, 1}, {"sigmoid", -kInf, 0},
    {"sigmoid", 1e30, 1}, {"sigmoid", -1e30, 0},
    {"softplus", kInf, kInf}, {"softplus", -kInf, 0}, {"softplus", 0x1p100, 0x1p100},
    {"softplus", -1e30, 0},
    {"tanh", 0.0, 0.0}, {"tanh", -0.0, -0.0}, {"tanh", kInf, 1}, {"tanh", -kInf, -1},
    {"tanh", 1e30, 1}, {"tanh", -1e30, -1},
    {"erf", 0.0, 0.0}, {"erf", -0.0, -0.0}, {"erf", kInf, 1}, {"erf", -kInf, -1},
    {"erf", 10, 1}, {"erf", -10, -1},
    {"sinh", 0.0, 0.0}, {"sinh", -0.0, -0.0}, {"sinh", kInf, kInf}, {"sinh", -kInf, -kInf},
    {"sinh", 1e30, kInf},
    {"cosh", 0.0, 1}, {"cosh", -kInf, kInf}, {"cosh", kInf, kInf}, {"cosh", -1e30, kInf},
    {"asinh", 0.0, 0.0}, {"asinh", -0.0, -0.0}, {"asinh", kInf, kInf}, {"asinh", -kInf, -kInf},
    {"acosh", 1, 0}, {"acosh", 0.5, kNaN}, {"acosh", kInf, kInf}, {"acosh", -kInf, kNaN},
    {"atanh", 0.0, 0.0}, {"atanh", -0.0, -0.0}, {"atanh", 1, kInf}, {"atanh", -1, -kInf},
    {"atanh", 1.5, kNaN}, {"atanh", -kInf, kNaN},
    {"sin", 0.0, 0.0}, {"sin", -0.0, -0.0}, {"sin", kInf, kNaN}, {"sin", -kInf, kNaN},
    {"cos", 0.0, 1}, {"cos", -0.0, 1}, {"cos", kInf, kNaN}, {"cos", -kInf, kNaN},
    {"tan", 0.0, 0.0}, {"tan", -0.0, -0.0}, {"tan", kInf, kNaN}, {"tan", -kInf, kNaN},
    {"asin", 0.0, 0.0}, {"asin", -0.0, -0.0}, {"asin", 1.5, kNaN}, {"asin", -kInf, kNaN},
    {"asin", 1, 0x1.921fb54442d18p+0}, {"asin", -1, -0x1.921fb54442d18p+0},
    {"acos", 1, 0}, {"acos", -1, 0x1.921fb54442d18p+1}, {"acos", 0.0, 0x1.921fb54442d18p+0},
    {"acos", -1.5, kNaN}, {"acos", kInf, kNaN},
    {"atan", 0.0, 0.0}, {"atan", -0.0, -0.0}, {"atan", kInf, 0x1.921fb54442d18p+0},
    {"atan", -kInf, -0x1.921fb54442d18p+0},
};
// clang-format on

TEST(Elementary, TakesSpecialValues) {
  for (const auto& [name, x, value] : kSpecialValues) {
    const ElementaryFunction& function = function_named(name);
    EXPECT_TRUE(same_value_and_sign(function.wide(x), value)) << name << "(" << x << ")";
    const auto single = static_cast<float>(x);
    EXPECT_TRUE(same_value_and_sign(function.single(single), static_cast<float>(value)))
        << name << "(" << single << "f)";
  }
}

TEST(Elementary, KeepsNaN) {
  for (const ElementaryFunction& function : kElementaryFunctions) {
    for (const double sign : {1.0, -1.0}) {
      const double nan = std::copysign(kNaN, sign);
      EXPECT_TRUE(std::isnan(function.wide(nan))) << function.name;
      EXPECT_TRUE(std::isnan(function.single(static_cast<float>(nan)))) << function.name;
    }
  }
}

TEST(Elementary, KeepsDenormalsWhereTheSlopeIsOne) {
  for (const char* name :
       {"tanh", "sinh", "asinh", "atanh", "sin", "tan", "asin", "atan", "expm1", "log1p"}) {
    for (const float x : {kDenormal, -kDenormal, 0x1.8p-140f, -0x1.8p-127f}) {
      EXPECT_EQ(function_named(name).single(x), x) << name;
      const double tiny = 0x1p-1022 * x;
      EXPECT_EQ(function_named(name).wide(tiny), tiny) << name;
    }
  }
}

struct PowCase {
  double x, y, value;
};

// clang-format off
const PowCase kPowCases[] = {
    {kNaN, 0.0, 1}, {kNaN, -0.0, 1}, {1, kNaN, 1}, {1, kInf, 1}, {-1, kNaN, kNaN},
    {kNaN, 1, kNaN}, {2, kNaN, kNaN}, {-1, kInf, 1}, {-1, -kInf, 1}, {-1, 0.5, kNaN},
    {-2, 1.5, kNaN}, {-2, 3, -8}, {-2, -2, 0.25}, {-2, 1e30, kInf}, {0.5, 1e30, 0},
    {0.0, 0.0, 1}, {0.0, 3, 0.0}, {-0.0, 3, -0.0}, {-0.0, 2, 0.0}, {-0.0, 0.5, 0.0},
    {0.0, -3, kInf}, {-0.0, -3, -kInf}, {-0.0, -2, kInf}, {-0.0, -0.5, kInf},
    {0.0, kInf, 0}, {0.0, -kInf, kInf}, {0.5, kInf, 0}, {0.5, -kInf, kInf},
    {2, kInf, kInf}, {2, -kInf, 0}, {-0.5, kInf, 0}, {-2, -kInf, 0}, {kInf, 2, kInf},
    {kInf, -2, 0}, {kInf, 1e-30, kInf}, {-kInf, 3, -kInf}, {-kInf, 2, kInf},
    {-kInf, -3, -0.0}, {-kInf, -2, 0.0}, {-kInf, 0.5, kInf}, {kInf, kInf, kInf},
    {kInf, -kInf, 0}, {-kInf, kInf, kInf}, {2, 0x1p-80, 1}, {0.5, -0x1p-80, 1},
    {-3, 5, -243}, {10, 3, 1000}, {0x1p-140, 0.5, 0x1p-70}, {4, -0.5, 0.5}, {9, 1.5, 27},
};
// clang-format on

TEST(Elementary, PowTakesSpecialValues) {
  for (const auto& [x, y, value] : kPowCases) {
    EXPECT_TRUE(same_value_and_sign(numerics::pow(x, y), value)) << x << "^" << y;
    const float single = numerics::pow(static_cast<float>(x), static_cast<float>(y));
    EXPECT_TRUE(same_value_and_sign(single, static_cast<float>(value)))
        << x << "^" << y << " float";
  }
}

TEST(Elementary, ExpEndsWhereFloatDoes) {
  EXPECT_LT(numerics::exp(0x1.62e42ep6f), kInf);
  EXPECT_EQ(numerics::exp(0x1.62e43p6f), kInf);
  EXPECT_EQ(numerics::exp(-0x1.9fe368p6f), kDenormal);
  EXPECT_EQ(numerics::exp(-0x1.9fe36ap6f), 0);
  EXPECT_EQ(numerics::sigmoid(-0x1.9fe368p6f), kDenormal);
  EXPECT_EQ(numerics::softplus(-0x1.9fe368p6f), kDenormal);
}

// The doubles nearest to multiples of pi/2 for their size: all but a few bits cancel.
TEST(Elementary, ReducesTheHardestAngles) {
  const double hardest = 0x1.6ac5b262ca1ffp+849;
  EXPECT_EQ(numerics::cos(hardest), -0x1.14ae72e6ba22fp-61);
  EXPECT_EQ(numerics::sin(hardest), 1);
  EXPECT_EQ(numerics::sin(0x1.921fb54442d18p+1), 0x1.1a62633145c07p-53);
  EXPECT_EQ(numerics::sin(std::numeric_limits<double>::max()), 0x1.452fc98b34e97p-8);
}

TEST(Elementary, PowersOfTwoAndSmallPowersAreExact) {
  for (int n = -1074; n <= 1023; ++n) {
    const double power = std::ldexp(1.0, n);
    EXPECT_EQ(numerics::exp2(static_cast<double>(n)), power);
    EXPECT_EQ(numerics::log2(power), n);
    EXPECT_EQ(numerics::pow(2.0, static_cast<double>(n)), power);
  }
  for (int x = -300; x <= 300; ++x) {
    const double base = x;
    EXPECT_EQ(numerics::pow(base, 2.0), base * base);
    EXPECT_EQ(numerics::pow(base, 5.0), base * base * base * base * base);
    EXPECT_EQ(numerics::pow(base * base, 0.5), std::fabs(base));
  }
}

TEST(Elementary, OddFunctionsAreOddAndSaturateAtOne) {
  for (float x = 0x1p-140f; x < 200; x *= 1.37f) {
    for (const char* name : {"tanh", "erf", "sin", "asinh", "atan"}) {
      const ElementaryFunction& function = function_named(name);
      EXPECT_EQ(function.single(-x), -function.single(x)) << name;
      EXPECT_EQ(function.wide(-x), -function.wide(x)) << name;
    }
    EXPECT_LE(numerics::tanh(x), 1);
    EXPECT_LE(numerics::erf(x), 1);
    EXPECT_LE(numerics::sigmoid(x), 1);
  }
}

TEST(Elementary, GeluFollowsItsDefinition) {
  for (float x = -12; x < 12; x += 0.0137f) {
    const double exact = 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
    const double by_tanh =
        0.5 * x * (1 + std::tanh(std::sqrt(2 / 3.14159265358979) * (x + 0.044715 * x * x * x)));
    EXPECT_NEAR(numerics::gelu(x), exact, 3e-7 * std::fmax(1, std::fabs(x)));
    EXPECT_NEAR(numerics::gelu_tanh(x), by_tanh, 3e-7 * std::fmax(1, std::fabs(x)));
  }
}

// Calls visit(x) over all exponents and over the function's own range; the same values each time.
template <class T, class Visit>
void visit_samples(const ElementaryFunction& function, int count, Visit visit) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(1);
  for (int k = 0; k < count; ++k) {
    const double part = static_cast<double>(random() >> 11) * 0x1p-53;
    visit(static_cast<T>(function.first + part * (function.last - function.first)));
    visit(std::bit_cast<T>(static_cast<Bits>(random())));
  }
}

// x of every size, y such that most results are finite.
template <class T, class Visit>
void visit_pow_samples(int count, Visit visit) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(1);
  const double limit = std::numeric_limits<T>::max_exponent + 60;
  for (int k = 0; k < count; ++k) {
    const T x = std::bit_cast<T>(static_cast<Bits>(random() & (~Bits{0} >> 1)));
    const double part = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
    const double log2 = numerics::log2(static_cast<double>(x));
    visit(x, k % 8 == 0 ? std::bit_cast<T>(static_cast<Bits>(random()))
                        : static_cast<T>(part * limit / log2));
  }
}

TEST(Elementary, StaysWithinItsError) {
  for (const ElementaryFunction& function : kElementaryFunctions) {
    double single_worst = 0;
    double wide_worst = 0;
    visit_samples<float>(function, 20'000, [&](float x) {
      single_worst = std::max(single_worst, ulp_error(function.single(x), function.oracle(x)));
    });
    visit_samples<double>(function, 20'000, [&](double x) {
      wide_worst = std::max(wide_worst, ulp_error(function.wide(x), function.oracle(x)));
    });
    EXPECT_LE(single_worst, function.single_bound) << function.name;
    EXPECT_LE(wide_worst, function.wide_bound) << function.name;
  }
}

TEST(Elementary, PowStaysWithinItsError) {
  double single_worst = 0;
  double wide_worst = 0;
  visit_pow_samples<float>(40'000, [&](float x, float y) {
    single_worst =
        std::max(single_worst, ulp_error(numerics::pow(x, y), std::pow(Long{x}, Long{y})));
  });
  visit_pow_samples<double>(40'000, [&](double x, double y) {
    wide_worst = std::max(wide_worst, ulp_error(numerics::pow(x, y), std::pow(Long{x}, Long{y})));
  });
  EXPECT_LE(single_worst, kPowSingleBound);
  EXPECT_LE(wide_worst, kPowWideBound);
}

// The shorter way moves no bit, nor do the exponents that are treated apart.
TEST(Elementary, FloatsAreTheDoubleFunctionsRoundedOnce) {
  const auto rounded_pow = [](float x, float y) {
    return static_cast<float>(numerics::pow(static_cast<double>(x), static_cast<double>(y)));
  };
  std::mt19937 random(5);
  for (int k = 0; k < 40'000; ++k) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const float angle = static_cast<float>(random() % 200'000) * 0.4f - 30'000;
    for (const float v : {x, angle}) {
      EXPECT_TRUE(same_value_and_sign(numerics::sin(v),
                                      static_cast<float>(numerics::sin(static_cast<double>(v)))))
          << v;
      EXPECT_TRUE(same_value_and_sign(numerics::cos(v),
                                      static_cast<float>(numerics::cos(static_cast<double>(v)))))
          << v;
    }
    const float y = static_cast<float>(random() % 80) * 0.25f - 10;
    for (const float v : {x, angle * 0.001f, std::nearbyint(angle * 0.01f)})
      EXPECT_TRUE(same_value_and_sign(numerics::pow(v, y), rounded_pow(v, y))) << v << "^" << y;
    EXPECT_TRUE(same_value_and_sign(std::fabs(x) * std::fabs(x), rounded_pow(x, 2.0f))) << x;
    EXPECT_TRUE(same_value_and_sign(1 / x, rounded_pow(x, -1.0f))) << x;
    if (x > 0) {
      EXPECT_TRUE(same_value_and_sign(std::sqrt(x), rounded_pow(x, 0.5f))) << x;
    }
  }
}

// FNV-1a over result bits; every NaN counts as one.
struct BitHash {
  std::uint64_t value = 0xcbf29ce484222325u;

  template <class T>
  void add(T result) {
    auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(result));
    if (std::isnan(result)) bits = 0x7ff8000000000000u;
    for (int k = 0; k < 8; ++k) value = (value ^ (bits >> 8 * k & 0xff)) * 0x100000001b3u;
  }
};

struct Golden {
  const char* name;
  std::uint64_t single, wide;
};

// A change here is a change of the contract version.
const Golden kGolden[] = {
    {"exp", 0x386111d3c78abee1, 0x44663059964af4b8},
    {"log", 0xc242e1b4816cf402, 0xecd38202db53c66e},
    {"sigmoid", 0x0c269e5e9b3e319e, 0xac97efce73e51239},
    {"tanh", 0xc14a87d5bfbe729d, 0x9732b0a5ad12e932},
    {"erf", 0xb39ce2dc1695176a, 0x2866e194c3d9eaf4},
    {"softplus", 0x2a76061697e2d132, 0x134861d2d0532366},
    {"exp2", 0xc388a1977a379ec0, 0x566b7280921e0c85},
    {"expm1", 0x0a10d9476de3afe5, 0x1718b3e2e9ad53b8},
    {"log2", 0xdd8a44ee350ca5f4, 0x7d61258d1ba79a7f},
    {"log1p", 0x4c66bdecda901b17, 0x88aa2d18c83dbfe4},
    {"sinh", 0x5fba3f97e84721ba, 0x330da5673098082b},
    {"cosh", 0xf5ec6cb9a2a1d924, 0xcaa2336a29bc34fc},
    {"asinh", 0x5b618bf7b95bc5a1, 0x336d664ca02201a3},
    {"acosh", 0x02022501e06e9620, 0x6ddc3f699d6c395d},
    {"atanh", 0xeb5a822221389535, 0x635663e175311794},
    {"sin", 0xe225a7a5bafbf1d9, 0x979bdf32ab6ddd11},
    {"cos", 0x99d3d44f8a06d40a, 0x52cad974744a5e6d},
    {"tan", 0x36de999139d4f9ef, 0x0a7a2378f4850f54},
    {"asin", 0x1cfa900ed19426db, 0x57a37c4d7ae9abf0},
    {"acos", 0x965428dcf370f01b, 0xac0d8c699f399b9d},
    {"atan", 0xaddbfec782b2e759, 0x071fd98e20235e25},
    {"pow", 0x94b764d436627d21, 0xb39abbc66e4cfb7a},
};

TEST(Elementary, BitsAreThoseOfTheContract) {
  for (const auto& [name, single, wide] : kGolden) {
    BitHash single_hash;
    BitHash wide_hash;
    if (name == std::string("pow")) {
      visit_pow_samples<float>(5'000,
                               [&](float x, float y) { single_hash.add(numerics::pow(x, y)); });
      visit_pow_samples<double>(5'000,
                                [&](double x, double y) { wide_hash.add(numerics::pow(x, y)); });
    } else {
      const ElementaryFunction& function = function_named(name);
      visit_samples<float>(function, 5'000, [&](float x) { single_hash.add(function.single(x)); });
      visit_samples<double>(function, 5'000, [&](double x) { wide_hash.add(function.wide(x)); });
    }
    EXPECT_EQ(single_hash.value, single) << name << std::hex << ": now 0x" << single_hash.value;
    EXPECT_EQ(wide_hash.value, wide) << name << std::hex << ": now 0x" << wide_hash.value;
  }
}

}  // namespace
}  // namespace engine::testing
