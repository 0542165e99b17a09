#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "block64_avx512.h"

/// Adds 4 taps of 64 channels.
INLINE void four_taps(
    __m512i sums[4], __m512i x0, __m512i x1, __m512i x2, __m512i x3, const int8_t *w) {
  __m512i x[4];
  interleave(x, x0, x1, x2, x3);
  for (int j = 0; j < 4; j++)
    sums[j] = _mm512_dpbusd_epi32(sums[j], x[j], _mm512_loadu_si512(w + 64 * j));
}

void pare_dwconv_u8s8_8x64__avx512vnni(
    size_t m, size_t channels, size_t taps, const uint8_t *const *a, const int8_t *w,
    const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const size_t groups = (taps + 3) / 4;
  for (size_t k = 0; k < channels; k += 64, q += 192, w += groups * 256) {
    const __mmask64 mask = mask64(channels - k);
    struct constants constants;
    constants_of(&constants, q, output);
    for (size_t i = 0; i < m; i++) {
      __m512i sums[4];
      for (int j = 0; j < 4; j++) sums[j] = _mm512_loadu_si512(q + 48 * j);
      for (size_t t = 0; t < taps; t += 4) {
        // The last group repeats its last tap, under zero weights.
        const size_t last = taps - 1 - t;
        const uint8_t *const *rows = a + t * m + i;
        four_taps(
            sums, _mm512_maskz_loadu_epi8(mask, rows[0] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 1 ? last : 1) * m] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 2 ? last : 2) * m] + k),
            _mm512_maskz_loadu_epi8(mask, rows[(last < 3 ? last : 3) * m] + k), w + t * 64);
      }
      store_outputs(sums, &constants, q, c, i * ldc + k, mask, output);
    }
  }
}

#pragma clang attribute pop
#endif
