#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("+dotprod+i8mm"))), apply_to = function)

#include "../qgemm/products_neoni8mm.h"

#define NAME pare_spmm_u8s8_128x2__neoni8mm
#include "spmm_u8s8_neon.h"

#pragma clang attribute pop
#endif
