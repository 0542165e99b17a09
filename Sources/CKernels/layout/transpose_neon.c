#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "turn4_neon.h"

#define KERNEL(name) name##__neon
#include "transpose.h"

void pare_transpose_x32__neon(
    size_t rows, size_t columns, const void *from, size_t x_pitch, void *to, size_t y_pitch) {
  const uint32_t *x = from;
  uint32_t *y = to;
  const size_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  // Runs of 16 columns, so that lines of the cache that are read and written stay few.
  for (size_t first = 0; first < whole_columns; first += 16)
    for (size_t r = 0; r < whole_rows; r += 4)
      for (size_t c = first; c < whole_columns && c < first + 16; c += 4) {
        uint32x4_t v[4];
        for (size_t i = 0; i < 4; i++) v[i] = vld1q_u32(x + (r + i) * x_pitch + c);
        turn4(v);
        for (size_t i = 0; i < 4; i++) vst1q_u32(y + (c + i) * y_pitch + r, v[i]);
      }
  for (size_t c = 0; c < columns; c++)
    for (size_t r = c < whole_columns ? whole_rows : 0; r < rows; r++)
      y[c * y_pitch + r] = x[r * x_pitch + c];
}
#endif
