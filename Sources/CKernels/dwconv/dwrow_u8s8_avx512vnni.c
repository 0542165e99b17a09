#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "block64_avx512.h"

#define UNROLL _Pragma("clang loop unroll(full)")

#include "dwrow3_u8_avx512.h"

/// 64 channels of one row of outputs, whatever is written.
struct block {
  const struct pare_depthwise_rows *rows;
  const uint8_t *input[7], *zero;
  const int8_t *w;
  const int32_t *q;
  void *c;
  const struct pare_qoutput *output;
  __mmask64 mask;
  struct constants constants;
};

INLINE __m512i pixel(const struct block *b, size_t at, size_t ky) {
  const int inside = at < b->rows->input_width;
  return _mm512_loadu_si512(inside ? b->input[ky] + at * b->rows->channels : b->zero);
}

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride]. Four
/// rows of the window at a time; a row past the last repeats it, under zero weights.
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const struct block *b, size_t at,
    const __m512i w[], __m512i sums[][4]) {
  UNROLL for (size_t ky = 0; ky < kernel; ky += 4) {
    const size_t left = kernel - 1 - ky;
    __m512i x[4];
    const __m512i x0 = pixel(b, at, ky);
    const __m512i x1 = left < 1 ? x0 : pixel(b, at, ky + 1);
    const __m512i x2 = left < 2 ? x1 : pixel(b, at, ky + 2);
    interleave(x, x0, x1, x2, left < 3 ? x2 : pixel(b, at, ky + 3));
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const size_t tap = (ky / 4 * kernel + kx) * 4;
      UNROLL for (size_t j = 0; j < 4; j++) {
        const __m512i weight = kernel == 3 ? w[tap + j] : _mm512_loadu_si512(b->w + 64 * (tap + j));
        sums[kx / stride][j] = _mm512_dpbusd_epi32(sums[kx / stride][j], x[j], weight);
      }
    }
  }
}

/// Columns of the input go by, and sums[j] is the pixel j before the newest.
INLINE void channels(const size_t kernel, const size_t stride, const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->rows->output_width;
  __m512i w[12], sums[8][4];
  if (kernel == 3) UNROLL for (size_t t = 0; t < 12; t++) w[t] = _mm512_loadu_si512(b->w + 64 * t);
  UNROLL for (size_t j = 0; j <= last; j++) {
    UNROLL for (size_t v = 0; v < 4; v++) sums[j][v] = _mm512_loadu_si512(b->q + 48 * v);
  }
  // Columns in the padding lie at what is no index.
  size_t at = 0 - b->rows->pad_left, out = 0;
  for (size_t p = 0; p < width + last; p++, at += stride) {
    column(kernel, stride, 0, b, at, w, sums);
    if (p >= last) {
      store_outputs(sums[last], &b->constants, b->q, b->c, out, b->mask, b->output);
      out += b->rows->channels;
    }
    if (stride == 2) column(kernel, stride, 1, b, at + 1, w, sums);
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

void pare_dwrow_u8s8_2x64__avx512vnni(
    const struct pare_depthwise_rows *rows, const int8_t *w, const int32_t *q, void *c,
    const struct pare_qoutput *output) {
  const size_t kernel = rows->kernel, row_elements = rows->output_width * rows->channels;
  if (kernel == 3 && output->kind != 1 && !output->residual)
    return rows_3x3(rows, w, q, c, output);
  struct block b;
  b.rows = rows;
  b.output = output;
  for (size_t k = 0; k < rows->channels; k += 64, q += 192, w += 256 * ((kernel + 3) / 4 * kernel)) {
    b.mask = mask64(rows->channels - k);
    b.zero = (const uint8_t *)rows->zero + k;
    b.w = w;
    b.q = q;
    constants_of(&b.constants, q, output);
    for (size_t i = 0; i < rows->count; i++) {
      const size_t at = i * row_elements + k;
      b.c = output->kind == 1 ? (void *)((float *)c + at) : (void *)((uint8_t *)c + at);
      for (size_t r = 0; r < kernel; r++)
        b.input[r] = (const uint8_t *)rows->rows[i * rows->row_stride + r] + k;
      switch (kernel * 2 + rows->stride) {
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

#pragma clang attribute pop
#endif
