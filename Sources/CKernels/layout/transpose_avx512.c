#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

/// Transposes up to 16 by 16 words.
INLINE void words_16x16(
    size_t rows, size_t columns, const uint32_t *x, size_t x_pitch, uint32_t *y, size_t y_pitch) {
  const __mmask16 inside = mask16(columns);
  __m512i a[16], b[16];
  UNROLL for (size_t i = 0; i < 16; i++) a[i] =
      i < rows ? _mm512_maskz_loadu_epi32(inside, x + i * x_pitch) : _mm512_setzero_si512();
  UNROLL for (int i = 0; i < 8; i++) {
    b[2 * i] = _mm512_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
    b[2 * i + 1] = _mm512_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    a[4 * i] = _mm512_unpacklo_epi64(b[4 * i], b[4 * i + 2]);
    a[4 * i + 1] = _mm512_unpackhi_epi64(b[4 * i], b[4 * i + 2]);
    a[4 * i + 2] = _mm512_unpacklo_epi64(b[4 * i + 1], b[4 * i + 3]);
    a[4 * i + 3] = _mm512_unpackhi_epi64(b[4 * i + 1], b[4 * i + 3]);
  }
  // a[4 * i + j], lane l of 128 bits: column 4 * l + j of rows 4 * i ...
  UNROLL for (int j = 0; j < 4; j++) {
    const __m512i low = _mm512_shuffle_i32x4(a[j], a[4 + j], 0x88);
    const __m512i high = _mm512_shuffle_i32x4(a[j], a[4 + j], 0xDD);
    const __m512i low2 = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0x88);
    const __m512i high2 = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0xDD);
    b[j] = _mm512_shuffle_i32x4(low, low2, 0x88);
    b[8 + j] = _mm512_shuffle_i32x4(low, low2, 0xDD);
    b[4 + j] = _mm512_shuffle_i32x4(high, high2, 0x88);
    b[12 + j] = _mm512_shuffle_i32x4(high, high2, 0xDD);
  }
  const __mmask16 mask = mask16(rows);
  UNROLL for (size_t j = 0; j < 16; j++) if (j < columns) {
    if (mask == 0xFFFF)
      _mm512_storeu_si512(y + j * y_pitch, b[j]);
    else
      _mm512_mask_storeu_epi32(y + j * y_pitch, mask, b[j]);
  }
}

/// The three colours of an image, 16 pixels at a time.
static void interleave_3_words(
    size_t columns, const uint32_t *x, size_t pitch, uint32_t *y) {
  __m512i from_two[3], from_third[3];
  __mmask16 third[3];
  for (int part = 0; part < 3; part++) {
    int two[16], three[16];
    third[part] = 0;
    for (int i = 0; i < 16; i++) {
      const int pixel = (16 * part + i) / 3, colour = (16 * part + i) % 3;
      two[i] = colour == 1 ? 16 + pixel : pixel;
      three[i] = pixel;
      if (colour == 2) third[part] |= (__mmask16)(1u << i);
    }
    from_two[part] = _mm512_loadu_si512(two);
    from_third[part] = _mm512_loadu_si512(three);
  }
  for (size_t c = 0; c < columns; c += 16) {
    const __mmask16 mask = mask16(columns - c);
    const __m512i p = _mm512_maskz_loadu_epi32(mask, x + c);
    const __m512i q = _mm512_maskz_loadu_epi32(mask, x + pitch + c);
    const __m512i r = _mm512_maskz_loadu_epi32(mask, x + 2 * pitch + c);
    const size_t left = 3 * (columns - c);
    UNROLL for (size_t part = 0; part < 3; part++) if (16 * part < left) {
      const __m512i two = _mm512_permutex2var_epi32(p, from_two[part], q);
      const __m512i all =
          _mm512_mask_permutexvar_epi32(two, third[part], from_third[part], r);
      _mm512_mask_storeu_epi32(y + 3 * c + 16 * part, mask16(left - 16 * part), all);
    }
  }
}

void pare_transpose_x32_16x16__avx512(
    size_t rows, size_t columns, const void *from, size_t x_pitch, void *to, size_t y_pitch) {
  const uint32_t *x = from;
  uint32_t *y = to;
  if (rows == 3 && y_pitch == 3) {
    interleave_3_words(columns, x, x_pitch, y);
    return;
  }
  for (size_t r = 0; r < rows; r += 16)
    for (size_t c = 0; c < columns; c += 16)
      words_16x16(
          rows - r < 16 ? rows - r : 16, columns - c < 16 ? columns - c : 16,
          x + r * x_pitch + c, x_pitch, y + c * y_pitch + r, y_pitch);
}

