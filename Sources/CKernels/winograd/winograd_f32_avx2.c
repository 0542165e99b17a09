#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define KERNEL(name) name##__avx2
#include "winograd_f32.h"

#pragma clang attribute pop
#endif
