#include "kernels.h"

#if defined(__x86_64__)
#define PLAIN "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#pragma clang attribute push(__attribute__((target(PLAIN))), apply_to = function)

#include "../masks_avx512.h"

/// With VBMI the four quarters of the table lie in registers, and two instructions look up 64 bytes in
/// half of it.
__attribute__((target(PLAIN ",avx512vbmi"))) static void look_up_vbmi(
    size_t count, const uint8_t *x, uint8_t *y, const uint8_t *table) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m512i v = _mm512_loadu_si512(x + i);
    const __m512i low = _mm512_permutex2var_epi8(t0, v, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, v, t3);
    _mm512_storeu_si512(y + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high));
  }
  if (i < count) {
    const __mmask64 mask = mask64(count - i);
    const __m512i v = _mm512_maskz_loadu_epi8(mask, x + i);
    const __m512i low = _mm512_permutex2var_epi8(t0, v, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, v, t3);
    store_u8(y + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high));
  }
}

/// Without, sixteen tables of 16 bytes take turns: adding 0x70 with saturation sets the highest bit,
/// which asks for zero, in all bytes but those that the table at hand is for.
static void look_up_plain(
    size_t count, const uint8_t *x, uint8_t *y, const uint8_t *table) {
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m512i v = _mm512_loadu_si512(x + i);
    __m512i result = _mm512_setzero_si512();
    for (int t = 0; t < 16; t++) {
      const __m512i part =
          _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(table + 16 * t)));
      const __m512i index = _mm512_adds_epu8(
          _mm512_xor_si512(v, _mm512_set1_epi8((char)(16 * t))), _mm512_set1_epi8(0x70));
      result = _mm512_or_si512(result, _mm512_shuffle_epi8(part, index));
    }
    _mm512_storeu_si512(y + i, result);
  }
  for (; i < count; i++) y[i] = table[x[i]];
}

void pare_lookup_u8_64__avx512(size_t count, const uint8_t *x, uint8_t *y, const uint8_t *table) {
  if (__builtin_cpu_supports("avx512vbmi"))
    look_up_vbmi(count, x, y, table);
  else
    look_up_plain(count, x, y, table);
}

#pragma clang attribute pop
#endif
