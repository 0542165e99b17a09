#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#include "turn8_avx2.h"

#define UNROLL _Pragma("clang loop unroll(full)")

void pare_lanes_x32_8x8__avx2(
    size_t m, size_t vectors, size_t taps, size_t words, const void *const *rows, void *x) {
  const size_t step = 64 * vectors;
  for (size_t t = 0; t < taps; t++, rows += m)
    for (size_t v = 0; v < 2 * vectors; v++) {
      const char *from[8];
      UNROLL for (size_t i = 0; i < 8; i++) {
        const size_t row = 8 * v + i;
        from[i] = rows[row < m ? row : m - 1];
      }
      char *to = (char *)x + step * t * words + 32 * v;
      for (size_t w = 0; w < words; w += 8, to += 8 * step) {
        __m256i r[8];
        // Past the last word lie bytes that may be read, as after every activation.
        UNROLL for (size_t i = 0; i < 8; i++) r[i] =
            _mm256_loadu_si256((const __m256i *)(from[i] + 4 * w));
        turn8(r);
        UNROLL for (size_t j = 0; j < 8; j++) {
          if (w + j < words) _mm256_store_si256((__m256i *)(to + step * j), r[j]);
        }
      }
    }
}

#pragma clang attribute pop
#endif
