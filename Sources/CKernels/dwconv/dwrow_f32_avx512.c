#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

struct block {
  const struct pare_depthwise_row *row;
  const float *w, *residual;
  float *c;
  size_t k;
  __mmask16 mask;
  __m512 bias, min, max;
};

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride].
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const struct block *b,
    ptrdiff_t at, const __m512 w[], __m512 sums[]) {
  if (at < 0 || (size_t)at >= b->row->input_width) return;
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    const float *x = (const float *)b->row->rows[ky] + (size_t)at * b->row->steps[ky] + b->k;
    const __m512 value = _mm512_maskz_loadu_ps(b->mask, x);
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = ky * kernel + kx;
      const __m512 weight = kernel == 3 ? w[tap] : _mm512_loadu_ps(b->w + 16 * tap);
      sums[kx / stride] = _mm512_fmadd_ps(weight, value, sums[kx / stride]);
    }
  }
}

INLINE void store(const struct block *b, size_t pixel, __m512 y) {
  const size_t at = pixel * b->row->channels + b->k;
  if (b->residual) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(b->mask, b->residual + at));
  _mm512_mask_storeu_ps(b->c + at, b->mask, _mm512_min_ps(b->max, _mm512_max_ps(b->min, y)));
}

/// 16 channels of one row: columns of the input go by, and sums[j] is the pixel j before the newest.
INLINE void channels(const size_t kernel, const size_t stride, const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->row->output_width;
  const ptrdiff_t pad = (ptrdiff_t)b->row->pad_left;
  __m512 w[9], sums[8];
  if (kernel == 3) UNROLL for (size_t t = 0; t < 9; t++) w[t] = _mm512_loadu_ps(b->w + 16 * t);
  UNROLL for (size_t j = 0; j <= last; j++) sums[j] = b->bias;
  for (size_t p = 0; p < width + last; p++) {
    column(kernel, stride, 0, b, (ptrdiff_t)(stride * p) - pad, w, sums);
    if (p >= last) store(b, p - last, sums[last]);
    if (stride == 2) column(kernel, stride, 1, b, (ptrdiff_t)(2 * p + 1) - pad, w, sums);
    UNROLL for (size_t j = last; j > 0; j--) sums[j] = sums[j - 1];
    sums[0] = b->bias;
  }
}

void pare_dwrow_f32_1x16__avx512(
    const struct pare_depthwise_row *row, const float *w, const float *bias, const float *residual,
    float *c, float min, float max) {
  struct block b = {row, w, residual, c, 0, 0, _mm512_setzero_ps(), _mm512_set1_ps(min),
                    _mm512_set1_ps(max)};
  for (; b.k < row->channels; b.k += 16, b.w += 16 * row->kernel * row->kernel) {
    const size_t left = row->channels - b.k;
    b.mask = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
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
