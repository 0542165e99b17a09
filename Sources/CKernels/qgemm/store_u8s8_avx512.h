// Stores of integer tiles for AVX-512: sums of up to 64 columns to uint8, or to floats. Included by the
// products of qgemm and sparse, within their target attribute, with FP_CONTRACT off.
//
// Sums lie in memory, and rows of four panels are stored from there: one line of the cache at a time.
#pragma once
#include <immintrin.h>
#include <string.h>

#include "../masks_avx512.h"
#include "requantize_avx512.h"

#ifndef UNROLL
#define UNROLL _Pragma("clang loop unroll(full)")
#endif
#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#endif

/// Rows of a tile, and panels that are stored together.
enum { TILE_ROWS = 14, TILE_PANELS = 4 };

/// Where a tile goes, and by which constants.
struct tile_output {
  const int32_t *q;
  uint8_t *c;
  size_t ldc;
  const struct pare_qoutput *output;
};

/// What all rows have in common.
struct row_constants {
  struct byte_range range;
  /// Brings the bytes of four panels into their order.
  __m512i order;
  __m512i most;
};

INLINE struct row_constants row_constants_of(const struct pare_qoutput *o) {
  return (struct row_constants){
      byte_range_of(o),
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
      _mm512_set1_epi8((char)o->max)};
}

/// Stores the first of 16 bytes.
INLINE void store_16(const int whole, uint8_t *c, __mmask16 mask, __m128i bytes) {
  if (whole)
    _mm_storeu_si128((__m128i *)c, bytes);
  else
    _mm_mask_storeu_epi8(c, mask, bytes);
}

/// Stores a row of `panels` panels, the last of them as far as `mask` says.
INLINE void store_row(
    const int whole, const size_t panels, uint8_t *c, __mmask16 mask, __m512i bytes) {
  const __m256i low = _mm512_castsi512_si256(bytes), high = _mm512_extracti64x4_epi64(bytes, 1);
  if (panels == 4 && whole) {
    _mm512_storeu_si512(c, bytes);
  } else if (panels > 2) {
    _mm256_storeu_si256((__m256i *)c, low);
    if (panels == 4) _mm_storeu_si128((__m128i *)(c + 32), _mm256_castsi256_si128(high));
    const __m128i last = panels == 4 ? _mm256_extracti128_si256(high, 1) : _mm256_castsi256_si128(high);
    store_16(whole, c + 16 * (panels - 1), mask, last);
  } else if (panels == 2 && whole) {
    _mm256_storeu_si256((__m256i *)c, low);
  } else {
    if (panels == 2) _mm_storeu_si128((__m128i *)c, _mm256_castsi256_si128(low));
    const __m128i last = panels == 2 ? _mm256_extracti128_si256(low, 1) : _mm256_castsi256_si128(low);
    store_16(whole, c + 16 * (panels - 1), mask, last);
  }
}

/// How the rows of a tile are stored. Both flags are constants after inlining.
struct row_kind {
  /// Scaled sums do not leave 32 bits, so that what packs also holds.
  int holds;
  /// There is a residual.
  int adds;
};

/// Stores rows i and following of `panels` panels: one vector has four panels of a row, or two rows of
/// two, or four rows of one. Sums of a panel are `stride` vectors apart. Of the rows before `spilling`,
/// whole vectors are stored, of the others as much of the last panel as `mask` says.
INLINE void store_group(
    const struct row_kind kind, const size_t panels, size_t i, size_t m, size_t spilling,
    __mmask16 mask, const __m512i sums[], size_t stride, const __m512 factors[], uint8_t *c,
    const struct row_constants *row, const struct tile_output *to) {
  const size_t rows = 4 / panels, ldc = to->ldc;
  __m512i y[4];
  y[3] = _mm512_setzero_si512();
  UNROLL for (size_t k = 0; k < rows * panels; k++) {
    const size_t p = k % panels, r = i + k / panels < m ? k / panels : 0;
    __m512 value = scaled(sums[p * stride + i + r], factors[p]);
    if (kind.adds) {
      const uint8_t *residual = residual_of(to->output, c + r * ldc) + 16 * p;
      const __m128i bytes = p + 1 < panels || mask == 0xFFFF
                                ? _mm_loadu_si128((const __m128i *)residual)
                                : _mm_maskz_loadu_epi8(mask, residual);
      value = _mm512_add_ps(value, residual_term(bytes, &row->range));
    }
    y[k] = kind.holds ? _mm512_cvtps_epi32(value) : rounded(value, &row->range);
  }
  __m512i bytes = bytes_of(y, &row->range);
  if (kind.holds) bytes = _mm512_min_epu8(bytes, row->most);
  bytes = _mm512_permutexvar_epi32(row->order, bytes);
  UNROLL for (size_t r = 0; r < rows; r++, c += ldc) {
    if (r > 0 && i + r >= m) return;
    const __m512i part =
        r == 0    ? bytes
        : rows == 2 ? _mm512_castsi256_si512(_mm512_extracti64x4_epi64(bytes, 1))
        : r == 1  ? _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 1))
        : r == 2  ? _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 2))
                  : _mm512_castsi128_si512(_mm512_extracti32x4_epi32(bytes, 3));
    if (i + r < spilling)
      store_row(1, panels, c, mask, part);
    else
      store_row(0, panels, c, mask, part);
  }
}

