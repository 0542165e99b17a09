#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define NAME pare_spmm_f32_128x1__avx2
#define WEIGHT float
#define START float
#define SUM __m256
#define PER 2
#define LOAD_SUM(pointer) _mm256_load_ps((const float *)(pointer))
#define STORE_SUM(pointer, y) _mm256_store_ps((float *)(pointer), y)
#define SPREAD(start) _mm256_set1_ps(start)
#define ZERO _mm256_setzero_ps()
#define ADD(a, b) _mm256_add_ps(a, b)
#define FOUR const float *
#define LOAD_FOUR(pointer) (pointer)
#define LOAD_ONE(pointer) (pointer)
#define MULTIPLY_ADD(sum, pixels, four, k) \
  _mm256_fmadd_ps(_mm256_load_ps((const float *)(pixels)), _mm256_set1_ps((four)[k]), sum)

#include "spmm_narrow.h"

#pragma clang attribute pop
#endif
