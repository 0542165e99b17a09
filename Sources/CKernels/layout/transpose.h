// Transposition of bytes, and of floats that become bytes on the way, as plain loops, for one instruction
// set: KERNEL(name) is its symbol.
#include "../plain.h"

/// Pixels of three bytes from three planes.
INLINE void join_three(
    size_t count, const uint8_t *red, const uint8_t *green, const uint8_t *blue, uint8_t *y) {
  EACH_ALONE for (size_t i = 0; i < count; i++) {
    y[3 * i] = red[i];
    y[3 * i + 1] = green[i];
    y[3 * i + 2] = blue[i];
  }
}

void KERNEL(pare_transpose_x8)(
    size_t rows, size_t columns, const void *from, size_t x_pitch, void *to, size_t y_pitch) {
  const uint8_t *x = from;
  uint8_t *y = to;
  if (rows == 3 && y_pitch == 3)
    return join_three(columns, x, x + x_pitch, x + 2 * x_pitch, y);
  // Tiles of 16 by 16, so that both sides stay within a few cache lines.
  for (size_t r = 0; r < rows; r += 16)
    for (size_t c = 0; c < columns; c += 16) {
      const size_t m = rows - r < 16 ? rows - r : 16, n = columns - c < 16 ? columns - c : 16;
      for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < m; i++) y[(c + j) * y_pitch + r + i] = x[(r + i) * x_pitch + c + j];
    }
}

void KERNEL(pare_quantize_planes_u8)(
    size_t channels, size_t pixels, const float *x, size_t pitch, uint8_t *y, float scale,
    int32_t zero) {
  enum { run = 64 };
  const struct byte_bounds bounds = byte_bounds_of(zero, 0, 255);
  for (size_t first = 0; first < pixels; first += run) {
    const size_t n = pixels - first < run ? pixels - first : run;
    uint8_t planes[3][run];
    for (size_t c = 0; c < channels; c++) {
      const float *plane = x + c * pitch + first;
      uint8_t *bytes = planes[channels == 3 ? c : 0];
      for (size_t i = 0; i < n; i++) bytes[i] = byte_of(plane[i] / scale, &bounds);
      if (channels != 3)
        for (size_t i = 0; i < n; i++) y[(first + i) * channels + c] = bytes[i];
    }
    if (channels == 3) join_three(n, planes[0], planes[1], planes[2], y + 3 * first);
  }
}
