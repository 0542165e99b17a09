// The transforms of F(4x4, 3x3) of Lavin and Gray (2015), 8 channels at a time, in vectors of the
// compiler's. Included by one file for each instruction set: KERNEL(name) is its symbol.
#include "../floats8.h"

// Points 0, 1, -1, 2, -2 and infinity. Products and sums are fused where the processor can.

INLINE void transform_input(const floats d[6], floats t[6]) {
  const floats a = d[4] - 4 * d[2], b = d[3] - 4 * d[1];
  const floats c = d[4] - d[2], e = d[3] - d[1];
  t[0] = 4 * d[0] + (d[4] - 5 * d[2]);
  t[1] = a + b;
  t[2] = a - b;
  t[3] = c + 2 * e;
  t[4] = c - 2 * e;
  t[5] = 4 * d[1] + (d[5] - 5 * d[3]);
}

INLINE void transform_output(const floats m[6], floats y[4]) {
  const floats s = m[1] + m[2], d = m[1] - m[2];
  const floats t = m[3] + m[4], e = m[3] - m[4];
  y[0] = (m[0] + s) + t;
  y[1] = d + 2 * e;
  y[2] = s + 4 * t;
  y[3] = (d + 8 * e) + m[5];
}

INLINE void transform_weights(const floats w[3], floats u[6]) {
  const floats s = (w[0] + w[2]) * (-1.0f / 6), d = w[1] * (-1.0f / 6);
  const floats t = w[0] * (1.0f / 24) + w[2] * (1.0f / 6), e = w[1] * (1.0f / 12);
  u[0] = w[0] * 0.25f;
  u[1] = s + d;
  u[2] = s - d;
  u[3] = t + e;
  u[4] = t - e;
  u[5] = w[2];
}

void KERNEL(pare_winograd_weights_f32)(
    size_t channels, size_t count, const float *weights, float *u, size_t step) {
  for (size_t panel = 0; panel < count; panel++)
    for (size_t at = 0; at < channels * 16; at += 8) {
      const float *from = weights + panel * 9 * channels * 16 + at;
      float *to = u + panel * channels * 16 + at;
      floats half[3][6];
      for (int x = 0; x < 3; x++) {
        floats w[3];
        for (int y = 0; y < 3; y++) w[y] = floats_at(from + (3 * y + x) * channels * 16);
        transform_weights(w, half[x]);
      }
      for (int y = 0; y < 6; y++) {
        const floats w[3] = {half[0][y], half[1][y], half[2][y]};
        floats t[6];
        transform_weights(w, t);
        for (int x = 0; x < 6; x++) memcpy(to + (6 * y + x) * step, &t[x], sizeof t[x]);
      }
    }
}

/// Where a tile lies: its first output pixel, and its image.
struct place {
  size_t image, row, column;
};

INLINE struct place place_of(const struct pare_winograd *g, size_t tile) {
  const size_t columns = (g->output_width + 3) / 4, rows = (g->output_height + 3) / 4;
  return (struct place){tile / (rows * columns), tile / columns % rows * 4, tile % columns * 4};
}

void KERNEL(pare_winograd_in_f32)(
    const struct pare_winograd *g, const float *input, const float *zero, size_t first,
    size_t count, float *v, size_t step) {
  const size_t channels = g->channels, width = g->input_width, height = g->input_height;
  const size_t lanes = (channels + 15) / 16 * 16;
  for (size_t tile = first; tile < first + count; tile++, v += lanes) {
    const struct place place = place_of(g, tile);
    // Rows and columns in the padding lie at what is no index.
    const size_t top = place.row - g->pad_top, left = place.column - g->pad_left;
    const float *image = input + place.image * height * width * channels;
    const float *pixels[36];
    for (size_t y = 0; y < 6; y++)
      for (size_t x = 0; x < 6; x++)
        pixels[6 * y + x] = top + y < height && left + x < width
            ? image + ((top + y) * width + left + x) * channels
            : zero;
    for (size_t k = 0; k < channels; k += 8) {
      floats t[6][6];
      UNROLL for (size_t x = 0; x < 6; x++) {
        floats d[6], column[6];
        UNROLL for (size_t y = 0; y < 6; y++) d[y] = floats_at(pixels[6 * y + x] + k);
        transform_input(d, column);
        UNROLL for (size_t y = 0; y < 6; y++) t[y][x] = column[y];
      }
      UNROLL for (size_t y = 0; y < 6; y++) {
        floats row[6];
        transform_input(t[y], row);
        UNROLL for (size_t x = 0; x < 6; x++) memcpy(v + (6 * y + x) * step + k, &row[x], 32);
      }
    }
  }
}

void KERNEL(pare_winograd_out_f32)(
    const struct pare_winograd *g, const float *m, size_t step, size_t first, size_t count,
    const float *bias, const float *residual, float *output, float min, float max) {
  const size_t channels = g->output_channels, width = g->output_width, height = g->output_height;
  const size_t lanes = (channels + 15) / 16 * 16, pitch = g->output_pitch;
  for (size_t tile = first; tile < first + count; tile++, m += lanes) {
    const struct place place = place_of(g, tile);
    const size_t rows = height - place.row < 4 ? height - place.row : 4;
    const size_t columns = width - place.column < 4 ? width - place.column : 4;
    const size_t at = ((place.image * height + place.row) * width + place.column) * pitch;
    for (size_t k = 0; k < channels; k += 8) {
      const floats start = floats_at(bias + k);
      floats t[4][6];
      UNROLL for (size_t x = 0; x < 6; x++) {
        floats d[6], column[4];
        UNROLL for (size_t y = 0; y < 6; y++) d[y] = floats_at(m + (6 * y + x) * step + k);
        transform_output(d, column);
        UNROLL for (size_t y = 0; y < 4; y++) t[y][x] = column[y];
      }
      for (size_t y = 0; y < rows; y++) {
        floats row[4];
        transform_output(t[y], row);
        for (size_t x = 0; x < columns; x++) {
          const size_t pixel = at + (y * width + x) * pitch + k;
          floats value = row[x] + start;
          if (residual) value += floats_at(residual + pixel);
          store_some(output + pixel, channels - k, held(value, min, max));
        }
      }
    }
  }
}
