#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("+dotprod"))), apply_to = function)

#include "../qgemm/products_neondot.h"

#define NAME pare_spmm_u8s8_128x2__neondot
#include "spmm_u8s8_neon.h"

#pragma clang attribute pop
#endif
