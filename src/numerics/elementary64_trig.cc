// Trigonometric functions of double and their inverses.
//
// sin, cos, tan: Payne-Hanek reduction in integers for every argument beyond pi/4 (Payne and Hanek,
// SIGNUM 1983), then a polynomial. Inverses: atan(c + z) by addition theorem from a table of nine.
#include "numerics/elementary64.h"
#include "numerics/elementary64_parts.h"

namespace engine::numerics {
namespace {

__extension__ typedef unsigned __int128 Wide;

struct Angle {
  DoubleDouble rest;      // in [-pi/4, pi/4]
  unsigned quadrant = 0;  // mod 4
};

// 64 bits of kTwoOverPi from bit `first` on.
std::uint64_t bits_from(int first) {
  const std::uint64_t* word = kTwoOverPi + first / 64;
  const int shift = first % 64;
  return shift == 0 ? word[0] : word[0] << shift | word[1] >> (64 - shift);
}

// The nonzero fraction f / 2^128 as a double-double, at least 104 bits of what there is.
DoubleDouble fraction(Wide f) {
  const auto high = static_cast<std::uint64_t>(f >> 75);
  const auto low = static_cast<std::uint64_t>(f >> 22) & ((std::uint64_t{1} << 53) - 1);
  return quick_two_sum(static_cast<double>(high) * 0x1p-53, static_cast<double>(low) * 0x1p-106);
}

// |x| = m 2^e with an integer m below 2^53. Of x 2/pi only the value mod 4 counts, so the product
// of m with 256 bits of 2/pi, those from weight 2^(1 - e) down, is taken mod 2^256: the two top
// bits are the quadrant, the rest is the fraction, wrong by less than 2^-200.
Angle reduce(double a) {
  const auto bits = std::bit_cast<std::uint64_t>(a);
  const int exponent = static_cast<int>(bits >> 52) - 1075;
  const std::uint64_t m = (bits & 0x000fffffffffffffu) | 0x0010000000000000u;
  std::uint64_t product[4];  // most significant first
  std::uint64_t carry = 0;
  for (int k = 3; k >= 0; --k) {
    const Wide term = Wide{m} * bits_from(exponent + 62 + 64 * k) + carry;
    product[k] = static_cast<std::uint64_t>(term);
    carry = static_cast<std::uint64_t>(term >> 64);
  }

  Angle angle;
  angle.quadrant = static_cast<unsigned>(product[0] >> 62);
  for (int k = 0; k < 3; ++k) product[k] = product[k] << 2 | product[k + 1] >> 62;
  product[3] <<= 2;
  const bool above_half = product[0] >> 63;
  if (above_half) {  // the next quadrant, from the other side
    angle.quadrant = (angle.quadrant + 1) & 3;
    for (std::uint64_t& word : product) word = ~word;
  }
  int scale = 0;
  while (product[0] == 0) {  // ends early: no double is nearer to a multiple of pi/2 than 2^-62
    for (int k = 0; k < 3; ++k) product[k] = product[k + 1];
    product[3] = 0;
    scale -= 64;
  }
  const int zeros = std::countl_zero(product[0]);
  Wide top = Wide{product[0]} << 64 | product[1];
  if (zeros > 0) top = top << zeros | product[2] >> (64 - zeros);
  const DoubleDouble turn = fraction(top) * kHalfPi;
  const double factor = (above_half ? -1 : 1) * power_of_two(scale - zeros);
  angle.rest = {turn.hi * factor, turn.lo * factor};
  return angle;
}

Angle angle_of(double a) { return a < 0.785 ? Angle{a, 0} : reduce(a); }

DoubleDouble sin_reduced(DoubleDouble r) {
  const double s = r.hi * r.hi;
  const double low = r.lo * std::fma(-0.5, s, 1.0);
  return quick_two_sum(r.hi, std::fma(r.hi * s, polynomial(kSin, s), low));
}

DoubleDouble cos_reduced(DoubleDouble r) {
  const DoubleDouble s = two_product(r.hi, r.hi);
  const DoubleDouble lead = quick_two_sum(1, -0.5 * s.hi);
  const double low = lead.lo - std::fma(r.hi, r.lo, 0.5 * s.lo);
  return quick_two_sum(lead.hi, std::fma(s.hi * s.hi, polynomial(kCos, s.hi), low));
}

// Sine of `angle` advanced by `quarters` right angles.
double sine(Angle angle, unsigned quarters) {
  const unsigned quadrant = angle.quadrant + quarters;
  const DoubleDouble value = quadrant & 1 ? cos_reduced(angle.rest) : sin_reduced(angle.rest);
  return quadrant & 2 ? -value.hi : value.hi;
}

// The angle of the point (x, y), both >= 0 and not both 0.
DoubleDouble angle_of_point(DoubleDouble y, DoubleDouble x) {
  const bool steep = y.hi > x.hi;
  const DoubleDouble& opposite = steep ? x : y;
  const DoubleDouble& adjacent = steep ? y : x;
  const int k = static_cast<int>(nearest(8 * (opposite.hi / adjacent.hi)));
  const DoubleDouble c = k * 0.125;
  const DoubleDouble z = (opposite - adjacent * c) / (adjacent + opposite * c);
  const double s = z.hi * z.hi;
  const DoubleDouble angle = kAtanOfEighths[k] + (z + z.hi * s * polynomial(kAtan, s));
  return steep ? kHalfPi - angle : angle;
}

// sqrt(1 - a^2), without cancellation near 1.
DoubleDouble other_leg(double a) { return square_root(two_sum(1, -a) * two_sum(1, a)); }

}  // namespace

double sin(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a == kInfinity) return kNan;
  const double value = sine(angle_of(a), 0);
  return std::signbit(x) ? -value : value;
}

double cos(double x) {
  const double a = std::fabs(x);
  if (!(a < kInfinity)) return kNan;
  return sine(angle_of(a), 1);
}

double tan(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a == kInfinity) return kNan;
  const Angle angle = angle_of(a);
  const DoubleDouble s = sin_reduced(angle.rest);
  const DoubleDouble c = cos_reduced(angle.rest);
  const double value = (angle.quadrant & 1 ? -c / s : s / c).rounded();
  return std::signbit(x) ? -value : value;
}

double asin(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a > 1) return kNan;
  return std::copysign(angle_of_point(a, other_leg(a)).rounded(), x);
}

double acos(double x) {
  const double a = std::fabs(x);
  if (!(a <= 1)) return kNan;
  const DoubleDouble angle = angle_of_point(other_leg(a), a);
  return (x < 0 ? kPi - angle : angle).rounded();
}

double atan(double x) {
  const double a = std::fabs(x);
  if (!(a >= 0x1p-28)) return x;
  if (a > 0x1p60) return std::copysign(kHalfPi.hi, x);
  return std::copysign(angle_of_point(a, 1).rounded(), x);
}

}  // namespace engine::numerics
