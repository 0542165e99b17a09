#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#include "requantize_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define A uint8_t
#define B int8_t
#define STEP 4
#define PANEL 64
#define SUM __m512i
#define BROADCAST(pointer) _mm512_set1_epi32(word(pointer))
#define LOAD(pointer) _mm512_loadu_si512(pointer)
#define MULTIPLY_ADD(sum, x, y) _mm512_dpbusd_epi32(sum, x, y)

struct epilogue {
  const int32_t *q;
  uint8_t *c;
  size_t ldc;
  const struct pare_qoutput *output;
};

static inline __attribute__((always_inline)) int32_t word(const uint8_t *pointer) {
  int32_t value;
  memcpy(&value, pointer, 4);
  return value;
}

static inline __attribute__((always_inline)) __m512i start(const struct epilogue *e, size_t j) {
  return _mm512_loadu_si512(e->q + 48 * j);
}

#define INLINE static inline __attribute__((always_inline))

INLINE void store_row(const int whole, uint8_t *c, __mmask16 mask, __m128i bytes) {
  if (whole)
    _mm_storeu_si128((__m128i *)c, bytes);
  else
    _mm_mask_storeu_epi8(c, mask, bytes);
}

/// Stores bytes, four rows at a time; `whole` and `adds` are constants after inlining. Past the last
/// row, sums are whatever memory holds, and are not stored.
INLINE void store_bytes(
    const int whole, const int adds, size_t m, __mmask16 mask, const int32_t *sums, const int32_t *q,
    uint8_t *c, size_t ldc, const struct pare_qoutput *o) {
  const __m512 factors = _mm512_loadu_ps((const float *)(q + 16));
  const struct byte_range range = byte_range_of(o);
  const __m512i by_row = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (size_t i = 0; i < m; i += 4, c += 4 * ldc, sums += 64) {
    __m512i y[4];
    UNROLL for (size_t k = 0; k < 4; k++) {
      __m512 value = scaled(_mm512_load_si512(sums + 16 * k), factors);
      if (adds && i + k < m) {
        const __m128i bytes = _mm_maskz_loadu_epi8(mask, residual_of(o, c + k * ldc));
        value = _mm512_add_ps(value, residual_term(bytes, &range));
      }
      y[k] = rounded(value, &range);
    }
    const __m512i rows = _mm512_permutexvar_epi32(by_row, bytes_of(y, &range));
    store_row(whole, c, mask, _mm512_castsi512_si128(rows));
    if (m - i > 1) store_row(whole, c + ldc, mask, _mm512_extracti32x4_epi32(rows, 1));
    if (m - i > 2) store_row(whole, c + 2 * ldc, mask, _mm512_extracti32x4_epi32(rows, 2));
    if (m - i > 3) store_row(whole, c + 3 * ldc, mask, _mm512_extracti32x4_epi32(rows, 3));
  }
}

INLINE void store_floats(
    size_t m, __mmask16 mask, const int32_t *sums, const int32_t *q, float *c, size_t ldc,
    const struct pare_qoutput *o) {
  const __m512 scale = _mm512_loadu_ps((const float *)(q + 16));
  const __m512 bias = _mm512_loadu_ps((const float *)(q + 32));
  const __m512 min = _mm512_set1_ps(o->float_min), max = _mm512_set1_ps(o->float_max);
  for (size_t i = 0; i < m; i++) {
    const __m512 y = _mm512_add_ps(scaled(_mm512_load_si512(sums + 16 * i), scale), bias);
    store_f32(c + i * ldc, mask, _mm512_min_ps(max, _mm512_max_ps(min, y)));
  }
}

/// Stores n columns of m rows of sums, in panel j; one copy for all tiles, since it is long.
static __attribute__((noinline)) void store(
    size_t m, size_t n, const int32_t *sums, const struct epilogue *e, size_t j) {
  const struct pare_qoutput *o = e->output;
  const int32_t *q = e->q + 48 * j;
  uint8_t *c = e->c + 16 * j;
  const __mmask16 mask = mask16(n);
  if (o->kind == 1)
    store_floats(m, mask, sums, q, (float *)e->c + 16 * j, e->ldc, o);
  else if (o->residual)
    store_bytes(0, 1, m, mask, sums, q, c, e->ldc, o);
  else if (n < 16)
    store_bytes(0, 0, m, mask, sums, q, c, e->ldc, o);
  else
    store_bytes(1, 0, m, mask, sums, q, c, e->ldc, o);
}

