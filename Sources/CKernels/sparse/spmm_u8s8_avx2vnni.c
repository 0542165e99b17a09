#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

#include "../qgemm/products_avx2vnni.h"

#define NAME pare_spmm_u8s8_128x2__avx2vnni
#include "spmm_u8s8_avx2.h"

#pragma clang attribute pop
#endif
