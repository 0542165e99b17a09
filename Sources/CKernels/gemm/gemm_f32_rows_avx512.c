#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// What all tiles of one call share; lda and ldc count bytes.
struct product {
  size_t k, lda, b_stride, ldc;
  __m512 min, max;
};

/// Panels of this size are asked for ahead; shorter ones stay in the second-level cache.
enum { FAR_BYTES = 64 * 1024 };

/// One step of a tile of m rows by v panels. Rows lie in threes behind each of `rows`, so that addresses
/// of 14 of them take five registers and no loads.
INLINE void step(
    const size_t m, const size_t v, __m512 sums[], const char *const rows[], size_t lda, size_t at,
    const float *b, size_t b_stride) {
  __m512 columns[4];
  UNROLL for (size_t j = 0; j < v; j++) columns[j] = _mm512_loadu_ps(b + j * b_stride);
  UNROLL for (size_t i = 0; i < m; i++) {
    const __m512 x = _mm512_set1_ps(*(const float *)(rows[i / 3] + i % 3 * lda + at));
    UNROLL for (size_t j = 0; j < v; j++) sums[i * v + j] =
        _mm512_fmadd_ps(x, columns[j], sums[i * v + j]);
  }
}

INLINE void multiply(
    const size_t m, const size_t v, __m512 sums[], const struct product *p, const char *a,
    const float *b) {
  const size_t threes = (m + 2) / 3, lda = p->lda, b_stride = p->b_stride;
  const char *rows[5];
  UNROLL for (size_t i = 0; i < threes; i++) {
    rows[i] = a + 3 * i * lda;
    __asm__("" : "+r"(rows[i]));  // or the compiler keeps m addresses, in memory
  }
  const int far = p->k * 64 >= FAR_BYTES;
  size_t k = p->k;
  for (; k >= 4; k -= 4, b += 64) {
    if (far) {
      UNROLL for (size_t j = 0; j < 4 * v; j++) _mm_prefetch(
          (const char *)(b + j / 4 * b_stride + (32 + j % 4) * 16), _MM_HINT_T0);
    }
    UNROLL for (size_t i = 0; i < 4; i++) step(
        m, v, sums, rows, lda, 4 * i, b + 16 * i, b_stride);
    UNROLL for (size_t i = 0; i < threes; i++) rows[i] += 16;
  }
  for (; k; k--, b += 16) {
    step(m, v, sums, rows, lda, 0, b, b_stride);
    UNROLL for (size_t i = 0; i < threes; i++) rows[i] += 4;
  }
}

INLINE void store(
    const size_t m, const size_t v, __m512 sums[], __mmask16 last, const int whole,
    const struct product *p, char *c) {
  UNROLL for (size_t i = 0; i < m; i++) {
    float *to = (float *)(c + i * p->ldc);
    UNROLL for (size_t j = 0; j < v; j++) {
      const __m512 y = _mm512_min_ps(p->max, _mm512_max_ps(p->min, sums[i * v + j]));
      if (whole || j + 1 < v)
        _mm512_storeu_ps(to + 16 * j, y);
      else
        _mm512_mask_storeu_ps(to + 16 * j, last, y);
    }
  }
}

/// `count` tiles of m rows, one below the other, by v panels of which the last has `last` columns.
INLINE void tiles(
    const size_t m, const size_t v, size_t count, __mmask16 last, const struct product *shared,
    const char *a, const float *b, const float *bias, const char *residual, char *c) {
  const struct product copy = *shared, *p = &copy;  // or stores to c make the compiler read it again
  for (; count; count--, a += m * p->lda, c += m * p->ldc) {
    __m512 sums[24];
    UNROLL for (size_t j = 0; j < v; j++) {
      const __m512 value = _mm512_loadu_ps(bias + 16 * j);
      UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = value;
    }
    multiply(m, v, sums, p, a, b);
    if (residual) {
      UNROLL for (size_t i = 0; i < m; i++) {
        const float *from = (const float *)(residual + i * p->ldc);
        UNROLL for (size_t j = 0; j < v; j++) sums[i * v + j] = _mm512_add_ps(
            sums[i * v + j],
            j + 1 < v ? _mm512_loadu_ps(from + 16 * j)
                      : _mm512_maskz_loadu_ps(last, from + 16 * j));
      }
      residual += m * p->ldc;
    }
    if (last == 0xFFFF)
      store(m, v, sums, last, 1, p, c);
    else
      store(m, v, sums, last, 0, p, c);
  }
}

