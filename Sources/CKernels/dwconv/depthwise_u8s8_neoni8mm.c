#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("+dotprod+i8mm"))), apply_to = function)

#include "../qgemm/products_neoni8mm.h"
#include "block16_neon.h"

#define NAME_CONV pare_dwconv_u8s8_8x16__neoni8mm
#define NAME_ROW pare_dwrow_u8s8_2x16__neoni8mm
#define THREE 4
#include "depthwise_u8s8.h"

#pragma clang attribute pop
#endif