/// Stores m rows of bytes of `panels` panels from memory.
///
/// Masked stores of bytes are slow. Where a row is all of a pixel, what is past its end belongs to the
/// next rows, which are stored later: whole vectors may spill into them, unless a residual lies there.
INLINE void store_rows(
    const struct row_kind kind, const size_t panels, size_t m, size_t n, const __m512i *sums,
    const struct tile_output *to) {
  const struct row_constants row = row_constants_of(to->output);
  const __mmask16 mask = mask16(n - 16 * (panels - 1));
  const int spills = to->ldc == n && !(kind.adds && to->output->residual == to->output->start);
  // The rows that a vector from the beginning of one reaches into, itself included.
  const size_t reached = (16 * panels + n - 1) / n;
  const size_t spilling = mask == 0xFFFF ? m : spills && m > reached ? m + 1 - reached : 0;
  const size_t rows = 4 / panels;
  __m512 factors[4];
  UNROLL for (size_t p = 0; p < panels; p++) factors[p] =
      _mm512_loadu_ps((const float *)(to->q + 48 * p + 16));
  uint8_t *c = to->c;
  for (size_t i = 0; i < m; i += rows, c += rows * to->ldc)
    store_group(kind, panels, i, m, spilling, mask, sums, TILE_ROWS, factors, c, &row, to);
}

/// Stores m rows of bytes of any number of panels.
INLINE void store_bytes(
    const struct row_kind kind, size_t m, size_t n, const __m512i *sums,
    const struct tile_output *to) {
  switch ((n + 15) / 16) {
    case 1: return store_rows(kind, 1, m, n, sums, to);
    case 2: return store_rows(kind, 2, m, n, sums, to);
    case 3: return store_rows(kind, 3, m, n, sums, to);
    default: return store_rows(kind, 4, m, n, sums, to);
  }
}

/// Stores rows of floats of n columns.
static void store_floats(size_t m, size_t n, const __m512i *sums, const struct tile_output *to) {
  const __m512 min = _mm512_set1_ps(to->output->float_min);
  const __m512 max = _mm512_set1_ps(to->output->float_max);
  for (size_t p = 0; 16 * p < n; p++) {
    const __m512 scale = _mm512_loadu_ps((const float *)(to->q + 48 * p + 16));
    const __m512 bias = _mm512_loadu_ps((const float *)(to->q + 48 * p + 32));
    float *c = (float *)to->c + 16 * p;
    for (size_t i = 0; i < m; i++, c += to->ldc) {
      const __m512 y = _mm512_add_ps(scaled(sums[p * TILE_ROWS + i], scale), bias);
      store_f32(c, mask16(n - 16 * p), _mm512_min_ps(max, _mm512_max_ps(min, y)));
    }
  }
}

/// Stores n <= 64 columns of m rows of sums, [panel][TILE_ROWS].
static __attribute__((noinline)) void store_tile(
    size_t m, size_t n, const __m512i *sums, const struct tile_output *to) {
  const struct pare_qoutput *o = to->output;
  const struct row_kind kind = {0, 0}, adds = {0, 1}, holds = {1, 0}, both = {1, 1};
  if (o->kind == 1)
    store_floats(m, n, sums, to);
  else if (o->kind == 2 && o->residual)
    store_bytes(both, m, n, sums, to);
  else if (o->kind == 2)
    store_bytes(holds, m, n, sums, to);
  else if (o->residual)
    store_bytes(adds, m, n, sums, to);
  else
    store_bytes(kind, m, n, sums, to);
}
