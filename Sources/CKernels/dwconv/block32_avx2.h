// Half a block of 64 channels in 256-bit vectors: channel 16 l + 4 j + i lies in 32-bit lane 4 l + i of
// vector j, which is where interleaving bytes within 128-bit lanes leaves it. Included after the
// products of an instruction set.
#include "../qgemm/requantize_avx2.h"

enum { half = 32 };

/// The sums of 8 channels, and the bytes of 32.
typedef __m256i lanes;
typedef __m256i bytes;

INLINE bytes bytes_at(const uint8_t *x) { return _mm256_loadu_si256((const __m256i *)x); }

INLINE lanes lanes_at(const int32_t *q) { return _mm256_loadu_si256((const __m256i *)q); }

/// Interleaves the bytes of four vectors of 32 channels: vectors j ... j + n, n 2 or 4.
INLINE void interleave(
    struct quad out[], const size_t j, const size_t n, bytes x0, bytes x1, bytes x2, bytes x3) {
  if (j == 0) {
    const __m256i low01 = _mm256_unpacklo_epi8(x0, x1), low23 = _mm256_unpacklo_epi8(x2, x3);
    out[0] = quad_of_bytes(_mm256_unpacklo_epi16(low01, low23));
    out[1] = quad_of_bytes(_mm256_unpackhi_epi16(low01, low23));
  }
  if (j == 2 || n == 4) {
    const __m256i high01 = _mm256_unpackhi_epi8(x0, x1), high23 = _mm256_unpackhi_epi8(x2, x3);
    out[2 - j] = quad_of_bytes(_mm256_unpacklo_epi16(high01, high23));
    out[3 - j] = quad_of_bytes(_mm256_unpackhi_epi16(high01, high23));
  }
}

INLINE lanes products(lanes sum, const struct quad *x, const int8_t *w) {
  const struct columns columns = columns_of(w);
  return sum_of_products(sum, x, &columns);
}

/// Stores vectors j ... j + n of sums as bytes; `left` channels of the half are there.
INLINE void store_bytes(
    const lanes sums[], const size_t j, const size_t n, const int32_t *q, uint8_t *c, size_t left,
    const struct byte_range *range, const struct pare_qoutput *o) {
  __m256i y[4];
  for (size_t v = 0; v < n; v++) {
    __m256 value = scaled(sums[v], _mm256_loadu_ps((const float *)(q + 48 * (j + v) + 16)));
    if (o->residual) {
      const int from = 4 * (int)(j + v);
      const __m256i spread = _mm256_setr_epi8(
          from, -1, -1, -1, from + 1, -1, -1, -1, from + 2, -1, -1, -1, from + 3, -1, -1, -1, from,
          -1, -1, -1, from + 1, -1, -1, -1, from + 2, -1, -1, -1, from + 3, -1, -1, -1);
      const __m256i residual = _mm256_loadu_si256((const __m256i *)residual_of(o, c));
      value = _mm256_add_ps(value, residual_term(_mm256_shuffle_epi8(residual, spread), range));
    }
    y[v] = rounded(value, range);
  }
  if (n == 2) {
    const __m256i bytes = bytes_of(y[0], y[1], y[0], y[1], range);
    const __m128i part[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
    for (size_t l = 0; l < 2; l++) {
      const size_t at = 16 * l + 4 * j;
      if (left >= at + 8)
        _mm_storel_epi64((__m128i *)(c + at), part[l]);
      else if (left > at)
        store_bytes16(c + at, left - at, part[l]);
    }
    return;
  }
  const __m256i bytes = bytes_of(y[0], y[1], y[2], y[3], range);
  if (left >= 32) {
    _mm256_storeu_si256((__m256i *)c, bytes);
    return;
  }
  store_bytes16(c, left, _mm256_castsi256_si128(bytes));
  if (left > 16) store_bytes16(c + 16, left - 16, _mm256_extracti128_si256(bytes, 1));
}

INLINE void store_floats(
    const lanes sums[], const size_t j, const size_t n, const int32_t *q, float *c, size_t left,
    const struct pare_qoutput *o) {
  const __m256 min = _mm256_set1_ps(o->float_min), max = _mm256_set1_ps(o->float_max);
  for (size_t v = 0; v < n; v++) {
    const int32_t *constants = q + 48 * (j + v);
    const __m256 scale = _mm256_loadu_ps((const float *)(constants + 16));
    const __m256 bias = _mm256_loadu_ps((const float *)(constants + 32));
    float y[8];
    _mm256_storeu_ps(y, held(_mm256_add_ps(scaled(sums[v], scale), bias), min, max));
    for (size_t i = 0; i < 8; i++) {
      const size_t channel = i / 4 * 16 + 4 * (j + v) + i % 4;
      if (channel < left) c[channel] = y[i];
    }
  }
}
