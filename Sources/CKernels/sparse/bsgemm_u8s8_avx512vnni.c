// A product with balanced sparse weights: 16 outputs in the lanes of a vector, each of which multiplies
// a quad of its own. One permutation brings the 16 quads into place, so that a multiply that is not
// stored costs nothing, no pixel changes its place, and the stores are those of dense products.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../qgemm/store_u8s8_avx512.h"

/// Steps whose choices share one vector: eight of four bits.
enum { SHARED_STEPS = 8 };

/// Adds at most eight steps of a segment, whose pixels are x; returns the end of their weights.
INLINE const int8_t *steps(
    const size_t m, __m512i sums[], const __m512i x[], size_t count, const int8_t *b) {
  __m512i choice = _mm512_load_si512(b);
  b += 64;
  for (; count; count--, b += 64) {
    const __m512i weights = _mm512_load_si512(b);
    UNROLL for (size_t i = 0; i < m; i++)
      sums[i] = _mm512_dpbusd_epi32(sums[i], _mm512_permutexvar_epi32(choice, x[i]), weights);
    choice = _mm512_srli_epi32(choice, 4);
  }
  return b;
}

/// Leaves the sums of n columns in `memory`, [panel][TILE_ROWS].
INLINE void tile(
    const size_t m, size_t n, size_t taps, size_t segments, size_t segment_bytes,
    const uint8_t *const *rows, const uint8_t *counts, const int8_t *b, const int32_t *q,
    __m512i *memory) {
  for (size_t j = 0; j < n; j += 16, q += 48, memory += TILE_ROWS) {
    __m512i sums[TILE_ROWS], x[TILE_ROWS];
    UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm512_loadu_si512(q);
    const uint8_t *const *a = rows;
    for (size_t t = 0; t < taps; t++, a += m) {
      for (size_t s = 0; s < segments; s++) {
        size_t count = *counts++;
        if (!count) continue;
        UNROLL for (size_t i = 0; i < m; i++) x[i] = _mm512_loadu_si512(a[i] + s * segment_bytes);
        if (count > SHARED_STEPS) {
          b = steps(m, sums, x, SHARED_STEPS, b);
          count -= SHARED_STEPS;
        }
        b = steps(m, sums, x, count, b);
      }
    }
    UNROLL for (size_t i = 0; i < m; i++) memory[i] = sums[i];
  }
}

typedef void tile_function(
    size_t n, size_t taps, size_t segments, size_t segment_bytes, const uint8_t *const *a,
    const uint8_t *counts, const int8_t *b, const int32_t *q, __m512i *memory);

#define TILE(M)                                                                               \
  static void tile_##M(                                                                       \
      size_t n, size_t taps, size_t segments, size_t segment_bytes, const uint8_t *const *a,   \
      const uint8_t *counts, const int8_t *b, const int32_t *q, __m512i *memory) {             \
    tile(M, n, taps, segments, segment_bytes, a, counts, b, q, memory);                       \
  }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7)
TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#undef TILE

static tile_function *const tiles[TILE_ROWS] = {
    tile_1, tile_2, tile_3,  tile_4,  tile_5,  tile_6,  tile_7,
    tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14};

void pare_bsgemm_u8s8_14x64__avx512vnni(
    size_t m, size_t n, size_t taps, size_t segments, size_t segment_bytes,
    const uint8_t *const *a, const uint8_t *counts, const int8_t *b, const int32_t *q, void *c,
    size_t ldc, const struct pare_qoutput *output) {
  __m512i sums[TILE_PANELS * TILE_ROWS];
  if (!m || !n) return;
  tiles[m - 1](n, taps, segments, segment_bytes, a, counts, b, q, sums);
  const struct tile_output to = {q, c, ldc, output};
  store_tile(m, n, sums, &to);
}

#pragma clang attribute pop
#endif
