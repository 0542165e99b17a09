#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "block64_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// The rows of a window, at the first channel of the block.
struct rows {
  const uint8_t *start[7], *zero;
  size_t steps[7];
};

struct block {
  struct pare_depthwise_row row;
  const int8_t *w;
  const int32_t *q;
  void *c;
  const struct pare_qoutput *output;
  size_t k;
  __mmask64 mask;
  struct constants constants;
};

INLINE __m512i pixel(const struct block *b, const struct rows *r, ptrdiff_t at, size_t ky) {
  const int inside = at >= 0 && (size_t)at < b->row.input_width;
  const uint8_t *x = inside ? r->start[ky] + (size_t)at * r->steps[ky] : r->zero;
  return _mm512_maskz_loadu_epi8(b->mask, x);
}

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride]. Four
/// rows of the window at a time; a row past the last repeats it, under zero weights.
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const struct block *b,
    const struct rows *r, ptrdiff_t at, const __m512i w[], __m512i sums[][4]) {
  UNROLL for (size_t ky = 0; ky < kernel; ky += 4) {
    const size_t left = kernel - 1 - ky;
    __m512i x[4];
    const __m512i x0 = pixel(b, r, at, ky);
    const __m512i x1 = left < 1 ? x0 : pixel(b, r, at, ky + 1);
    const __m512i x2 = left < 2 ? x1 : pixel(b, r, at, ky + 2);
    interleave(x, x0, x1, x2, left < 3 ? x2 : pixel(b, r, at, ky + 3));
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = (ky / 4 * kernel + kx) * 4;
      UNROLL for (size_t j = 0; j < 4; j++) {
        const __m512i weight = kernel == 3 ? w[tap + j] : _mm512_loadu_si512(b->w + 64 * (tap + j));
        sums[kx / stride][j] = _mm512_dpbusd_epi32(sums[kx / stride][j], x[j], weight);
      }
    }
  }
}

/// 64 channels of one row: columns of the input go by, and sums[j] is the pixel j before the newest.
INLINE void channels(const size_t kernel, const size_t stride, const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->row.output_width;
  const ptrdiff_t pad = (ptrdiff_t)b->row.pad_left;
  struct rows r;
  r.zero = (const uint8_t *)b->row.zero + b->k;
  UNROLL for (size_t ky = 0; ky < kernel; ky++) {
    r.start[ky] = (const uint8_t *)b->row.rows[ky] + b->k;
    r.steps[ky] = b->row.steps[ky];
  }
  __m512i w[12], sums[8][4];
  if (kernel == 3) UNROLL for (size_t t = 0; t < 12; t++) w[t] = _mm512_loadu_si512(b->w + 64 * t);
  UNROLL for (size_t j = 0; j <= last; j++) {
    UNROLL for (size_t v = 0; v < 4; v++) sums[j][v] = _mm512_loadu_si512(b->q + 48 * v);
  }
  for (size_t p = 0; p < width + last; p++) {
    column(kernel, stride, 0, b, &r, (ptrdiff_t)(stride * p) - pad, w, sums);
    if (p >= last)
      store_outputs(
          sums[last], &b->constants, b->q, b->c, (p - last) * b->row.channels + b->k, b->mask,
          b->output);
    if (stride == 2) column(kernel, stride, 1, b, &r, (ptrdiff_t)(2 * p + 1) - pad, w, sums);
    UNROLL for (size_t v = 0; v < 4; v++) {
      // Written out, since the compiler makes a call of the loop.
      if (last > 5) sums[6][v] = sums[5][v];
      if (last > 4) sums[5][v] = sums[4][v];
      if (last > 3) sums[4][v] = sums[3][v];
      if (last > 2) sums[3][v] = sums[2][v];
      if (last > 1) sums[2][v] = sums[1][v];
      if (last > 0) sums[1][v] = sums[0][v];
      sums[0][v] = _mm512_loadu_si512(b->q + 48 * v);
    }
  }
}

void pare_dwrow_u8s8_1x64__avx512vnni(
    const struct pare_depthwise_row *row, const int8_t *w, const int32_t *q, void *c,
    const struct pare_qoutput *output) {
  const size_t groups = (row->kernel + 3) / 4 * row->kernel;
  struct block b;
  b.row = *row;
  b.c = c;
  b.output = output;
  for (b.k = 0; b.k < row->channels; b.k += 64, q += 192, w += 256 * groups) {
    b.mask = mask64(row->channels - b.k);
    b.w = w;
    b.q = q;
    constants_of(&b.constants, q, output);
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
