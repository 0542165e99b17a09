#include "kernels.h"

#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "turn8_avx2.h"

#define KERNEL(name) name##__avx2
#include "transpose.h"

void pare_transpose_x32__avx2(
    size_t rows, size_t columns, const void *from, size_t x_pitch, void *to, size_t y_pitch) {
  const uint32_t *x = from;
  uint32_t *y = to;
  const size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  // Runs of 16 columns, so that lines of the cache that are read and written stay few.
  for (size_t first = 0; first < whole_columns; first += 16)
    for (size_t r = 0; r < whole_rows; r += 8)
      for (size_t c = first; c < whole_columns && c < first + 16; c += 8) {
        __m256i v[8];
        for (size_t i = 0; i < 8; i++) v[i] = _mm256_loadu_si256((const __m256i *)(x + (r + i) * x_pitch + c));
        turn8(v);
        for (size_t i = 0; i < 8; i++) _mm256_storeu_si256((__m256i *)(y + (c + i) * y_pitch + r), v[i]);
      }
  for (size_t c = 0; c < columns; c++)
    for (size_t r = c < whole_columns ? whole_rows : 0; r < rows; r++)
      y[c * y_pitch + r] = x[r * x_pitch + c];
}

#pragma clang attribute pop
#endif
