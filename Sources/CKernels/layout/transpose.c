#include "kernels.h"

// Tiles of 16 by 16, so that both sides stay within a few cache lines.
#define TRANSPOSE(name, type)                                                        \
  static void name(size_t rows, size_t columns, const type *restrict x, type *restrict y) { \
    if (rows == 3) { /* The three colours of an image. */                            \
      for (size_t j = 0; j < columns; j++) {                                         \
        y[3 * j] = x[j];                                                             \
        y[3 * j + 1] = x[columns + j];                                               \
        y[3 * j + 2] = x[2 * columns + j];                                           \
      }                                                                              \
      return;                                                                        \
    }                                                                                \
    for (size_t r = 0; r < rows; r += 16)                                            \
      for (size_t c = 0; c < columns; c += 16) {                                     \
        const size_t last_row = r + 16 < rows ? r + 16 : rows;                       \
        const size_t last_column = c + 16 < columns ? c + 16 : columns;              \
        for (size_t j = c; j < last_column; j++)                                     \
          for (size_t i = r; i < last_row; i++) y[j * rows + i] = x[i * columns + j]; \
      }                                                                              \
  }
TRANSPOSE(transpose_1, uint8_t)
TRANSPOSE(transpose_4, uint32_t)

void pare_transpose(size_t rows, size_t columns, size_t size, const void *x, void *y) {
  if (size == 4) transpose_4(rows, columns, x, y);
  if (size == 1) transpose_1(rows, columns, x, y);
}
