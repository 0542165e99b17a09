#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../qgemm/products_avx2.h"

#define NAME pare_spmm_u8s8_128x2__avx2
#include "spmm_u8s8_avx2.h"

#pragma clang attribute pop
#endif
