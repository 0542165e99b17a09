#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "turn4_neon.h"

#define UNROLL _Pragma("clang loop unroll(full)")

void pare_lanes_x32_4x4__neon(
    size_t m, size_t vectors, size_t taps, size_t words, const void *const *rows, void *x) {
  const size_t step = 64 * vectors;
  for (size_t t = 0; t < taps; t++, rows += m)
    for (size_t v = 0; v < 4 * vectors; v++) {
      const char *from[4];
      UNROLL for (size_t i = 0; i < 4; i++) {
        const size_t row = 4 * v + i;
        from[i] = rows[row < m ? row : m - 1];
      }
      char *to = (char *)x + step * t * words + 16 * v;
      for (size_t w = 0; w < words; w += 4, to += 4 * step) {
        uint32x4_t r[4];
        // Past the last word lie bytes that may be read, as after every activation.
        UNROLL for (size_t i = 0; i < 4; i++) r[i] =
            vreinterpretq_u32_u8(vld1q_u8((const uint8_t *)(from[i] + 4 * w)));
        turn4(r);
        UNROLL for (size_t j = 0; j < 4; j++) {
          if (w + j < words) vst1q_u32((uint32_t *)(to + step * j), r[j]);
        }
      }
    }
}
#endif
