#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define KERNEL(name) name##__avx2
#include "pool.h"

#pragma clang attribute pop
#endif
