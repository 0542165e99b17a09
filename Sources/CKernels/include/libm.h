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
float powf(float, float);
float logf(float);
float log1pf(float);
float sinf(float);
float cosf(float);
#endif
