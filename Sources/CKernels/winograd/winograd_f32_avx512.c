#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

// The transforms of F(4x4, 3x3) of Lavin and Gray (2015): points 0, 1, -1, 2, -2 and infinity.

INLINE void transform_input(const __m512 d[6], __m512 t[6]) {
  const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), five = _mm512_set1_ps(5);
  const __m512 a = _mm512_fnmadd_ps(four, d[2], d[4]), b = _mm512_fnmadd_ps(four, d[1], d[3]);
  const __m512 c = _mm512_sub_ps(d[4], d[2]), e = _mm512_sub_ps(d[3], d[1]);
  t[0] = _mm512_fmadd_ps(four, d[0], _mm512_fnmadd_ps(five, d[2], d[4]));
  t[1] = _mm512_add_ps(a, b);
  t[2] = _mm512_sub_ps(a, b);
  t[3] = _mm512_fmadd_ps(two, e, c);
  t[4] = _mm512_fnmadd_ps(two, e, c);
  t[5] = _mm512_fmadd_ps(four, d[1], _mm512_fnmadd_ps(five, d[3], d[5]));
}

INLINE void transform_output(const __m512 m[6], __m512 y[4]) {
  const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), eight = _mm512_set1_ps(8);
  const __m512 s = _mm512_add_ps(m[1], m[2]), d = _mm512_sub_ps(m[1], m[2]);
  const __m512 t = _mm512_add_ps(m[3], m[4]), e = _mm512_sub_ps(m[3], m[4]);
  y[0] = _mm512_add_ps(_mm512_add_ps(m[0], s), t);
  y[1] = _mm512_fmadd_ps(two, e, d);
  y[2] = _mm512_fmadd_ps(four, t, s);
  y[3] = _mm512_add_ps(_mm512_fmadd_ps(eight, e, d), m[5]);
}

/// Where a tile lies: its first output pixel, and its image.
struct place {
  size_t image, row, column;
};

INLINE struct place place_of(const struct pare_winograd *g, size_t tile) {
  const size_t columns = (g->output_width + 3) / 4, rows = (g->output_height + 3) / 4;
  return (struct place){tile / (rows * columns), tile / columns % rows * 4, tile % columns * 4};
}

void pare_winograd_in_f32_16__avx512(
    const struct pare_winograd *g, const float *input, const float *zero, size_t first,
    size_t count, float *v, size_t step) {
  const size_t channels = g->channels, width = g->input_width, height = g->input_height;
  const size_t lanes = (channels + 15) / 16 * 16;
  for (size_t tile = first; tile < first + count; tile++, v += lanes) {
    const struct place place = place_of(g, tile);
    // Rows and columns in the padding lie at what is no index.
    const size_t top = place.row - g->pad_top, left = place.column - g->pad_left;
    const float *image = input + place.image * height * width * channels;
    const int inside = top < height && top + 5 < height && left < width && left + 5 < width;
    const float *pixels[36];
    for (size_t y = 0; y < 6; y++)
      for (size_t x = 0; x < 6; x++)
        pixels[6 * y + x] = inside || (top + y < height && left + x < width)
            ? image + ((top + y) * width + left + x) * channels
            : zero;
    for (size_t k = 0; k < channels; k += 16) {
      __m512 t[6][6];
      UNROLL for (size_t x = 0; x < 6; x++) {
        __m512 d[6], column[6];
        UNROLL for (size_t y = 0; y < 6; y++) d[y] = _mm512_loadu_ps(pixels[6 * y + x] + k);
        transform_input(d, column);
        UNROLL for (size_t y = 0; y < 6; y++) t[y][x] = column[y];
      }
      UNROLL for (size_t y = 0; y < 6; y++) {
        __m512 row[6];
        transform_input(t[y], row);
        UNROLL for (size_t x = 0; x < 6; x++) _mm512_storeu_ps(v + (6 * y + x) * step + k, row[x]);
      }
    }
  }
}

