#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

#include "../qgemm/products_avx2vnni.h"
#include "block32_avx2.h"

#define NAME_CONV pare_dwconv_u8s8_8x32__avx2vnni
#define NAME_ROW pare_dwrow_u8s8_2x32__avx2vnni
#define THREE 4
#include "depthwise_u8s8.h"

#pragma clang attribute pop
#endif
