// The functions of the C mathematics library that operators use, also where a bare-metal toolchain
// has the library but not its header.
#pragma once

#if __has_include(<math.h>)
#include <math.h>
#else
double pow(double, double);
double exp(double);
double expm1(double);
double log(double);
double log1p(double);
double tanh(double);
double erf(double);
double sin(double);
double cos(double);
double tan(double);
double asin(double);
double acos(double);
double atan(double);
double sinh(double);
double cosh(double);
double asinh(double);
double acosh(double);
double atanh(double);
float powf(float, float);
float logf(float);
float log1pf(float);
float sinf(float);
float cosf(float);
float tanf(float);
float asinf(float);
float acosf(float);
float atanf(float);
float sinhf(float);
float coshf(float);
float asinhf(float);
float acoshf(float);
float atanhf(float);
#endif