void pare_winograd_out_f32_16__avx512(
    const struct pare_winograd *g, const float *m, size_t step, size_t first, size_t count,
    const float *bias, const float *residual, float *output, float min, float max) {
  const size_t channels = g->output_channels, width = g->output_width, height = g->output_height;
  const size_t lanes = (channels + 15) / 16 * 16, pitch = g->output_pitch;
  const __m512 least = _mm512_set1_ps(min), most = _mm512_set1_ps(max);
  for (size_t tile = first; tile < first + count; tile++, m += lanes) {
    const struct place place = place_of(g, tile);
    const size_t rows = height - place.row < 4 ? height - place.row : 4;
    const size_t columns = width - place.column < 4 ? width - place.column : 4;
    const size_t at = ((place.image * height + place.row) * width + place.column) * pitch;
    for (size_t k = 0; k < channels; k += 16) {
      const __mmask16 mask = mask16(channels - k);
      const __m512 start = _mm512_loadu_ps(bias + k);
      __m512 t[4][6];
      UNROLL for (size_t x = 0; x < 6; x++) {
        __m512 d[6], column[4];
        UNROLL for (size_t y = 0; y < 6; y++) d[y] = _mm512_loadu_ps(m + (6 * y + x) * step + k);
        transform_output(d, column);
        UNROLL for (size_t y = 0; y < 4; y++) t[y][x] = column[y];
      }
      UNROLL for (size_t y = 0; y < 4; y++) {
        __m512 row[4];
        transform_output(t[y], row);
        UNROLL for (size_t x = 0; x < 4; x++) {
          if (y >= rows || x >= columns) continue;
          const size_t pixel = at + (y * width + x) * pitch + k;
          __m512 value = _mm512_add_ps(row[x], start);
          if (residual)
            value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, residual + pixel));
          store_f32(output + pixel, mask, _mm512_min_ps(most, _mm512_max_ps(least, value)));
        }
      }
    }
  }
}

INLINE void transform_weights(const __m512 w[3], __m512 u[6]) {
  const __m512 sixth = _mm512_set1_ps(1.0f / 6);
  const __m512 s = _mm512_mul_ps(_mm512_add_ps(w[0], w[2]), _mm512_set1_ps(-1.0f / 6));
  const __m512 d = _mm512_mul_ps(w[1], _mm512_set1_ps(-1.0f / 6));
  const __m512 t = _mm512_fmadd_ps(
      w[0], _mm512_set1_ps(1.0f / 24), _mm512_mul_ps(w[2], sixth));
  const __m512 e = _mm512_mul_ps(w[1], _mm512_set1_ps(1.0f / 12));
  u[0] = _mm512_mul_ps(w[0], _mm512_set1_ps(0.25f));
  u[1] = _mm512_add_ps(s, d);
  u[2] = _mm512_sub_ps(s, d);
  u[3] = _mm512_add_ps(t, e);
  u[4] = _mm512_sub_ps(t, e);
  u[5] = w[2];
}

void pare_winograd_weights_f32_16__avx512(
    size_t channels, size_t count, const float *weights, float *u, size_t step) {
  for (size_t panel = 0; panel < count; panel++)
    for (size_t at = 0; at < channels * 16; at += 16) {
      const float *from = weights + panel * 9 * channels * 16 + at;
      float *to = u + panel * channels * 16 + at;
      __m512 half[3][6];
      UNROLL for (int x = 0; x < 3; x++) {
        __m512 w[3];
        UNROLL for (int y = 0; y < 3; y++)
          w[y] = _mm512_loadu_ps(from + (3 * y + x) * channels * 16);
        transform_weights(w, half[x]);
      }
      UNROLL for (int y = 0; y < 6; y++) {
        const __m512 w[3] = {half[0][y], half[1][y], half[2][y]};
        __m512 t[6];
        transform_weights(w, t);
        UNROLL for (int x = 0; x < 6; x++) _mm512_storeu_ps(to + (6 * y + x) * step, t[x]);
      }
    }
}

#pragma clang attribute pop
#endif
