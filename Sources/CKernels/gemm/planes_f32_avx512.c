#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// Floats of a copied piece of a row: 12 windows of stride 2 at most.
enum { PIECE = 48, MOST_ROWS = pare_planes_channels * pare_planes_kernel };

/// What the tiles of a row of outputs share.
struct row {
  const struct pare_planes *planes;
  size_t b_stride, columns;
  __m512 min, max;
};

/// The products of one element of m windows by v panels.
INLINE void step(
    const size_t stride, const size_t m, const size_t v, __m512 sums[], const float *x,
    const float *b, size_t b_stride) {
  __m512 columns[4];
  UNROLL for (size_t j = 0; j < v; j++) columns[j] = _mm512_loadu_ps(b + j * b_stride);
  __asm__("" : "+r"(x));  // or the compiler keeps what the next tap reads too, in memory
  UNROLL for (size_t i = 0; i < m; i++) {
    const __m512 value = _mm512_set1_ps(x[i * stride]);
    UNROLL for (size_t j = 0; j < v; j++) sums[i * v + j] =
        _mm512_fmadd_ps(value, columns[j], sums[i * v + j]);
  }
}

/// `count` tiles, side by side, of m pixels by v panels of which the last has `last` columns: window i
/// begins at element `at` + i * stride of each of `rows`.
INLINE void tiles(
    const size_t stride, const size_t m, const size_t v, size_t count, __mmask16 last,
    const struct row *r, const float *const *rows, ptrdiff_t at, const float *b, const float *bias,
    float *c) {
  const size_t height = r->planes->kernel_height, width = r->planes->kernel_width;
  const size_t channels = r->planes->channels, b_stride = r->b_stride, step_c = r->columns;
  const __m512 min = r->min, max = r->max;
  for (; count; count--, at += m * stride) {
    const float *const *x = rows;
    const float *w = b;
    __m512 sums[24];
    UNROLL for (size_t j = 0; j < v; j++) {
      const __m512 value = _mm512_loadu_ps(bias + 16 * j);
      UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = value;
    }
    if (channels == 3 && width == 3) {
      for (size_t ky = 0; ky < height; ky++, x += 3, w += 144) {
        UNROLL for (size_t tap = 0; tap < 9; tap++) step(
            stride, m, v, sums, x[tap % 3] + at + tap / 3, w + 16 * tap, b_stride);
      }
    } else {
      for (size_t ky = 0; ky < height; ky++, x += channels) {
        for (size_t kx = 0; kx < width; kx++) {
          for (size_t channel = 0; channel < channels; channel++, w += 16)
            step(stride, m, v, sums, x[channel] + at + kx, w, b_stride);
        }
      }
    }
    UNROLL for (size_t i = 0; i < m; i++, c += step_c) {
      UNROLL for (size_t j = 0; j < v; j++) {
        const __m512 y = _mm512_min_ps(max, _mm512_max_ps(min, sums[i * v + j]));
        if (j + 1 < v)
          _mm512_storeu_ps(c + 16 * j, y);
        else
          store_f32(c + 16 * j, last, y);
      }
    }
  }
}

typedef void tiles_function(
    size_t count, __mmask16 last, const struct row *r, const float *const *rows, ptrdiff_t at,
    const float *b, const float *bias, float *c);

#define TILE(S, M, V)                                                                    \
  static void tiles_##S##_##M##x##V(                                                     \
      size_t count, __mmask16 last, const struct row *r, const float *const *rows,       \
      ptrdiff_t at, const float *b, const float *bias, float *c) {                       \
    tiles(S, M, V, count, last, r, rows, at, b, bias, c);                                \
  }
#define TILES(S)                                                                            \
  TILE(S, 12, 1) TILE(S, 4, 1) TILE(S, 1, 1) TILE(S, 12, 2) TILE(S, 4, 2) TILE(S, 1, 2)     \
  TILE(S, 8, 3) TILE(S, 4, 3) TILE(S, 1, 3) TILE(S, 6, 4) TILE(S, 4, 4) TILE(S, 1, 4)
TILES(1) TILES(2)
#undef TILES
#undef TILE

