// Depthwise convolution on floats, 8 channels at a time, in vectors of the compiler's. Included by one
// file for each instruction set, which defines the functions NAME_CONV and NAME_ROW. Products and sums
// are fused where the processor can.
#include "../floats8.h"

struct arguments {
  size_t channels, taps;
  const float *const *a;
  const float *w, *bias, *residual;
  float *c;
  size_t ldc;
  float min, max;
};

/// m output pixels, all channels; m is a constant after inlining.
INLINE void pixels(const size_t m, const struct arguments *g) {
  const size_t taps = g->taps;
  for (size_t k = 0; k < g->channels; k += 8) {
    const float *w = g->w + k / 16 * taps * 16 + k % 16;
    const float *const *a = g->a;
    const floats bias = floats_at(g->bias + k);
    floats sums[8];
    UNROLL for (size_t i = 0; i < m; i++) sums[i] = bias;
    for (size_t t = 0; t < taps; t++, a += m, w += 16) {
      const floats weight = floats_at(w);
      UNROLL for (size_t i = 0; i < m; i++) sums[i] += weight * floats_at(a[i] + k);
    }
    UNROLL for (size_t i = 0; i < m; i++) {
      const size_t at = i * g->ldc + k;
      floats y = sums[i];
      if (g->residual) y += floats_at(g->residual + at);
      store_some(g->c + at, g->channels - k, held(y, g->min, g->max));
    }
  }
}

void NAME_CONV(
    size_t m, size_t channels, size_t taps, const float *const *a, const float *w,
    const float *bias, const float *residual, float *c, size_t ldc, float min, float max) {
  const struct arguments g = {channels, taps, a, w, bias, residual, c, ldc, min, max};
  switch (m) {
    case 1: return pixels(1, &g);
    case 2: return pixels(2, &g);
    case 3: return pixels(3, &g);
    case 4: return pixels(4, &g);
    case 5: return pixels(5, &g);
    case 6: return pixels(6, &g);
    case 7: return pixels(7, &g);
    case 8: return pixels(8, &g);
    default: return;
  }
}

struct block {
  struct pare_depthwise_rows rows;
  size_t row;
  const float *w, *residual;
  float *c;
  size_t k;
  floats bias;
  float min, max;
};

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride].
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const struct block *b,
    const float *const rows[], ptrdiff_t at, const floats w[],
    floats sums[]) {
  if (at < 0 || (size_t)at >= b->rows.input_width) return;
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    const floats value = floats_at(rows[ky] + (size_t)at * b->rows.channels);
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = ky * kernel + kx;
      const floats weight = kernel == 3 ? w[tap] : floats_at(b->w + 16 * tap);
      sums[kx / stride] += weight * value;
    }
  }
}

INLINE void store(const struct block *b, size_t pixel, floats y) {
  const size_t at = (b->row * b->rows.output_width + pixel) * b->rows.channels + b->k;
  if (b->residual) y += floats_at(b->residual + at);
  store_some(b->c + at, b->rows.channels - b->k, held(y, b->min, b->max));
}

/// 8 channels of one row: columns of the input go by, and sums[j] is the pixel j before the newest.
INLINE void channels(const size_t kernel, const size_t stride, const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->rows.output_width;
  const ptrdiff_t pad = (ptrdiff_t)b->rows.pad_left;
  const floats bias = b->bias;
  floats w[9], sums[8];
  const float *rows[7];
  UNROLL for (size_t ky = 0; ky < kernel; ky++)
    rows[ky] = (const float *)b->rows.rows[b->row * b->rows.row_stride + ky] + b->k;
  if (kernel == 3) UNROLL for (size_t t = 0; t < 9; t++) w[t] = floats_at(b->w + 16 * t);
  UNROLL for (size_t j = 0; j <= last; j++) sums[j] = bias;
  for (size_t p = 0; p < width + last; p++) {
    column(kernel, stride, 0, b, rows, (ptrdiff_t)(stride * p) - pad, w, sums);
    if (p >= last) store(b, p - last, sums[last]);
    if (stride == 2) column(kernel, stride, 1, b, rows, (ptrdiff_t)(2 * p + 1) - pad, w, sums);
    // Written out, since the compiler makes a call of the loop.
    if (last > 5) sums[6] = sums[5];
    if (last > 4) sums[5] = sums[4];
    if (last > 3) sums[4] = sums[3];
    if (last > 2) sums[3] = sums[2];
    if (last > 1) sums[2] = sums[1];
    if (last > 0) sums[1] = sums[0];
    sums[0] = bias;
  }
}

void NAME_ROW(
    const struct pare_depthwise_rows *rows, const float *w, const float *bias,
    const float *residual, float *c, float min, float max) {
  struct block b = {*rows, 0, w, residual, c, 0, all(0), min, max};
  for (; b.k < rows->channels; b.k += 8) {
    b.w = w + b.k / 16 * 16 * rows->kernel * rows->kernel + b.k % 16;
    b.bias = floats_at(bias + b.k);
    for (b.row = 0; b.row < rows->count; b.row++) {
      switch (rows->kernel * 2 + rows->stride) {
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
}
