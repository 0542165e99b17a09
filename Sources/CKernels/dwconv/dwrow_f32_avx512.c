#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "../masks_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

struct block {
  struct pare_depthwise_row row;
  const float *w, *residual;
  float *c;
  size_t k;
  __mmask16 mask;
  __m512 bias, min, max;
};

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride].
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const struct block *b,
    const float *const rows[], const size_t steps[], ptrdiff_t at, const __m512 w[],
    __m512 sums[]) {
  if (at < 0 || (size_t)at >= b->row.input_width) return;
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    const __m512 value = _mm512_maskz_loadu_ps(b->mask, rows[ky] + (size_t)at * steps[ky]);
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = ky * kernel + kx;
      const __m512 weight = kernel == 3 ? w[tap] : _mm512_loadu_ps(b->w + 16 * tap);
      sums[kx / stride] = _mm512_fmadd_ps(weight, value, sums[kx / stride]);
    }
  }
}

INLINE void store(const struct block *b, size_t pixel, __m512 y) {
  const size_t at = pixel * b->row.channels + b->k;
  if (b->residual) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(b->mask, b->residual + at));
  store_f32(b->c + at, b->mask, _mm512_min_ps(b->max, _mm512_max_ps(b->min, y)));
}

/// 16 channels of one row: columns of the input go by, and sums[j] is the pixel j before the newest.
INLINE void channels(const size_t kernel, const size_t stride, const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->row.output_width;
  const ptrdiff_t pad = (ptrdiff_t)b->row.pad_left;
  const __m512 bias = b->bias;
  __m512 w[9], sums[8];
  const float *rows[7];
  size_t steps[7];
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    rows[ky] = (const float *)b->row.rows[ky] + b->k;
    steps[ky] = b->row.steps[ky];
  }
  const ptrdiff_t next = (ptrdiff_t)(b->row.input_width * steps[kernel - 1]);
  if (kernel == 3) UNROLL for (size_t t = 0; t < 9; t++) w[t] = _mm512_loadu_ps(b->w + 16 * t);
  UNROLL for (size_t j = 0; j <= last; j++) sums[j] = bias;
  for (size_t p = 0; p < width + last; p++) {
    column(kernel, stride, 0, b, rows, steps, (ptrdiff_t)(stride * p) - pad, w, sums);
    if (p >= last) store(b, p - last, sums[last]);
    if (stride == 2) column(kernel, stride, 1, b, rows, steps, (ptrdiff_t)(2 * p + 1) - pad, w, sums);
    // Written out, since the compiler makes a call of the loop.
    if (last > 5) sums[6] = sums[5];
    if (last > 4) sums[5] = sums[4];
    if (last > 3) sums[4] = sums[3];
    if (last > 2) sums[3] = sums[2];
    if (last > 1) sums[2] = sums[1];
    if (last > 0) sums[1] = sums[0];
    sums[0] = bias;
    // The input row that the next row of outputs adds; at stride 2 it did not pay.
    if (stride == 1)
      _mm_prefetch((const char *)(rows[kernel - 1] + p * steps[kernel - 1] + next), _MM_HINT_T0);
  }
}

void pare_dwrow_f32_1x16__avx512(
    const struct pare_depthwise_row *row, const float *w, const float *bias, const float *residual,
    float *c, float min, float max) {
  struct block b = {*row, w, residual, c, 0, 0, _mm512_setzero_ps(), _mm512_set1_ps(min),
                    _mm512_set1_ps(max)};
  for (; b.k < row->channels; b.k += 16, b.w += 16 * row->kernel * row->kernel) {
    b.mask = mask16(row->channels - b.k);
    b.bias = _mm512_loadu_ps(bias + b.k);
    switch (row->kernel * 2 + row->stride) {
      case 7: channels(3, 1, &b); break;
      case 8: channels(3, 2, &b); break;
      case 11: channels(5, 1, &b); break;
      case 12: channels(5, 2, &b); break;
      case 15: channels(7, 1, &b); break;
      case 16: channels(7, 2, &b); break;
      default: return;
    }
  }
}

#pragma clang attribute pop
#endif