typedef void tiles_function(
    size_t count, __mmask16 last, const struct product *p, const char *a, const float *b,
    const float *bias, const char *residual, char *c);

#define TILES(M, V)                                                                      \
  static void tiles_##M##x##V(                                                           \
      size_t count, __mmask16 last, const struct product *p, const char *a, const float *b, \
      const float *bias, const char *residual, char *c) {                                \
    tiles(M, V, count, last, p, a, b, bias, residual, c);                                \
  }
TILES(1, 1) TILES(2, 1) TILES(3, 1) TILES(4, 1) TILES(5, 1) TILES(6, 1)
TILES(7, 1) TILES(8, 1) TILES(9, 1) TILES(10, 1) TILES(11, 1) TILES(12, 1)
TILES(1, 2) TILES(2, 2) TILES(3, 2) TILES(4, 2) TILES(5, 2) TILES(6, 2)
TILES(7, 2) TILES(8, 2) TILES(9, 2) TILES(10, 2) TILES(11, 2) TILES(12, 2)
TILES(1, 3) TILES(2, 3) TILES(3, 3) TILES(4, 3) TILES(5, 3) TILES(6, 3) TILES(7, 3) TILES(8, 3)
TILES(1, 4) TILES(2, 4) TILES(3, 4) TILES(4, 4) TILES(5, 4) TILES(6, 4)
#undef TILES

/// By panels, then rows of a tile.
static tiles_function *const functions[4][12] = {
    {tiles_1x1, tiles_2x1, tiles_3x1, tiles_4x1, tiles_5x1, tiles_6x1, tiles_7x1, tiles_8x1,
     tiles_9x1, tiles_10x1, tiles_11x1, tiles_12x1},
    {tiles_1x2, tiles_2x2, tiles_3x2, tiles_4x2, tiles_5x2, tiles_6x2, tiles_7x2, tiles_8x2,
     tiles_9x2, tiles_10x2, tiles_11x2, tiles_12x2},
    {tiles_1x3, tiles_2x3, tiles_3x3, tiles_4x3, tiles_5x3, tiles_6x3, tiles_7x3, tiles_8x3},
    {tiles_1x4, tiles_2x4, tiles_3x4, tiles_4x4, tiles_5x4, tiles_6x4},
};

/// The sums of the lanes of 16 vectors, each in the lane of its number.
INLINE __m512 lane_sums(const __m512 v[16]) {
  __m512 fours[4];
  UNROLL for (size_t i = 0; i < 4; i++) {
    const __m512 *x = v + 4 * i;
    const __m512 first = _mm512_add_ps(
        _mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));
    const __m512 second = _mm512_add_ps(
        _mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));
    const __m512d l = _mm512_castps_pd(first), h = _mm512_castps_pd(second);
    fours[i] = _mm512_add_ps(
        _mm512_castpd_ps(_mm512_unpacklo_pd(l, h)), _mm512_castpd_ps(_mm512_unpackhi_pd(l, h)));
  }
  UNROLL for (size_t i = 0; i < 4; i += 2) fours[i / 2] = _mm512_add_ps(
      _mm512_shuffle_f32x4(fours[i], fours[i + 1], 0x88),
      _mm512_shuffle_f32x4(fours[i], fours[i + 1], 0xDD));
  return _mm512_add_ps(
      _mm512_shuffle_f32x4(fours[0], fours[1], 0x88),
      _mm512_shuffle_f32x4(fours[0], fours[1], 0xDD));
}

