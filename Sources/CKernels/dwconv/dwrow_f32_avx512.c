#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/// 16 channels of one to four rows of outputs. What is `const` below is so after inlining too.
struct block {
  const struct pare_depthwise_rows *rows;
  const float *w, *residual;
  float *c;
  __mmask16 mask;
  __m512 bias, min, max;
  const float *input[9];
};

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[row][kx / stride].
INLINE void column(
    const size_t kernel, const size_t stride, const size_t count, const size_t first,
    const struct block *b, size_t at, const __m512 w[], __m512 sums[][8]) {
  const size_t offset = at * b->rows->channels;
  __m512 x[9];
  UNROLL for (size_t r = 0; r < kernel + (count - 1) * stride; r++) x[r] =
      _mm512_loadu_ps(b->input[r] + offset);
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = ky * kernel + kx;
      const __m512 weight = kernel == 3 ? w[tap] : _mm512_loadu_ps(b->w + 16 * tap);
      UNROLL for (size_t i = 0; i < count; i++) sums[i][kx / stride] =
          _mm512_fmadd_ps(weight, x[ky + i * stride], sums[i][kx / stride]);
    }
  }
}

INLINE void store(const int whole, const struct block *b, size_t at, __m512 y) {
  if (b->residual) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(b->mask, b->residual + at));
  y = _mm512_min_ps(b->max, _mm512_max_ps(b->min, y));
  if (whole)
    _mm512_storeu_ps(b->c + at, y);
  else
    _mm512_mask_storeu_ps(b->c + at, b->mask, y);
}

/// Columns of the input go by, and sums[row][j] is the pixel j before the newest.
INLINE void channels(
    const int whole, const size_t kernel, const size_t stride, const size_t count,
    const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->rows->output_width;
  const size_t input_width = b->rows->input_width, step = b->rows->channels;
  __m512 w[9], sums[4][8];
  if (kernel == 3) UNROLL for (size_t t = 0; t < 9; t++) w[t] = _mm512_loadu_ps(b->w + 16 * t);
  UNROLL for (size_t i = 0; i < count; i++) {
    UNROLL for (size_t j = 0; j <= last; j++) sums[i][j] = b->bias;
  }
  // Columns in the padding lie at what is no index.
  size_t at = 0 - b->rows->pad_left, out = 0;
  for (size_t p = 0; p < width + last; p++, at += stride) {
    if (at < input_width) column(kernel, stride, count, 0, b, at, w, sums);
    if (p >= last) {
      UNROLL for (size_t i = 0; i < count; i++) store(
          whole, b, out + i * width * step, sums[i][last]);
      out += step;
    }
    if (stride == 2 && at + 1 < input_width)
      column(kernel, stride, count, 1, b, at + 1, w, sums);
    UNROLL for (size_t i = 0; i < count; i++) {
      // Written out, since the compiler makes a call of the loop.
      if (last > 5) sums[i][6] = sums[i][5];
      if (last > 4) sums[i][5] = sums[i][4];
      if (last > 3) sums[i][4] = sums[i][3];
      if (last > 2) sums[i][3] = sums[i][2];
      if (last > 1) sums[i][2] = sums[i][1];
      if (last > 0) sums[i][1] = sums[i][0];
      sums[i][0] = b->bias;
    }
  }
}

typedef void block_function(const struct block *b);
#define BLOCK(K, S, N)                                  \
  static void block_##K##_##S##_##N(const struct block *b) { \
    if (b->mask == 0xFFFF)                              \
      channels(1, K, S, N, b);                          \
    else                                                \
      channels(0, K, S, N, b);                          \
  }
BLOCK(3, 1, 1) BLOCK(3, 1, 2) BLOCK(3, 1, 3) BLOCK(3, 1, 4)
BLOCK(3, 2, 1) BLOCK(3, 2, 2) BLOCK(3, 2, 3) BLOCK(3, 2, 4)
BLOCK(5, 1, 1) BLOCK(5, 1, 2) BLOCK(5, 2, 1) BLOCK(5, 2, 2)
BLOCK(7, 1, 1) BLOCK(7, 1, 2) BLOCK(7, 2, 1) BLOCK(7, 2, 2)
#undef BLOCK

/// By kernel, column stride, and rows of outputs, which share their inputs: the more, the fewer loads
/// there are, and the more sums go on side by side. Larger kernels have no registers for four.
static block_function *const blocks[3][2][4] = {
    {{block_3_1_1, block_3_1_2, block_3_1_3, block_3_1_4},
     {block_3_2_1, block_3_2_2, block_3_2_3, block_3_2_4}},
    {{block_5_1_1, block_5_1_2}, {block_5_2_1, block_5_2_2}},
    {{block_7_1_1, block_7_1_2}, {block_7_2_1, block_7_2_2}},
};

void pare_dwrow_f32_4x16__avx512(
    const struct pare_depthwise_rows *rows, const float *w, const float *bias,
    const float *residual, float *c, float min, float max) {
  const size_t kernel = rows->kernel, stride = rows->stride, channels = rows->channels;
  const size_t most = rows->row_stride != stride ? 1 : kernel == 3 ? 4 : 2;
  struct block b;
  b.rows = rows;
  b.min = _mm512_set1_ps(min);
  b.max = _mm512_set1_ps(max);
  for (size_t k = 0; k < channels; k += 16, w += 16 * kernel * kernel) {
    b.w = w;
    b.mask = mask16(channels - k);
    b.bias = _mm512_loadu_ps(bias + k);
    for (size_t i = 0; i < rows->count;) {
      const size_t left = rows->count - i, together = left < most ? left : most;
      const size_t at = i * rows->output_width * channels + k;
      b.c = c + at;
      b.residual = residual ? residual + at : NULL;
      for (size_t r = 0; r < kernel + (together - 1) * stride; r++)
        b.input[r] = (const float *)rows->rows[i * rows->row_stride + r] + k;
      blocks[kernel / 2 - 1][stride - 1][together - 1](&b);
      i += together;
    }
  }
}

#pragma clang attribute pop
#endif
