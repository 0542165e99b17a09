// The transposition of 8 by 8 words with 256-bit vectors.
#pragma once
#include <immintrin.h>

/// Transposes 8 vectors of 8 words: by pairs of words, of double words, and by halves.
static inline __attribute__((always_inline)) void turn8(__m256i r[8]) {
  __m256i t[8];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x20);
    t[4 + i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x31);
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) r[i] = t[i];
}