static const size_t widths[4][3] = {{12, 4, 1}, {12, 4, 1}, {8, 4, 1}, {6, 4, 1}};

#define FUNCTIONS(S)                                          \
  {{tiles_##S##_12x1, tiles_##S##_4x1, tiles_##S##_1x1},      \
   {tiles_##S##_12x2, tiles_##S##_4x2, tiles_##S##_1x2},      \
   {tiles_##S##_8x3, tiles_##S##_4x3, tiles_##S##_1x3},       \
   {tiles_##S##_6x4, tiles_##S##_4x4, tiles_##S##_1x4}}
static tiles_function *const functions[2][4][3] = {FUNCTIONS(1), FUNCTIONS(2)};
#undef FUNCTIONS

/// Copies `count` floats from element `at` of a row of `width` on, zeros where there are none.
INLINE void copy(float *to, const float *row, ptrdiff_t at, size_t count, size_t width) {
  for (size_t i = 0; i < count; i += 16) {
    const ptrdiff_t first = at + (ptrdiff_t)i;
    const ptrdiff_t before = first < 0 ? -first : 0;
    const ptrdiff_t left = (ptrdiff_t)width - first;
    const __mmask16 mask = before >= 16 || left <= 0
        ? 0 : (__mmask16)(mask16((size_t)left) & ~mask16((size_t)before));
    const float *from = (const float *)((uintptr_t)row + (uintptr_t)first * 4);
    _mm512_storeu_ps(to + i, _mm512_maskz_loadu_ps(mask, from));
  }
}

/// `wide` panels of a row of outputs, n channels.
INLINE void panels_of_row(
    const struct row *r, const float *const *rows, size_t wide, const float *b, const float *bias,
    size_t n, float *c) {
  const struct pare_planes *p = r->planes;
  const size_t row_count = p->kernel_height * p->channels;
  const __mmask16 last = mask16(n - 16 * (wide - 1));
  float pieces[MOST_ROWS * PIECE];
  const float *copies[MOST_ROWS];
  for (size_t x = 0, size = 0; x < p->output_width;) {
    while (widths[wide - 1][size] > p->output_width - x) size++;
    const size_t m = widths[wide - 1][size];
    tiles_function *function = functions[p->stride - 1][wide - 1][size];
    const ptrdiff_t at = (ptrdiff_t)(x * p->stride) - (ptrdiff_t)p->pad_left;
    const ptrdiff_t end = at + (ptrdiff_t)((m - 1) * p->stride + p->kernel_width);
    const ptrdiff_t width = (ptrdiff_t)p->input_width;
    size_t count = 1;
    if (at >= 0 && end <= width) {
      // As many as there are, of outputs and of windows inside the row.
      const size_t outputs = (p->output_width - x) / m;
      const size_t windows = 1 + (size_t)(width - end) / (m * p->stride);
      count = outputs < windows ? outputs : windows;
      function(count, last, r, rows, at, b, bias, c);
    } else {
      for (size_t i = 0; i < row_count; i++) {
        copies[i] = pieces + i * PIECE;
        copy(pieces + i * PIECE, rows[i], at, (size_t)(end - at), p->input_width);
      }
      function(1, last, r, copies, 0, b, bias, c);
    }
    c += count * m * r->columns;
    x += count * m;
  }
}

void pare_planes_f32_12x32__avx512(
    const struct pare_planes *planes, const float *const *rows, size_t n, const float *b,
    size_t b_stride, const float *bias, float *c, float min, float max) {
  const struct row r = {planes, b_stride, n, _mm512_set1_ps(min), _mm512_set1_ps(max)};
  for (size_t done = 0; done < n;) {
    const size_t panels = (n - done + 15) / 16;
    // Five panels are three and two: a single one is bound by loads.
    const size_t wide = panels == 5 ? 3 : panels < 4 ? panels : 4;
    const size_t count = n - done < 16 * wide ? n - done : 16 * wide;
    panels_of_row(&r, rows, wide, b, bias + done, count, c + done);
    b += wide * b_stride;
    done += count;
  }
}

#pragma clang attribute pop
#endif
