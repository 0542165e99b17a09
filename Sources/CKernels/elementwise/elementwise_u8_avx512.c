#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"
#include "bytes_avx512.h"
#include "polynomials.h"

/// What sums and products of 16 elements need.
struct pair {
  __m512i a_zero, b_zero;
  __m512 a_factor, b_factor;
};

INLINE_AVX512 __m512 scaled_pair(__m512i a, __m512i b, int is_sum, const struct pair *p) {
  a = _mm512_sub_epi32(a, p->a_zero);
  b = _mm512_sub_epi32(b, p->b_zero);
  if (is_sum)
    return _mm512_add_ps(
        _mm512_mul_ps(_mm512_cvtepi32_ps(a), p->a_factor),
        _mm512_mul_ps(_mm512_cvtepi32_ps(b), p->b_factor));
  // Both lie within 255 of zero, so that the products of their low halves are exact.
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_madd_epi16(
      _mm512_and_si512(a, _mm512_set1_epi32(0xFFFF)), b)), p->a_factor);
}

INLINE_AVX512 __m512i combined(
    __m512i a, __m512i b, int is_sum, const struct pair *p, const struct byte_bounds *bounds) {
#define PART(i)                                                                              \
  rounded_within(scaled_pair(BYTES_AS_WORDS(a, i), BYTES_AS_WORDS(b, i), is_sum, p), bounds)
  return bytes_of_sums(PART(0), PART(1), PART(2), PART(3), bounds);
#undef PART
}

INLINE_AVX512 void combine(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, int is_sum, const struct pair *p, const struct byte_bounds *bounds) {
  const __m512i zeros = _mm512_setzero_si512();
  for (size_t row = 0; row < rows; row++, a += count, y += count, b += b_row) {
    const __m512i one = _mm512_set1_epi8((char)*b);
    size_t i = 0;
    for (; i + 64 <= count; i += 64)
      _mm512_storeu_si512(
          y + i, combined(
                     _mm512_loadu_si512(a + i), b_step ? _mm512_loadu_si512(b + i) : one, is_sum,
                     p, bounds));
    if (i + 32 < count) {
      const __mmask64 mask = mask64(count - i);
      _mm512_mask_storeu_epi8(
          y + i, mask,
          combined(
              _mm512_maskz_loadu_epi8(mask, a + i),
              b_step ? _mm512_maskz_loadu_epi8(mask, b + i) : one, is_sum, p, bounds));
      continue;
    }
    for (; i < count; i += 16) {
      const __mmask16 mask = mask16(count - i);
      const __m512i left = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, a + i));
      const __m512i right = _mm512_cvtepu8_epi32(
          b_step ? _mm_maskz_loadu_epi8(mask, b + i) : _mm512_castsi512_si128(one));
      const __m512i v = rounded_within(scaled_pair(left, right, is_sum, p), bounds);
      const __m512i bytes = bytes_of_sums(v, zeros, zeros, zeros, bounds);
      store_u8(y + i, mask, bytes);
    }
  }
}

void pare_add_u8_64__avx512(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_add_u8_parameters *parameters) {
  const struct pare_add_u8_parameters q = *parameters;
  const struct pair p = {
      _mm512_set1_epi32(q.a_zero), _mm512_set1_epi32(q.b_zero), _mm512_set1_ps(q.a_factor),
      _mm512_set1_ps(q.b_factor)};
  const struct byte_bounds bounds = byte_bounds_of(q.zero, q.min, q.max);
  if (b_step)
    combine(rows, count, a, b, b_row, 1, y, 1, &p, &bounds);
  else
    combine(rows, count, a, b, b_row, 0, y, 1, &p, &bounds);
}

/// One row of b for all rows of a, 64 columns at a time, b as floats in registers: their products with
/// a are exact in float32 too.
INLINE_AVX512 void multiply_by_row(
    size_t rows, size_t count, size_t pitch, const uint8_t *a, const uint8_t *b, uint8_t *y,
    const struct pair *p, const struct byte_bounds *bounds) {
  const __mmask64 mask = mask64(count);
  const __m512i right = _mm512_maskz_loadu_epi8(mask, b);
#define RIGHT(i) _mm512_cvtepi32_ps(_mm512_sub_epi32(BYTES_AS_WORDS(right, i), p->b_zero))
  const __m512 factors[4] = {RIGHT(0), RIGHT(1), RIGHT(2), RIGHT(3)};
#undef RIGHT
  for (size_t row = 0; row < rows; row++, a += pitch, y += pitch) {
    const __m512i v =
        mask == ~0ull ? _mm512_loadu_si512(a) : _mm512_maskz_loadu_epi8(mask, a);
#define PART(i)                                                                             \
  rounded_within(                                                                           \
      _mm512_mul_ps(                                                                        \
          _mm512_mul_ps(                                                                    \
              _mm512_cvtepi32_ps(_mm512_sub_epi32(BYTES_AS_WORDS(v, i), p->a_zero)),        \
              factors[i]),                                                                  \
          p->a_factor),                                                                     \
      bounds)
    store_u8(y, mask, bytes_of_sums(PART(0), PART(1), PART(2), PART(3), bounds));
#undef PART
  }
}

