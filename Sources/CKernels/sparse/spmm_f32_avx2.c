#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define NAME pare_spmm_f32_128x2__avx2
#define WEIGHT float
#define SUM __m256
#define PER 2
#define LOAD_SUM(pointer) _mm256_load_ps((const float *)(pointer))
#define STORE_SUM(pointer, y) _mm256_store_ps((float *)(pointer), y)
#define SPREAD(start) _mm256_set1_ps(start)
#define PIXELS __m256
#define LOAD(pointer) _mm256_load_ps((const float *)(pointer))
#define SOME const float *
#define LOAD_FOUR(pointer) (pointer)
#define MULTIPLY_ADD(sum, x, some, k) _mm256_fmadd_ps(x, _mm256_set1_ps((some)[k]), sum)

#include "spmm_narrow.h"

#pragma clang attribute pop
#endif
