// Written by fit_coefficients.py. Entry k is the coefficient of the k-th power.
#pragma once

#include <cstdint>

#include "numerics/double_double.h"

namespace engine::numerics {

inline constexpr DoubleDouble kLn2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
inline constexpr DoubleDouble kInverseLn2{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
inline constexpr DoubleDouble kPi{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
inline constexpr DoubleDouble kHalfPi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
inline constexpr DoubleDouble kTwoOverRootPi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56};
inline constexpr DoubleDouble kThird{0x1.5555555555555p-2, 0x1.5555555555555p-56};
inline constexpr DoubleDouble kFifth{0x1.999999999999ap-3, -0x1.999999999999ap-57};
inline constexpr DoubleDouble kSixth{0x1.5555555555555p-3, 0x1.5555555555555p-57};
inline constexpr double kErfcxCentre = 0x1.3988e1409212ep+1;

// expm1(r) = r + r^2/2 + r^3/6 + r^4 p(r), |r| <= ln(2)/2
inline constexpr double kExp[] = {
    0x1.5555555555555p-5,  0x1.1111111111111p-7,  0x1.6c16c16c16c17p-10, 0x1.a01a01a019b2bp-13,
    0x1.a01a01a019da2p-16, 0x1.71de3a5904ad6p-19, 0x1.27e4fb7956040p-22, 0x1.ae64344cd96eep-26,
    0x1.1eed7de6cf3fep-29, 0x1.61b2b16fe7601p-33, 0x1.942597a0704d3p-37,
};

// atanh(s) = s + s z (1/3 + z/5 + z^2 p(z)), z = s^2, |s| <= 0.172
inline constexpr double kLog[] = {
    0x1.2492492492492p-3, 0x1.c71c71c71c71cp-4, 0x1.745d1745d1730p-4, 0x1.3b13b13b16012p-4,
    0x1.1111110f13d57p-4, 0x1.e1e1e3d8a497ep-5, 0x1.af27d4f136715p-5, 0x1.86345128d4a47p-5,
    0x1.611065d68e7f1p-5, 0x1.7819c67713e87p-5,
};

// erf(x) = x (2/sqrt(pi) + s p(s)), s = x^2, |x| <= 1
inline constexpr double kErf[] = {
    -0x1.812746b0379e7p-2,  0x1.ce2f21a042be2p-4,  -0x1.b82ce31288b51p-6,  0x1.565bcd0e6a53dp-8,
    -0x1.c02db40040a69p-11, 0x1.f9a326f9b36c8p-14, -0x1.f4d25c3d100bfp-17, 0x1.b9e6c9bb863f1p-20,
    -0x1.5f742bbc76a3fp-23, 0x1.fcc50b31dd2a7p-27, -0x1.51d22be7806b2p-30, 0x1.9e1449da0ae6cp-34,
    -0x1.d4191d868eb37p-38, 0x1.d3e88f2272e8fp-42, -0x1.440e04110e0a5p-46,
};

// exp(x^2) erfc(x) = p((x - k) / (x + k)), k = kErfcxCentre, 1 <= x <= 6
inline constexpr double kErfcx[] = {
    0x1.b78e03995218ep-3,  -0x1.81eb530c3ad90p-2,  0x1.01b4f390dc269p-2,   -0x1.f17706b4098e6p-4,
    0x1.296fababdf83fp-5,  -0x1.29648c67aaa0dp-9,  -0x1.7688865c7dc6fp-9,  0x1.676b657944f7bp-11,
    0x1.354e47aced338p-12, -0x1.b111f651d768dp-14, -0x1.87cbf15dd044fp-15, 0x1.c1f337efe50b2p-17,
    0x1.419d668d83ec1p-17, -0x1.0b0a33166bf8dp-20, -0x1.0e557771c9665p-19, -0x1.55a4ce43a0612p-23,
    0x1.618fad7eee172p-22,
};

// sin(r) = r + r s p(s), s = r^2, |r| <= pi/4
inline constexpr double kSin[] = {
    -0x1.5555555555555p-3,  0x1.1111111111110p-7,  -0x1.a01a01a019937p-13, 0x1.71de3a54607fap-19,
    -0x1.ae6454129f078p-26, 0x1.61217eed1c04ap-33, -0x1.ab17c21adf462p-41,
};

// cos(r) = 1 - s/2 + s^2 p(s), s = r^2, |r| <= pi/4
inline constexpr double kCos[] = {
    0x1.5555555555555p-5,  -0x1.6c16c16c16c16p-10, 0x1.a01a01a019d0ap-16, -0x1.27e4fb7712cc8p-22,
    0x1.1eed8deb869afp-29, -0x1.9394b9f1ce104p-37, 0x1.ab784b1122af7p-45,
};

// atan(z) = z + z s p(s), s = z^2, |z| <= 0.0626
inline constexpr double kAtan[] = {
    -0x1.5555555555555p-2, 0x1.999999999994cp-3,  -0x1.249249245a0fdp-3,
    0x1.c71c6fe8c56dfp-4,  -0x1.74597f1798f33p-4, 0x1.37e2e97c5ec5fp-4,
};

// atan(k / 8)
inline constexpr DoubleDouble kAtanOfEighths[] = {
    {0x0.0p+0, 0x0.0p+0},
    {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
    {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
    {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
    {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
    {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
    {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
    {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
    {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
};

// One zero word, then the first 1280 bits of 2/pi, most significant first.
inline constexpr std::uint64_t kTwoOverPi[] = {
    0x0000000000000000u, 0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u,
    0xfe5163abdebbc561u, 0xb7246e3a424dd2e0u, 0x06492eea09d1921cu, 0xfe1deb1cb129a73eu,
    0xe88235f52ebb4484u, 0xe99c7026b45f7e41u, 0x3991d639835339f4u, 0x9c845f8bbdf9283bu,
    0x1ff897ffde05980fu, 0xef2f118b5a0a6d1fu, 0x6d367ecf27cb09b7u, 0x4f463f669e5fea2du,
    0x7527bac7ebe5f17bu, 0x3d0739f78a5292eau, 0x6bfb5fb11f8d5d08u, 0x56033046fc7b6babu,
    0xf0cfbc209af4361du,
};

}  // namespace engine::numerics