void pare_mul_u8_64__avx512(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_mul_u8_parameters *parameters) {
  const struct pare_mul_u8_parameters q = *parameters;
  const struct pair p = {
      _mm512_set1_epi32(q.a_zero), _mm512_set1_epi32(q.b_zero), _mm512_set1_ps(q.factor),
      _mm512_setzero_ps()};
  const struct byte_bounds bounds = byte_bounds_of(q.zero, q.min, q.max);
  if (b_step && b_row == 0 && rows >= 4) {
    uint8_t again[64];
    if (count == 16 || count == 32) {
      // Rows this short are joined to 64 bytes.
      for (size_t i = 0; i < 64; i++) again[i] = b[i % count];
      const size_t joined = rows * count / 64;
      multiply_by_row(joined, 64, 64, a, again, y, &p, &bounds);
      const size_t done = joined * 64;
      combine(rows - done / count, count, a + done, b, 0, 1, y + done, 0, &p, &bounds);
      return;
    }
    for (size_t i = 0; i < count; i += 64)
      multiply_by_row(
          rows, count - i < 64 ? count - i : 64, count, a + i, b + i, y + i, &p, &bounds);
    return;
  }
  if (b_step)
    combine(rows, count, a, b, b_row, 1, y, 0, &p, &bounds);
  else
    combine(rows, count, a, b, b_row, 0, y, 0, &p, &bounds);
}

void pare_affine_u8_64__avx512(
    size_t rows, size_t count, const uint8_t *x, const float *scale, const float *bias,
    uint8_t *y, const struct pare_affine_u8_parameters *parameters) {
  const struct pare_affine_u8_parameters q = *parameters;
  const struct byte_bounds bounds = byte_bounds_of(q.zero, q.min, q.max);
  const __m512i shift = _mm512_set1_epi32(q.x_zero), none = _mm512_setzero_si512();
#define PART(v, i, mask)                                                        \
  rounded_within(                                                               \
      _mm512_add_ps(                                                            \
          _mm512_mul_ps(                                                        \
              _mm512_cvtepi32_ps(_mm512_sub_epi32(v, shift)),                   \
              _mm512_maskz_loadu_ps(mask, scale + (i))),                        \
          _mm512_maskz_loadu_ps(mask, bias + (i))),                             \
      &bounds)
  for (size_t r = 0; r < rows; r++, x += count, y += count) {
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
      const __m512i v = _mm512_loadu_si512(x + i);
      const __m512i parts[4] = {
          PART(BYTES_AS_WORDS(v, 0), i, 0xFFFF), PART(BYTES_AS_WORDS(v, 1), i + 16, 0xFFFF),
          PART(BYTES_AS_WORDS(v, 2), i + 32, 0xFFFF), PART(BYTES_AS_WORDS(v, 3), i + 48, 0xFFFF)};
      _mm512_storeu_si512(y + i, bytes_of_sums(parts[0], parts[1], parts[2], parts[3], &bounds));
    }
    for (; i < count; i += 16) {
      const __mmask16 mask = mask16(count - i);
      const __m512i v = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, x + i));
      store_u8(y + i, mask, bytes_of_sums(PART(v, i, mask), none, none, none, &bounds));
    }
  }
#undef PART
}

void pare_quantize_u8_64__avx512(
    size_t count, const float *x, uint8_t *y, float scale, int32_t zero) {
  const struct byte_bounds bounds = byte_bounds_of(zero, 0, 255);
  const __m512 divisor = _mm512_set1_ps(scale);
  const __m512i zeros = _mm512_setzero_si512();
#define PART(i) rounded_within(_mm512_div_ps(_mm512_loadu_ps(x + (i)), divisor), &bounds)
  size_t i = 0;
  for (; i + 64 <= count; i += 64)
    _mm512_storeu_si512(
        y + i, bytes_of_sums(PART(i), PART(i + 16), PART(i + 32), PART(i + 48), &bounds));
#undef PART
  for (; i < count; i += 16) {
    const __mmask16 mask = mask16(count - i);
    const __m512 v = _mm512_div_ps(_mm512_maskz_loadu_ps(mask, x + i), divisor);
    store_u8(
        y + i, mask, bytes_of_sums(rounded_within(v, &bounds), zeros, zeros, zeros, &bounds));
  }
}

void pare_dequantize_u8_16__avx512(
    size_t count, const uint8_t *x, float *y, float scale, int32_t zero) {
  for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] - zero) * scale;
}

#pragma clang attribute pop
#endif
