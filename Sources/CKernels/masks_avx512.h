// Stores of the first lanes of a vector. Whole vectors, and halves and quarters of bytes, take the plain
// instructions: masked stores of bytes are slow on some processors.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/// Returns the mask of the first `left` of 16 lanes.
static inline __attribute__((always_inline)) __mmask16 mask16(size_t left) {
  return left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
}

/// Returns the mask of the first `left` of 64 lanes.
static inline __attribute__((always_inline)) __mmask64 mask64(size_t left) {
  return left >= 64 ? ~0ull : (1ull << left) - 1;
}

static inline __attribute__((always_inline)) void store_f32(float *to, __mmask16 mask, __m512 y) {
  if (mask == 0xFFFF)
    _mm512_storeu_ps(to, y);
  else
    _mm512_mask_storeu_ps(to, mask, y);
}

static inline __attribute__((always_inline)) void store_u8(
    uint8_t *to, __mmask64 mask, __m512i y) {
  if (mask == ~0ull)
    _mm512_storeu_si512(to, y);
  else if (mask == 0xFFFFFFFF)
    _mm256_storeu_si256((__m256i *)to, _mm512_castsi512_si256(y));
  else if (mask == 0xFFFF)
    _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(y));
  else
    _mm512_mask_storeu_epi8(to, mask, y);
}
