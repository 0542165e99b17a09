// A sparse product of bytes with 256-bit vectors: included after the products of an instruction set.
#define WEIGHT int32_t
#define SUM __m256i
#define PER 2
#define LOAD_SUM(pointer) _mm256_load_si256((const __m256i *)(pointer))
#define STORE_SUM(pointer, y) _mm256_store_si256((__m256i *)(pointer), y)
#define SPREAD(start) _mm256_set1_epi32(start)
#define PIXELS struct quad
#define LOAD(pointer) quad_of_bytes(_mm256_load_si256((const __m256i *)(pointer)))
#define SOME const int32_t *
#define LOAD_FOUR(pointer) (pointer)
#define MULTIPLY_ADD(sum, x, some, k) multiply_add(sum, x, (some)[k])

static inline __attribute__((always_inline)) __m256i multiply_add(
    __m256i sum, struct quad x, int32_t weight) {
  const struct columns w = columns_of_bytes(_mm256_set1_epi32(weight));
  return sum_of_products(sum, &x, &w);
}

#include "spmm_narrow.h"
