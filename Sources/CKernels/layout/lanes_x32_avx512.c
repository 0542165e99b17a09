#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// Transposes 16 vectors of 16 words: by pairs of words, of double words, and twice by quarters.
INLINE void transpose(__m512i r[16]) {
  __m512i t[16];
  UNROLL for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // r[4 b + j], quarter l: word 4 l + j of rows 4 b to 4 b + 3.
  UNROLL for (int j = 0; j < 4; j++) {
    const __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    const __m512i c = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xDD);
    const __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xDD);
    t[j] = _mm512_shuffle_i32x4(a, b, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(a, b, 0xDD);
    t[4 + j] = _mm512_shuffle_i32x4(c, d, 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(c, d, 0xDD);
  }
  UNROLL for (int i = 0; i < 16; i++) r[i] = t[i];
}

void pare_lanes_x32_16x16__avx512(
    size_t m, size_t vectors, size_t taps, size_t words, const void *const *rows, void *x) {
  for (size_t t = 0; t < taps; t++, rows += m)
    for (size_t v = 0; v < vectors; v++) {
      const char *from[16];
      UNROLL for (size_t i = 0; i < 16; i++) {
        const size_t row = 16 * v + i;
        from[i] = rows[row < m ? row : m - 1];
      }
      char *to = (char *)x + 64 * (t * words * vectors + v);
      for (size_t w = 0; w < words; w += 16) {
        const __mmask16 mask = mask16(words - w);
        __m512i r[16];
        UNROLL for (size_t i = 0; i < 16; i++) {
          r[i] = _mm512_maskz_loadu_epi32(mask, from[i] + 4 * w);
        }
        transpose(r);
        const size_t count = words - w < 16 ? words - w : 16;
        if (count == 16) {
          UNROLL for (size_t j = 0; j < 16; j++) {
            _mm512_store_si512(to + 64 * vectors * (w + j), r[j]);
          }
        } else {
          _Alignas(64) char columns[16 * 64];
          UNROLL for (size_t j = 0; j < 16; j++) _mm512_store_si512(columns + 64 * j, r[j]);
          for (size_t j = 0; j < count; j++)
            _mm512_store_si512(
                to + 64 * vectors * (w + j), _mm512_load_si512(columns + 64 * j));
        }
      }
    }
}

#pragma clang attribute pop
#endif