/// n outputs, 1 to 4, with steps in lanes: as many vectors as rows have, where a tile would take as many
/// as it has steps. Sums of 16 / n rows go on side by side.
INLINE void dots(
    const size_t n, size_t m, const struct product *p, const char *a, const float *b,
    const float *bias, const char *residual, char *c) {
  const size_t together = 16 / n, k = p->k;
  float w[pare_gemm_dot_outputs * pare_gemm_dot_depth], start[16];
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < k; i++) w[j * k + i] = b[16 * i + j];
  }
  for (size_t i = 0; i < 16; i++) start[i] = bias[i % n];
  for (size_t first = 0; first < m; first += together) {
    const size_t rows = m - first < together ? m - first : together;
    const char *row[16];
    UNROLL for (size_t i = 0; i < together; i++)
      row[i] = a + (first + (i < rows ? i : rows - 1)) * p->lda;
    __m512 sums[16];
    UNROLL for (size_t i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
    for (size_t at = 0; at < k; at += 16) {
      __m512 weights[pare_gemm_dot_outputs];
      UNROLL for (size_t j = 0; j < n; j++) weights[j] = _mm512_loadu_ps(w + j * k + at);
      UNROLL for (size_t i = 0; i < together; i++) {
        const __m512 x = _mm512_loadu_ps((const float *)row[i] + at);
        UNROLL for (size_t j = 0; j < n; j++) sums[i * n + j] =
            _mm512_fmadd_ps(x, weights[j], sums[i * n + j]);
      }
    }
    float y[16];
    _mm512_storeu_ps(y, _mm512_add_ps(lane_sums(sums), _mm512_loadu_ps(start)));
    if (residual) {
      for (size_t i = 0; i < rows * n; i++)
        y[i] += ((const float *)(residual + (first + i / n) * p->ldc))[i % n];
    }
    const __m512 held = _mm512_min_ps(p->max, _mm512_max_ps(p->min, _mm512_loadu_ps(y)));
    if (p->ldc == 4 * n) {
      _mm512_mask_storeu_ps(c + first * p->ldc, mask16(rows * n), held);
    } else {
      _mm512_storeu_ps(y, held);
      for (size_t i = 0; i < rows * n; i++)
        ((float *)(c + (first + i / n) * p->ldc))[i % n] = y[i];
    }
  }
}

/// Tiles of `most` rows, or one less so that all have about as many, by `wide` panels.
static void product(
    size_t most, size_t wide, size_t m, size_t n, const struct product *p, const char *a,
    const float *b, const float *bias, const char *residual, char *c) {
  if (!m) return;
  if (n <= pare_gemm_dot_outputs && p->k % 16 == 0 && p->k <= pare_gemm_dot_depth) {
    switch (n) {
      case 1: return dots(1, m, p, a, b, bias, residual, c);
      case 2: return dots(2, m, p, a, b, bias, residual, c);
      case 3: return dots(3, m, p, a, b, bias, residual, c);
      case 4: return dots(4, m, p, a, b, bias, residual, c);
      default: return;
    }
  }
  const size_t count = (m + most - 1) / most, fewer = m / count, longer = m % count;
  const size_t skip = longer * (fewer + 1);
  for (size_t done = 0; done < n; done += 16 * wide) {
    const size_t panels = n - done < 16 * wide ? (n - done + 15) / 16 : wide;
    const __mmask16 last = mask16(n - done - 16 * (panels - 1));
    const char *more = residual ? residual + 4 * done : NULL;
    if (longer)
      functions[panels - 1][fewer](longer, last, p, a, b, bias + done, more, c + 4 * done);
    functions[panels - 1][fewer - 1](
        count - longer, last, p, a + skip * p->lda, b, bias + done,
        more ? more + skip * p->ldc : NULL, c + skip * p->ldc + 4 * done);
    b += wide * p->b_stride;
  }
}

#define PRODUCT(M, V, COLUMNS)                                                             \
  void pare_gemm_f32_##M##x##COLUMNS##__avx512(                                            \
      size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,            \
      size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc,     \
      float min, float max) {                                                              \
    const struct product p = {                                                             \
        k, 4 * lda, b_stride, 4 * ldc, _mm512_set1_ps(min), _mm512_set1_ps(max)};          \
    product(M, V, m, n, &p, (const char *)a, b, bias, (const char *)residual, (char *)c);  \
  }
PRODUCT(12, 2, 32)
PRODUCT(8, 3, 48)
PRODUCT(6, 4, 64)
#undef PRODUCT

#pragma clang attribute pop
#endif