/// Transposes up to 16 by 16 bytes.
INLINE void bytes_16x16(
    size_t rows, size_t columns, const uint8_t *x, size_t x_pitch, uint8_t *y, size_t y_pitch) {
  const __mmask16 inside = mask16(columns), mask = mask16(rows);
  __m128i a[16], b[16];
  UNROLL for (size_t i = 0; i < 16; i++) a[i] =
      i < rows ? _mm_maskz_loadu_epi8(inside, x + i * x_pitch) : _mm_setzero_si128();
  // Each round brings together elements whose rows are 8 apart; four rounds have put all in place.
#define ROUND(to, from)                                     \
  UNROLL for (int i = 0; i < 8; i++) {                      \
    to[2 * i] = _mm_unpacklo_epi8(from[i], from[i + 8]);    \
    to[2 * i + 1] = _mm_unpackhi_epi8(from[i], from[i + 8]); \
  }
  ROUND(b, a)
  ROUND(a, b)
  ROUND(b, a)
  ROUND(a, b)
#undef ROUND
  UNROLL for (size_t j = 0; j < 16; j++) if (j < columns) {
    if (mask == 0xFFFF)
      _mm_storeu_si128((__m128i *)(y + j * y_pitch), a[j]);
    else
      _mm_mask_storeu_epi8(y + j * y_pitch, mask, a[j]);
  }
}

/// Writes the low bytes of three vectors of words side by side: 48 bytes of 16 pixels.
INLINE void store_3_bytes(uint8_t *y, size_t pixels, __m512i p, __m512i q, __m512i r) {
  const __m512i words = _mm512_or_si512(
      p, _mm512_or_si512(_mm512_slli_epi32(q, 8), _mm512_slli_epi32(r, 16)));
  const __m512i close = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  const __m512i order = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_shuffle_epi8(words, close));
  if (pixels >= 16)
    _mm512_mask_storeu_epi32(y, 0x0FFF, bytes);
  else
    _mm512_mask_storeu_epi8(y, mask64(3 * pixels), bytes);
}

void pare_transpose_x8_16x16__avx512(
    size_t rows, size_t columns, const void *from, size_t x_pitch, void *to, size_t y_pitch) {
  const uint8_t *x = from;
  uint8_t *y = to;
  if (rows == 3 && y_pitch == 3) {
    for (size_t c = 0; c < columns; c += 16) {
      const __mmask16 mask = mask16(columns - c);
#define PLANE(i) _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, x + (i) * x_pitch + c))
      store_3_bytes(y + 3 * c, columns - c, PLANE(0), PLANE(1), PLANE(2));
#undef PLANE
    }
    return;
  }
  for (size_t r = 0; r < rows; r += 16)
    for (size_t c = 0; c < columns; c += 16)
      bytes_16x16(
          rows - r < 16 ? rows - r : 16, columns - c < 16 ? columns - c : 16,
          x + r * x_pitch + c, x_pitch, y + c * y_pitch + r, y_pitch);
}

/// x / scale held within the range and rounded, plus the zero point, as words.
INLINE __m512i quantized(__m512 x, __m512 scale, __m512 least, __m512 most, __m512i zero) {
  const __m512 v = _mm512_min_ps(_mm512_max_ps(_mm512_div_ps(x, scale), least), most);
  return _mm512_add_epi32(_mm512_cvtps_epi32(v), zero);
}

void pare_quantize_planes_u8_16__avx512(
    size_t channels, size_t pixels, const float *x, size_t pitch, uint8_t *y, float scale,
    int32_t zero) {
  const __m512 divisor = _mm512_set1_ps(scale);
  const __m512 least = _mm512_set1_ps((float)-zero), most = _mm512_set1_ps((float)(255 - zero));
  const __m512i zeros = _mm512_set1_epi32(zero);
  for (size_t i = 0; i < pixels; i += 16) {
    const __mmask16 mask = mask16(pixels - i);
#define PLANE(c) \
  quantized(_mm512_maskz_loadu_ps(mask, x + (c) * pitch + i), divisor, least, most, zeros)
    if (channels == 3) {
      store_3_bytes(y + 3 * i, pixels - i, PLANE(0), PLANE(1), PLANE(2));
      continue;
    }
    for (size_t c = 0; c < channels; c++) {
      uint8_t bytes[16];
      _mm_storeu_si128((__m128i *)bytes, _mm512_cvtepi32_epi8(PLANE(c)));
      for (size_t j = 0; j < 16 && i + j < pixels; j++) y[(i + j) * channels + c] = bytes[j];
    }
#undef PLANE
  }
}

#pragma clang attribute pop
#endif