/// Whole panels of bytes, straight from registers: four rows of one panel, or two rows of two. No
/// scaled sum leaves 32 bits, so that what packs also holds.
INLINE void finish_bytes(
    const int adds, const size_t m, const size_t v, const __m512i sums[], const struct epilogue *e) {
  const struct byte_range range = byte_range_of(e->output);
  const __m512i by_row = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i most = _mm512_set1_epi8((char)e->output->max);
  const size_t ldc = e->ldc;
  UNROLL for (size_t j = 0; j < v; j += 2) {
    const size_t panels = v - j < 2 ? 1 : 2, rows = 4 / panels;
    uint8_t *c = e->c + 16 * j;
    const uint8_t *added = adds ? residual_of(e->output, c) : NULL;
    __m512 factors[2];
    UNROLL for (size_t p = 0; p < panels; p++) factors[p] =
        _mm512_loadu_ps((const float *)(e->q + 48 * (j + p) + 16));
    UNROLL for (size_t i = 0; i < m; i += rows, c += rows * ldc, added += rows * ldc) {
      __m512i y[4];
      UNROLL for (size_t k = 0; k < 4; k++) {
        const size_t row = i + k / panels < m ? i + k / panels : m - 1, panel = k % panels;
        __m512 value = scaled(sums[row * v + j + panel], factors[panel]);
        if (adds) {
          const uint8_t *bytes = added + (row - i) * ldc + 16 * panel;
          value = _mm512_add_ps(
              value, residual_term(_mm_loadu_si128((const __m128i *)bytes), &range));
        }
        y[k] = _mm512_cvtps_epi32(value);
      }
      const __m512i held = _mm512_min_epu8(bytes_of(y, &range), most);
      const __m512i bytes = _mm512_permutexvar_epi32(by_row, held);
      if (panels == 2) {
        _mm256_storeu_si256((__m256i *)c, _mm512_castsi512_si256(bytes));
        if (i + 1 < m)
          _mm256_storeu_si256((__m256i *)(c + ldc), _mm512_extracti64x4_epi64(bytes, 1));
      } else {
        _mm_storeu_si128((__m128i *)c, _mm512_castsi512_si128(bytes));
        if (i + 1 < m) _mm_storeu_si128((__m128i *)(c + ldc), _mm512_extracti32x4_epi32(bytes, 1));
        if (i + 2 < m)
          _mm_storeu_si128((__m128i *)(c + 2 * ldc), _mm512_extracti32x4_epi32(bytes, 2));
        if (i + 3 < m)
          _mm_storeu_si128((__m128i *)(c + 3 * ldc), _mm512_extracti32x4_epi32(bytes, 3));
      }
    }
  }
}

static inline __attribute__((always_inline)) void finish(
    const size_t m, const size_t v, size_t n, __m512i sums[], const struct epilogue *e) {
  if (n == 16 * v && e->output->kind == 2) {
    if (e->output->residual)
      finish_bytes(1, m, v, sums, e);
    else
      finish_bytes(0, m, v, sums, e);
    return;
  }
  _Alignas(64) int32_t memory[16 * 16];
  UNROLL for (size_t j = 0; j < v; j++) {
    UNROLL for (size_t i = 0; i < m; i++) _mm512_store_si512(
        memory + 16 * i, sums[i * v + j]);
    store(m, n - 16 * j, memory, e, j);
  }
}

static inline void advance(struct epilogue *e, size_t columns) {
  e->q += 3 * columns;
  e->c += e->output->kind == 1 ? 4 * columns : columns;
}

#include "../gemm/tiles_avx512.h"

void pare_igemm_u8s8_12x32__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const struct epilogue e = {q, c, ldc, output};
  if (m && n) tiles[(n - 1) / 16][m - 1](n, taps, quads, a, b, b_stride, &e);
}

void pare_igemm_u8s8_8x48__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const struct epilogue e = {q, c, ldc, output};
  if (m && n) tiles[(n - 1) / 16][m - 1](n, taps, quads, a, b, b_stride, &e);
}

void pare_igemm_u8s8_1x128__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  struct epilogue e = {q, c, ldc, output};
  if (m && n) one_row(n, taps, quads, a, b, b_stride, &e);
}

#pragma clang attribute pop
#endif
