// Elementary functions of double, the same bits on every machine: only + - * / sqrt fma and
// integer operations, rounding to nearest even, nothing from the system's mathematics library.
//
// Errors stay within 1 ULP (figures: docs/elementary_functions.md). Special cases are those of C
// Annex F. NaN gives NaN, except pow(1, NaN) and pow(NaN, 0), which are 1. No errno, no exceptions.
#pragma once

namespace engine::numerics {

double exp(double x);
double exp2(double x);
double expm1(double x);
double log(double x);
double log2(double x);
double log1p(double x);
double pow(double x, double y);

double sigmoid(double x);   // 1 / (1 + exp(-x))
double softplus(double x);  // log(1 + exp(x))
double erf(double x);

double sinh(double x);
double cosh(double x);
double tanh(double x);
double asinh(double x);
double acosh(double x);
double atanh(double x);

// In radians; arguments of any size are reduced exactly.
double sin(double x);
double cos(double x);
double tan(double x);
double asin(double x);
double acos(double x);
double atan(double x);

}  // namespace engine::numerics
