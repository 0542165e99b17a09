// A sparse product with pixels in lanes, for vectors of less than 512 bits: every stored weight times
// vectors of 16 pixels, each of which is PER registers. Included by one file for each element type and
// instruction set, which defines:
//   NAME                      the function
//   WEIGHT, START             the type of a stored weight, of a start value
//   SUM, PER                  a register of sums; how many make 16 lanes
//   LOAD_SUM, STORE_SUM, SPREAD(start), ZERO, ADD(a, b)
//   FOUR, LOAD_FOUR(pointer)  four stored weights; LOAD_ONE(pointer) has one, as the first
//   MULTIPLY_ADD(sum, pointer to the pixels of a register, four, k)   k is constant after inlining
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// One output at a time, v vectors of 16 lanes of rows that are `row` bytes apart. A single chain of few
/// sums would wait for itself: `chains` of them take turns.
INLINE void outputs(
    const size_t v, const size_t chains, size_t row, size_t n, const START *start,
    const uint16_t *counts, const uint16_t *indices, const WEIGHT *w, const char *x, char *sums) {
  for (size_t o = 0; o < n; o++, sums += row) {
    SUM sum[4][6 * PER];
    UNROLL for (size_t j = 0; j < v * PER; j++) {
      sum[0][j] = start ? SPREAD(start[o]) : LOAD_SUM(sums + 64 / PER * j);
      UNROLL for (size_t c = 1; c < chains; c++) sum[c][j] = ZERO;
    }
    const size_t count = counts[o];
    size_t b = 0;
    for (; b + 4 <= count; b += 4) {
      uint64_t four;
      memcpy(&four, indices + b, 8);
      FOUR weights = LOAD_FOUR(w + b);
#define ONE(k)                                                            \
  {                                                                       \
    const char *pixels = x + (size_t)(uint16_t)(four >> 16 * k) * row;    \
    UNROLL for (size_t j = 0; j < v * PER; j++) sum[k % chains][j] =      \
        MULTIPLY_ADD(sum[k % chains][j], pixels + 64 / PER * j, weights, k); \
  }
      ONE(0)
      ONE(1)
      ONE(2)
      ONE(3)
#undef ONE
    }
    for (; b < count; b++) {
      const char *pixels = x + (size_t)indices[b] * row;
      FOUR weight = LOAD_ONE(w + b);
      UNROLL for (size_t j = 0; j < v * PER; j++) sum[0][j] =
          MULTIPLY_ADD(sum[0][j], pixels + 64 / PER * j, weight, 0);
    }
    UNROLL for (size_t j = 0; j < v * PER; j++) {
      UNROLL for (size_t c = 1; c < chains; c++) sum[0][j] = ADD(sum[0][j], sum[c][j]);
      STORE_SUM(sums + 64 / PER * j, sum[0][j]);
    }
    indices += count;
    w += count;
  }
}

/// At most 6 vectors at a time; of more, each half walks all weights.
void NAME(
    size_t vectors, size_t n, const START *start, const uint16_t *counts, const uint16_t *indices,
    const WEIGHT *w, const void *x, START *sums) {
  const size_t row = 64 * vectors;
  for (size_t done = 0, left = vectors; left > 0;) {
    const size_t v = left <= 6 ? left : (left + 1) / 2 < 6 ? (left + 1) / 2 : 6;
    const char *pixels = (const char *)x + 64 * done;
    char *to = (char *)sums + 64 * done;
#define CASE(v, chains) \
  case v: outputs(v, chains, row, n, start, counts, indices, w, pixels, to); break;
    switch (v) {
      CASE(1, 4)
      CASE(2, 2)
      CASE(3, 2)
      CASE(4, 1)
      CASE(5, 1)
      CASE(6, 1)
      default: return;
    }
#undef CASE
    done += v;
    left -= v;
  }
}
