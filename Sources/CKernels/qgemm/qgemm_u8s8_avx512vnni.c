#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "store_u8s8_avx512.h"

INLINE int32_t word(const uint8_t *pointer) {
  int32_t value;
  memcpy(&value, pointer, 4);
  return value;
}

INLINE void store_32(const int whole, uint8_t *c, __mmask64 mask, __m256i bytes) {
  if (whole)
    _mm256_storeu_si256((__m256i *)c, bytes);
  else
    _mm256_mask_storeu_epi8(c, (__mmask32)mask, bytes);
}

/// Stores n columns of m rows of bytes, in v panels of sums, straight from registers: of four panels
/// whole lines, else a few rows at a time. `whole` (n is 16 v), `adds` (only where whole) and `plain`
/// (the zero point is 0 and so is the least value) are constants after inlining. No scaled sum leaves 32
/// bits, so that what packs also holds.
INLINE void finish_bytes(
    const int whole, const int adds, const int plain, const size_t m, const size_t v, size_t n, const __m512i sums[],
    const int32_t *q, uint8_t *c, size_t ldc, const struct pare_qoutput *o) {
  const struct byte_range range = byte_range_of(o);
  const __m512i by_row = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i most = _mm512_set1_epi8((char)o->max);
  const __mmask64 mask = n < 64 ? ((__mmask64)1 << n) - 1 : ~(__mmask64)0;
  const uint8_t *added = adds ? residual_of(o, c) : NULL;
  const size_t rows = v > 2 ? 1 : 4 / v;
  UNROLL for (size_t i = 0; i < m; i += rows, c += rows * ldc) {
    __m512i y[4];
    UNROLL for (size_t k = 0; k < 4; k++) {
      // The last row or panel again where there is none.
      const size_t row = i + k / v < m ? i + k / v : m - 1, panel = v == 3 && k == 3 ? 2 : k % v;
      const __m512 factors = _mm512_loadu_ps((const float *)(q + 48 * panel + 16));
      __m512 value = scaled(sums[row * v + panel], factors);
      if (adds) {
        const uint8_t *bytes = added + row * ldc + 16 * panel;
        value = _mm512_add_ps(
            value, residual_term(_mm_loadu_si128((const __m128i *)bytes), &range));
      }
      y[k] = _mm512_cvtps_epi32(value);
    }
    const __m512i packed =
        plain ? _mm512_packus_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]))
              : bytes_of(y, &range);
    const __m512i bytes = _mm512_permutexvar_epi32(by_row, _mm512_min_epu8(packed, most));
    if (v == 4 && whole) {
      _mm512_storeu_si512(c, bytes);
    } else if (v == 3 && whole) {
      _mm512_mask_storeu_epi32(c, 0xFFF, bytes);
    } else if (v > 2) {
      _mm512_mask_storeu_epi8(c, mask, bytes);
    } else if (v == 2) {
      store_32(whole, c, mask, _mm512_castsi512_si256(bytes));
      if (i + 1 < m) store_32(whole, c + ldc, mask, _mm512_extracti64x4_epi64(bytes, 1));
    } else {
      store_16(whole, c, (__mmask16)mask, _mm512_castsi512_si128(bytes));
      if (i + 1 < m)
        store_16(whole, c + ldc, (__mmask16)mask, _mm512_extracti32x4_epi32(bytes, 1));
      if (i + 2 < m)
        store_16(whole, c + 2 * ldc, (__mmask16)mask, _mm512_extracti32x4_epi32(bytes, 2));
      if (i + 3 < m)
        store_16(whole, c + 3 * ldc, (__mmask16)mask, _mm512_extracti32x4_epi32(bytes, 3));
    }
  }
}

/// Stores n columns of m rows, in v <= 4 panels of sums.
INLINE void finish(
    const size_t m, const size_t v, size_t n, const __m512i sums[], const struct tile_output *e) {
  const struct pare_qoutput *o = e->output;
  if (o->kind == 2 && (n == 16 * v || !o->residual)) {
    if (n < 16 * v)
      finish_bytes(0, 0, 0, m, v, n, sums, e->q, e->c, e->ldc, o);
    else if (o->residual)
      finish_bytes(1, 1, 0, m, v, n, sums, e->q, e->c, e->ldc, o);
    else if (o->zero == 0 && o->min == 0)
      finish_bytes(1, 0, 1, m, v, n, sums, e->q, e->c, e->ldc, o);
    else
      finish_bytes(1, 0, 0, m, v, n, sums, e->q, e->c, e->ldc, o);
    return;
  }
  __m512i memory[TILE_PANELS * TILE_ROWS];
  UNROLL for (size_t j = 0; j < v; j++) {
    UNROLL for (size_t i = 0; i < m; i++) memory[j * TILE_ROWS + i] = sums[i * v + j];
  }
  store_tile(m, n, memory, e);
}

/// Where panels of weights this long begin is far: their lines are asked for ahead.
enum { FAR_BYTES = 64 * 1024 };

/// One step: four bytes of each of m rows times a line of each of v panels.
INLINE void step(
    const size_t m, const size_t v, __m512i sums[], const uint8_t *const *a, size_t k,
    const int8_t *b, size_t b_stride) {
  __m512i columns[8];
  UNROLL for (size_t j = 0; j < v; j++) columns[j] = _mm512_loadu_si512(b + j * b_stride);
  UNROLL for (size_t i = 0; i < m; i++) {
    const __m512i x = _mm512_set1_epi32(word(a[i] + 4 * k));
    UNROLL for (size_t j = 0; j < v; j++)
      sums[i * v + j] = _mm512_dpbusd_epi32(sums[i * v + j], x, columns[j]);
  }
}

