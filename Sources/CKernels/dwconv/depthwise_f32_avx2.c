#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define NAME_CONV pare_dwconv_f32_8x8__avx2
#define NAME_ROW pare_dwrow_f32_2x8__avx2
#include "depthwise_f32.h"

#pragma clang attribute pop
#endif
