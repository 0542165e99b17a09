// A sparse product with pixels in lanes, for vectors of less than 512 bits: every stored weight times
// vectors of 16 pixels, each of which is PER registers, for two outputs at a time. Included by one file
// for each element type and instruction set, which defines:
//   NAME                      the function
//   WEIGHT                    the type of a stored weight, and of a start value
//   SUM, PER                  a register of sums; how many make 16 lanes
//   LOAD_SUM, STORE_SUM, SPREAD(start)
//   PIXELS, LOAD(pointer)     a register of activations
//   SOME, LOAD_FOUR            four stored weights
//   MULTIPLY_ADD(sum, pixels, some, k)   k is constant after inlining
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// What comes next; rows of `x` and of sums are `row` bytes apart.
struct cursor {
  const uint16_t *indices;
  const WEIGHT *w;
  const char *x;
  size_t row;
};

/// The pixels of index k of those that were read together.
INLINE const char *pixels_of(const struct cursor *at, uint64_t together, const size_t k) {
  return at->x + (size_t)(uint16_t)(together >> 16 * k) * at->row;
}

#define BOTH(k)                                            \
  {                                                        \
    const char *from = pixels_of(at, together, k);         \
    UNROLL for (size_t j = 0; j < v * PER; j++) {          \
      const PIXELS x = LOAD(from + 64 / PER * j);          \
      a[j] = MULTIPLY_ADD(a[j], x, weights, 2 * k);        \
      b[j] = MULTIPLY_ADD(b[j], x, weights, 2 * k + 1);    \
    }                                                      \
  }

/// Adds `twos` times two rows in which both outputs have a weight.
INLINE void both(const size_t v, SUM a[], SUM b[], size_t twos, struct cursor *at) {
  for (; twos; twos--, at->indices += 2, at->w += 4) {
    uint32_t together;
    memcpy(&together, at->indices, 4);
    SOME weights = LOAD_FOUR(at->w);
    BOTH(0)
    BOTH(1)
  }
}

#define ONE(sums, k)                                                 \
  {                                                                  \
    const char *from = pixels_of(at, together, k);                   \
    UNROLL for (size_t j = 0; j < v * PER; j++) sums[j] =            \
        MULTIPLY_ADD(sums[j], LOAD(from + 64 / PER * j), weights, k); \
  }

/// Adds `twos` times two rows of each output.
INLINE void each(const size_t v, SUM a[], SUM b[], size_t twos, struct cursor *at) {
  for (; twos; twos--, at->indices += 4, at->w += 4) {
    uint64_t together;
    memcpy(&together, at->indices, 8);
    SOME weights = LOAD_FOUR(at->w);
    ONE(a, 0)
    ONE(b, 1)
    ONE(a, 2)
    ONE(b, 3)
  }
}

/// v vectors of 16 lanes, from the first of a row on.
INLINE void pairs(
    const size_t v, const WEIGHT *start, const struct pare_sparse_pair *pair, struct cursor at,
    char *sums) {
  for (const struct pare_sparse_pair *end = pair + 8; pair < end; pair++) {
    char *to_a = sums + pair->first * at.row, *to_b = sums + pair->second * at.row;
    SUM a[3 * PER], b[3 * PER];
    UNROLL for (size_t j = 0; j < v * PER; j++) {
      a[j] = start ? SPREAD(start[pair->first]) : LOAD_SUM(to_a + 64 / PER * j);
      b[j] = start ? SPREAD(start[pair->second]) : LOAD_SUM(to_b + 64 / PER * j);
    }
    both(v, a, b, pair->both, &at);
    each(v, a, b, pair->each, &at);
    UNROLL for (size_t j = 0; j < v * PER; j++) {
      STORE_SUM(to_a + 64 / PER * j, a[j]);
      STORE_SUM(to_b + 64 / PER * j, b[j]);
    }
  }
}

/// At most 3 vectors at a time, whose sums fill the registers; every run of them walks all weights.
void NAME(
    size_t vectors, const WEIGHT *start, const struct pare_sparse_pair *pair,
    const uint16_t *indices, const WEIGHT *w, const void *x, WEIGHT *sums) {
  for (size_t done = 0; done < vectors;) {
    const size_t left = vectors - done, v = left == 4 ? 2 : left < 3 ? left : 3;
    const struct cursor at = {indices, w, (const char *)x + 64 * done, 64 * vectors};
    char *to = (char *)sums + 64 * done;
    switch (v) {
      case 1: pairs(1, start, pair, at, to); break;
      case 2: pairs(2, start, pair, at, to); break;
      default: pairs(3, start, pair, at, to);
    }
    done += v;
  }
}
