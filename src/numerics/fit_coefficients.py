#!/usr/bin/env python3
"""Writes elementary_coefficients.h and elementary64_coefficients.h (needs mpmath).

The polynomials are Chebyshev fits at 60 digits, rounded to the target type. A changed
coefficient changes results, so running this is a change of the contract version.
"""
import os
import struct

from mpmath import atan, chebyfit, erf, erfc, exp, floor, log, log1p, mp, mpf, pi, sqrt, tanh

mp.dps = 60
HERE = os.path.dirname(os.path.abspath(__file__))
HALF_LN2 = mpf("0.34658")
ROOT_HALF_LESS_1, ROOT_2_LESS_1 = mpf("-0.29290"), mpf("0.41422")


def to_float(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def series(coefficient, terms, skip):
    """The Taylor series sum c(k) x^(k - skip) from k = skip: exact where x is tiny."""
    return lambda x: sum(coefficient(k) * x ** (k - skip) for k in range(skip, skip + terms))


def near(limit, tail, full):
    """`full` away from zero, the series `tail` where `full` would cancel."""
    return lambda x: tail(x) if abs(x) < limit else full(x)


# What remains of a function once its leading terms are taken away; s and z are squares.
exp_tail2 = near(mpf("1e-9"), series(lambda k: 1 / mp.factorial(k), 20, 2),
                 lambda r: (exp(r) - 1 - r) / r**2)
exp_tail4 = series(lambda k: 1 / mp.factorial(k), 40, 4)
tanh_tail = near(mpf("1e-12"), lambda s: -mpf(1) / 3 + s * 2 / 15,
                 lambda s: (tanh(sqrt(s)) / sqrt(s) - 1) / s)
erf_over_x = near(mpf("1e-20"), lambda s: 2 / sqrt(pi), lambda s: erf(sqrt(s)) / sqrt(s))
erf_tail = series(lambda k: 2 / sqrt(pi) * mpf(-1) ** k / (mp.factorial(k) * (2 * k + 1)), 60, 1)
log_tail3 = near(mpf("1e-9"), lambda f: mpf(1) / 3 - f / 4,
                 lambda f: (log1p(f) - f + f * f / 2) / f**3)
atanh_tail = series(lambda k: mpf(1) / (2 * k + 1), 60, 3)
atan_tail = series(lambda k: mpf(-1) ** k / (2 * k + 1), 60, 1)
sin_tail = series(lambda k: mpf(-1) ** k / mp.factorial(2 * k + 1), 30, 1)
cos_tail = series(lambda k: mpf(-1) ** k / mp.factorial(2 * k), 30, 2)
SPLIT = sqrt(mpf(6))


def erfcx_of(t):
    x = SPLIT * (1 + t) / (1 - t)
    return exp(x * x) * erfc(x)


def split_of(x):
    return (x - SPLIT) / (x + SPLIT)


FLOAT = [  # name, what it is, function, interval, terms
    ("EXP_C", "exp(r) = 1 + r + r^2 p(r), |r| <= ln(2)/2", exp_tail2, (-HALF_LN2, HALF_LN2), 5),
    ("TANH_C", "tanh(x) = x + x s p(s), s = x^2, |x| <= 0.55", tanh_tail, (0, 0.3026), 5),
    ("ERF_C", "erf(x) = x + x p(s), s = x^2, |x| <= 0.93", lambda s: erf_over_x(s) - 1,
     (0, 0.8650), 6),
    ("ERFC_C", "erf(x) = 1 - exp(-p(x)), 0.93 <= x <= 4", lambda x: -log(erfc(x)), (0.93, 4.0), 9),
    ("LOG_C", "log(1 + f) = f - f^2/2 + f^3 p(f), sqrt(1/2) <= 1 + f <= sqrt(2)", log_tail3,
     (ROOT_HALF_LESS_1, ROOT_2_LESS_1), 9),
    ("LOG1P_C", "log(1 + f) = f - f^2/2 + f^3 p(f), -1/4 <= f <= 1/2", log_tail3, (-0.25, 0.5), 10),
]

DOUBLE = [
    ("kExp", "expm1(r) = r + r^2/2 + r^3/6 + r^4 p(r), |r| <= ln(2)/2", exp_tail4,
     (-HALF_LN2, HALF_LN2), 11),
    ("kLog", "atanh(s) = s + s z (1/3 + z/5 + z^2 p(z)), z = s^2, |s| <= 0.172", atanh_tail,
     (0, mpf("0.02945")), 10),
    ("kErf", "erf(x) = x (2/sqrt(pi) + s p(s)), s = x^2, |x| <= 1", erf_tail, (0, 1), 15),
    ("kErfcx", "exp(x^2) erfc(x) = p((x - k) / (x + k)), k = kErfcxCentre, 1 <= x <= 6", erfcx_of,
     (split_of(mpf(1)), split_of(mpf(6))), 17),
    ("kSin", "sin(r) = r + r s p(s), s = r^2, |r| <= pi/4", sin_tail, (0, mpf("0.6169")), 7),
    ("kCos", "cos(r) = 1 - s/2 + s^2 p(s), s = r^2, |r| <= pi/4", cos_tail, (0, mpf("0.6169")), 7),
    ("kAtan", "atan(z) = z + z s p(s), s = z^2, |z| <= 0.0626", atan_tail,
     (0, mpf("0.00392")), 6),
]

PAIRS = [
    ("kLn2", log(mpf(2))), ("kInverseLn2", 1 / log(mpf(2))), ("kPi", pi + 0), ("kHalfPi", pi / 2),
    ("kTwoOverRootPi", 2 / sqrt(pi)), ("kThird", mpf(1) / 3), ("kFifth", mpf(1) / 5),
    ("kSixth", mpf(1) / 6),
]


def fit(function, interval, terms):
    return list(reversed(chebyfit(function, [mpf(interval[0]), mpf(interval[1])], terms)))


def pair(value):
    high = float(value)
    return "{%s, %s}" % (high.hex(), float(value - mpf(high)).hex())


def write_float(path):
    with open(path, "w") as out:
        out.write("// Written by fit_coefficients.py. NAME<k> is the coefficient of the k-th"
                  " power.\n"
                  "// Plain macros without a guard: the same text is pasted into OpenCL"
                  " programs, and\n"
                  "// defining a macro twice alike is harmless.\n")
        for name, what, function, interval, terms in FLOAT:
            out.write("\n// %s\n" % what)
            for k, c in enumerate(fit(function, interval, terms)):
                out.write("#define %s%d (%sf)\n" % (name, k, repr(to_float(c))))


def write_double(path):
    with mp.workdps(420):
        bits = int(floor(mp.ldexp(2 / pi, 20 * 64)))
    words = [0] + [(bits >> (64 * (19 - k))) & (2**64 - 1) for k in range(20)]
    with open(path, "w") as out:
        out.write("// Written by fit_coefficients.py. Entry k is the coefficient of the k-th"
                  " power.\n"
                  "#pragma once\n\n#include <cstdint>\n\n#include \"numerics/double_double.h\"\n\n"
                  "namespace engine::numerics {\n\n")
        for name, value in PAIRS:
            out.write("inline constexpr DoubleDouble %s%s;\n" % (name, pair(value)))
        out.write("inline constexpr double kErfcxCentre = %s;\n" % float(SPLIT).hex())
        for name, what, function, interval, terms in DOUBLE:
            out.write("\n// %s\ninline constexpr double %s[] = {\n" % (what, name))
            for c in fit(function, interval, terms):
                out.write("    %s,\n" % float(c).hex())
            out.write("};\n")
        out.write("\n// atan(k / 8)\ninline constexpr DoubleDouble kAtanOfEighths[] = {\n")
        for k in range(9):
            out.write("    %s,\n" % pair(atan(mpf(k) / 8)))
        out.write("};\n\n// One zero word, then the first 1280 bits of 2/pi, most significant"
                  " first.\n"
                  "inline constexpr std::uint64_t kTwoOverPi[] = {\n")
        for k in range(0, len(words), 4):
            out.write("    %s,\n" % ", ".join("0x%016xu" % w for w in words[k:k + 4]))
        out.write("};\n\n}  // namespace engine::numerics\n")


if __name__ == "__main__":
    write_float(os.path.join(HERE, "elementary_coefficients.h"))
    write_double(os.path.join(HERE, "elementary64_coefficients.h"))
