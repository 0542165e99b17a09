// A sparse product with pixels in lanes: every stored weight, broadcast, times vectors of 16 pixels.
// Included by one file per element type, which defines:
//   WEIGHT, START, SUM         the type of a stored weight, of a start value, the vector of sums
//   LOAD_SUM, STORE_SUM, SPREAD(start), ZERO, ADD(a, b)
//   MULTIPLY_ADD(sum, pointer to 16 pixels, pointer to a weight)
// v is constant after inlining. Loads bound the speed (v of x, and one of a weight, for v products), so
// four indices come in one.
#pragma once
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// One output at a time. With few vectors a single chain of sums would wait for itself: `chains` of
/// them take turns.
INLINE void outputs(
    const size_t v, const size_t chains, size_t n, const START *start, const uint16_t *counts,
    const uint16_t *indices, const WEIGHT *w, const char *x, START *sums) {
  for (size_t o = 0; o < n; o++, sums += 16 * v) {
    SUM sum[3][8];
    UNROLL for (size_t j = 0; j < v; j++) {
      sum[0][j] = start ? SPREAD(start[o]) : LOAD_SUM(sums + 16 * j);
      UNROLL for (size_t c = 1; c < chains; c++) sum[c][j] = ZERO;
    }
    const size_t count = counts[o];
    size_t b = 0;
    for (; b + 4 <= count; b += 4) {
      uint64_t four;
      memcpy(&four, indices + b, 8);
      UNROLL for (size_t k = 0; k < 4; k++) {
        const char *pixels = x + (size_t)(uint16_t)(four >> 16 * k) * (64 * v);
        MULTIPLY_ADD(sum[k % chains], pixels, w + b + k, v);
      }
    }
    for (; b < count; b++) MULTIPLY_ADD(sum[0], x + (size_t)indices[b] * (64 * v), w + b, v);
    UNROLL for (size_t j = 0; j < v; j++) {
      UNROLL for (size_t c = 1; c < chains; c++) sum[0][j] = ADD(sum[0][j], sum[c][j]);
      STORE_SUM(sums + 16 * j, sum[0][j]);
    }
    indices += count;
    w += count;
  }
}

INLINE void all_outputs(
    size_t v, size_t n, const START *start, const uint16_t *counts, const uint16_t *indices,
    const WEIGHT *w, const char *x, START *sums) {
  switch (v) {
    case 1: return outputs(1, 3, n, start, counts, indices, w, x, sums);
    case 2: return outputs(2, 3, n, start, counts, indices, w, x, sums);
    case 3: return outputs(3, 2, n, start, counts, indices, w, x, sums);
    case 4: return outputs(4, 2, n, start, counts, indices, w, x, sums);
    case 5: return outputs(5, 2, n, start, counts, indices, w, x, sums);
    case 6: return outputs(6, 1, n, start, counts, indices, w, x, sums);
    case 7: return outputs(7, 1, n, start, counts, indices, w, x, sums);
    case 8: return outputs(8, 1, n, start, counts, indices, w, x, sums);
    default: return;
  }
}
