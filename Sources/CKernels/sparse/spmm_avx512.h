// A sparse product with pixels in lanes: every stored weight, broadcast, times vectors of 16 pixels.
// Included by one file per element type, which defines:
//   WEIGHT, SUM                the type of a weight and of a start value, and of a vector of sums
//   LOAD_SUM, STORE_SUM, SPREAD(number)
//   PIXELS, LOAD(pointer)      the type of a vector of pixels
//   MULTIPLY_ADD(sum, pixels, weight)
// v is constant after inlining. Loads bound the speed: one for each vector of pixels and each weight.
// So two outputs go together, and where both have a weight its pixels are loaded once. Ends of loops that
// the processor does not foresee come next: there are two for each pair.
#pragma once
#include <string.h>

#ifndef UNROLL
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))
#endif

/// Where the streams of a pair have been read to.
struct cursor {
  const uint16_t *indices;
  const WEIGHT *w;
  const char *x;
};

/// Returns the pixels of index k of those that were read together.
INLINE const char *pixels_of(const struct cursor *at, uint64_t together, size_t k, size_t v) {
  return at->x + (size_t)(uint16_t)(together >> 16 * k) * (64 * v);
}

/// Adds `twos` times two rows in which both outputs have a weight.
INLINE void both(const size_t v, SUM a[], SUM b[], size_t twos, struct cursor *at) {
  for (; twos; twos--, at->indices += 2, at->w += 4) {
    uint32_t together;
    memcpy(&together, at->indices, 4);
    UNROLL for (size_t k = 0; k < 2; k++) {
      const char *from = pixels_of(at, together, k, v);
      const SUM weight_a = SPREAD(at->w[2 * k]), weight_b = SPREAD(at->w[2 * k + 1]);
      UNROLL for (size_t j = 0; j < v; j++) {
        const PIXELS x = LOAD(from + 64 * j);
        a[j] = MULTIPLY_ADD(a[j], x, weight_a);
        b[j] = MULTIPLY_ADD(b[j], x, weight_b);
      }
    }
  }
}

/// Adds `twos` times two rows of each output.
INLINE void each(const size_t v, SUM a[], SUM b[], size_t twos, struct cursor *at) {
  for (; twos; twos--, at->indices += 4, at->w += 4) {
    uint64_t together;
    memcpy(&together, at->indices, 8);
    UNROLL for (size_t k = 0; k < 4; k++) {
      const char *from = pixels_of(at, together, k, v);
      const SUM weight = SPREAD(at->w[k]);
      SUM *sums = k % 2 ? b : a;
      UNROLL for (size_t j = 0; j < v; j++)
        sums[j] = MULTIPLY_ADD(sums[j], LOAD(from + 64 * j), weight);
    }
  }
}

INLINE void pairs(
    const size_t v, const WEIGHT *start, const struct pare_sparse_pair *pair, struct cursor at,
    WEIGHT *sums) {
  for (const struct pare_sparse_pair *end = pair + 8; pair < end; pair++) {
    WEIGHT *to_a = sums + pair->first * 16 * v, *to_b = sums + pair->second * 16 * v;
    SUM a[8], b[8];
    UNROLL for (size_t j = 0; j < v; j++) {
      a[j] = start ? SPREAD(start[pair->first]) : LOAD_SUM(to_a + 16 * j);
      b[j] = start ? SPREAD(start[pair->second]) : LOAD_SUM(to_b + 16 * j);
    }
    both(v, a, b, pair->both, &at);
    each(v, a, b, pair->each, &at);
    UNROLL for (size_t j = 0; j < v; j++) {
      STORE_SUM(to_a + 16 * j, a[j]);
      STORE_SUM(to_b + 16 * j, b[j]);
    }
  }
}

INLINE void all_pairs(
    size_t v, const WEIGHT *start, const struct pare_sparse_pair *pair, const uint16_t *indices,
    const WEIGHT *w, const void *x, WEIGHT *sums) {
  const struct cursor at = {indices, w, x};
  switch (v) {
    case 1: return pairs(1, start, pair, at, sums);
    case 2: return pairs(2, start, pair, at, sums);
    case 3: return pairs(3, start, pair, at, sums);
    case 4: return pairs(4, start, pair, at, sums);
    case 5: return pairs(5, start, pair, at, sums);
    case 6: return pairs(6, start, pair, at, sums);
    case 7: return pairs(7, start, pair, at, sums);
    case 8: return pairs(8, start, pair, at, sums);
    default: return;
  }
}