/// A block of m rows and v panels, which are constants after inlining; addresses of a tap lie
/// `a_stride` behind those of the one before.
INLINE void block(
    const size_t m, const size_t v, size_t n, size_t taps, size_t quads, const uint8_t *const *a,
    size_t a_stride, const int8_t *b, size_t b_stride, const struct tile_output *e) {
  __m512i sums[24];
  UNROLL for (size_t j = 0; j < v; j++) {
    const __m512i first = _mm512_loadu_si512(e->q + 48 * j);
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = first;
  }
  if (m > 1 && taps * quads * 64 >= FAR_BYTES) {
    // 32 steps ahead is time enough; one row is bound by reading, and the processor sees it.
    for (size_t t = 0; t < taps; t++, a += a_stride) {
      for (size_t k = 0; k < quads; k++, b += 64) {
        UNROLL for (size_t j = 0; j < v; j++)
          _mm_prefetch((const char *)(b + j * b_stride + 32 * 64), _MM_HINT_T0);
        step(m, v, sums, a, k, b, b_stride);
      }
    }
  } else {
    for (size_t t = 0; t < taps; t++, a += a_stride)
      for (size_t k = 0; k < quads; k++, b += 64) step(m, v, sums, a, k, b, b_stride);
  }
  if (v == 8) {
    const struct tile_output rest = {
        e->q + 192, e->c + (e->output->kind == 1 ? 256 : 64), e->ldc, e->output};
    finish(m, 4, 64, sums, e);
    finish(m, 4, n - 64, sums + 4, &rest);
  } else {
    finish(m, v, n, sums, e);
  }
}

typedef void block_function(
    size_t n, size_t taps, size_t quads, const uint8_t *const *a, size_t a_stride, const int8_t *b,
    size_t b_stride, const struct tile_output *e);

#define BLOCK(M, V)                                                                            \
  static void block_##M##x##V(                                                                 \
      size_t n, size_t taps, size_t quads, const uint8_t *const *a, size_t a_stride,           \
      const int8_t *b, size_t b_stride, const struct tile_output *e) {                            \
    block(M, V, n, taps, quads, a, a_stride, b, b_stride, e);                                  \
  }
BLOCK(1, 1) BLOCK(2, 1) BLOCK(3, 1) BLOCK(4, 1) BLOCK(5, 1) BLOCK(6, 1)
BLOCK(7, 1) BLOCK(8, 1) BLOCK(9, 1) BLOCK(10, 1) BLOCK(11, 1) BLOCK(12, 1)
BLOCK(1, 2) BLOCK(2, 2) BLOCK(3, 2) BLOCK(4, 2) BLOCK(5, 2) BLOCK(6, 2)
BLOCK(7, 2) BLOCK(8, 2) BLOCK(9, 2) BLOCK(10, 2) BLOCK(11, 2) BLOCK(12, 2)
BLOCK(1, 3) BLOCK(2, 3) BLOCK(3, 3) BLOCK(4, 3) BLOCK(5, 3) BLOCK(6, 3) BLOCK(7, 3) BLOCK(8, 3)
BLOCK(1, 4) BLOCK(2, 4) BLOCK(3, 4) BLOCK(4, 4) BLOCK(5, 4) BLOCK(6, 4)
BLOCK(1, 8)
#undef BLOCK

/// Blocks by panels, then by rows.
static block_function *const blocks[4][12] = {
    {block_1x1, block_2x1, block_3x1, block_4x1, block_5x1, block_6x1, block_7x1, block_8x1,
     block_9x1, block_10x1, block_11x1, block_12x1},
    {block_1x2, block_2x2, block_3x2, block_4x2, block_5x2, block_6x2, block_7x2, block_8x2,
     block_9x2, block_10x2, block_11x2, block_12x2},
    {block_1x3, block_2x3, block_3x3, block_4x3, block_5x3, block_6x3, block_7x3, block_8x3},
    {block_1x4, block_2x4, block_3x4, block_4x4, block_5x4, block_6x4},
};
/// The most rows of a block, by panels: 24 sums, or as many as loads let through.
static const size_t most_rows[4] = {12, 12, 8, 6};

/// Blocks of rows one behind the other: of four panels, for their stores fill whole lines and four
/// lines of weights serve six rows.
void pare_igemm_u8s8_24x64__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  if (n == 0) return;
  const size_t panels = (n - 1) / 16, rows = most_rows[panels];
  const size_t row_bytes = output->kind == 1 ? 4 * ldc : ldc;
  for (size_t i = 0; i < m; i += rows) {
    const struct tile_output e = {q, (uint8_t *)c + i * row_bytes, ldc, output};
    blocks[panels][(m - i < rows ? m - i : rows) - 1](n, taps, quads, a + i, m, b, b_stride, &e);
  }
}

/// The widest blocks first, for one row: the speed is that of reading b.
void pare_igemm_u8s8_1x128__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  if (m == 0) return;
  for (size_t done = 0; done < n;) {
    const size_t left = n - done, panels = (left + 15) / 16;
    const size_t wide = panels >= 8 ? 8 : panels >= 4 ? 4 : panels;
    const size_t columns = left < wide * 16 ? left : wide * 16;
    const struct tile_output e = {
        q + 3 * done, (uint8_t *)c + (output->kind == 1 ? 4 * done : done), ldc, output};
    block_function *const function = wide == 8 ? block_1x8 : blocks[wide - 1][0];
    function(columns, taps, quads, a, 1, b + done / 16 * b_stride, b_stride, &e);
    done += columns;
  }
}

#pragma clang attribute pop
#endif
