#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Sixteen tables of 16 bytes take turns: adding 0x70 with saturation sets the highest bit, which asks for
/// zero, in all bytes but those that the table at hand is for.
void pare_lookup_u8__avx2(size_t count, const uint8_t *x, uint8_t *y, const uint8_t *table) {
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m256i v0 = _mm256_loadu_si256((const __m256i *)(x + i));
    const __m256i v1 = _mm256_loadu_si256((const __m256i *)(x + i + 32));
    __m256i y0 = _mm256_setzero_si256(), y1 = y0;
    for (int t = 0; t < 16; t++) {
      const __m256i part =
          _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * t)));
      const __m256i mine = _mm256_set1_epi8((char)(16 * t)), others = _mm256_set1_epi8(0x70);
      const __m256i i0 = _mm256_adds_epu8(_mm256_xor_si256(v0, mine), others);
      const __m256i i1 = _mm256_adds_epu8(_mm256_xor_si256(v1, mine), others);
      y0 = _mm256_or_si256(y0, _mm256_shuffle_epi8(part, i0));
      y1 = _mm256_or_si256(y1, _mm256_shuffle_epi8(part, i1));
    }
    _mm256_storeu_si256((__m256i *)(y + i), y0);
    _mm256_storeu_si256((__m256i *)(y + i + 32), y1);
  }
  for (; i < count; i++) y[i] = table[x[i]];
}

#pragma clang attribute pop
#endif
