#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"
#include "turn16_avx512.h"

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
        turn16(r);
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
