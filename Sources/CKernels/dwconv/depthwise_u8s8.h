// Depthwise convolution on bytes for processors without 512-bit vectors: `half` channels at a time.
// Included after block32_avx2.h or block16_neon.h, by one file for each instruction set, which defines:
//   NAME_CONV, NAME_ROW   the functions
//   THREE                 vectors of sums at a time for 3x3 kernels: 4, or 2 where registers are few
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE void store(
    const lanes sums[], const size_t j, const size_t n, const int32_t *q, void *c, size_t at,
    size_t left, const struct byte_range *range, const struct pare_qoutput *o) {
  if (o->kind == 1)
    store_floats(sums, j, n, q, (float *)c + at, left, o);
  else
    store_bytes(sums, j, n, q, (uint8_t *)c + at, left, range, o);
}

void NAME_CONV(
    size_t m, size_t channels, size_t taps, const uint8_t *const *a, const int8_t *w,
    const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  const size_t groups = (taps + 3) / 4;
  const struct byte_range range = byte_range_of(output);
  for (size_t k = 0; k < channels; k += half) {
    const size_t part = k % 64;
    const int32_t *constants = q + k / 64 * 192 + part / 4;
    const int8_t *weights = w + k / 64 * groups * 256 + part;
    for (size_t i = 0; i < m; i++) {
      lanes sums[4];
      UNROLL for (size_t j = 0; j < 4; j++) sums[j] = lanes_at(constants + 48 * j);
      for (size_t t = 0; t < taps; t += 4) {
        // The last group repeats its last tap, under zero weights.
        const size_t last = taps - 1 - t;
        const uint8_t *const *rows = a + t * m + i;
        struct quad x[4];
        interleave(
            x, 0, 4, bytes_at(rows[0] + k), bytes_at(rows[(last < 1 ? last : 1) * m] + k),
            bytes_at(rows[(last < 2 ? last : 2) * m] + k),
            bytes_at(rows[(last < 3 ? last : 3) * m] + k));
        UNROLL for (size_t j = 0; j < 4; j++) sums[j] =
            products(sums[j], &x[j], weights + t * 64 + 64 * j);
      }
      store(sums, 0, 4, constants, c, i * ldc + k, channels - k, &range, output);
    }
  }
}

/// The rows of a window, at the first channel of the half.
struct window {
  const uint8_t *rows[7], *zero;
};

struct block {
  struct pare_depthwise_rows rows;
  size_t row;
  const int8_t *w;
  const int32_t *q;
  void *c;
  const struct pare_qoutput *output;
  size_t k;
  struct byte_range range;
};

INLINE bytes pixel(const struct block *b, const struct window *r, ptrdiff_t at, size_t ky) {
  const int inside = at >= 0 && (size_t)at < b->rows.input_width;
  return bytes_at(inside ? r->rows[ky] + (size_t)at * b->rows.channels : r->zero);
}

/// Adds column `at` of the input to the pixels it takes part in: tap kx to sums[kx / stride]. Four
/// rows of the window at a time; a row past the last repeats it, under zero weights.
INLINE void column(
    const size_t kernel, const size_t stride, const size_t first, const size_t j, const size_t n,
    const struct block *b, const struct window *r, ptrdiff_t at, lanes sums[][4]) {
  UNROLL for (size_t ky = 0; ky < kernel; ky += 4) {
    const size_t left = kernel - 1 - ky;
    const bytes x0 = pixel(b, r, at, ky);
    const bytes x1 = left < 1 ? x0 : pixel(b, r, at, ky + 1);
    const bytes x2 = left < 2 ? x1 : pixel(b, r, at, ky + 2);
    struct quad x[4];
    interleave(x, j, n, x0, x1, x2, left < 3 ? x2 : pixel(b, r, at, ky + 3));
    UNROLL for (size_t kx = first; kx < kernel; kx += stride) {
      const int8_t *w = b->w + (ky / 4 * kernel + kx) * 256 + 64 * j;
      UNROLL for (size_t v = 0; v < n; v++) sums[kx / stride][v] =
          products(sums[kx / stride][v], &x[v], w + 64 * v);
    }
  }
}

/// Vectors j ... j + n of the sums of one row: columns of the input go by, and sums[p] is the pixel p
/// before the newest.
INLINE void vectors(
    const size_t kernel, const size_t stride, const size_t j, const size_t n,
    const struct block *b) {
  const size_t last = (kernel - 1) / stride, width = b->rows.output_width;
  const ptrdiff_t pad = (ptrdiff_t)b->rows.pad_left;
  const void *const *rows = b->rows.rows + b->row * b->rows.row_stride;
  struct window r;
  r.zero = (const uint8_t *)b->rows.zero + b->k;
  UNROLL for (size_t ky = 0; ky < kernel; ky++) r.rows[ky] = (const uint8_t *)rows[ky] + b->k;
  lanes sums[8][4];
  UNROLL for (size_t p = 0; p <= last; p++) {
    UNROLL for (size_t v = 0; v < n; v++) sums[p][v] = lanes_at(b->q + 48 * (j + v));
  }
  for (size_t p = 0; p < width + last; p++) {
    column(kernel, stride, 0, j, n, b, &r, (ptrdiff_t)(stride * p) - pad, sums);
    if (p >= last)
      store(
          sums[last], j, n, b->q, b->c, (b->row * width + p - last) * b->rows.channels + b->k,
          b->rows.channels - b->k, &b->range, b->output);
    if (stride == 2) column(kernel, stride, 1, j, n, b, &r, (ptrdiff_t)(2 * p + 1) - pad, sums);
    UNROLL for (size_t v = 0; v < n; v++) {
      // Written out, since the compiler makes a call of the loop.
      if (last > 5) sums[6][v] = sums[5][v];
      if (last > 4) sums[5][v] = sums[4][v];
      if (last > 3) sums[4][v] = sums[3][v];
      if (last > 2) sums[3][v] = sums[2][v];
      if (last > 1) sums[2][v] = sums[1][v];
      if (last > 0) sums[1][v] = sums[0][v];
      sums[0][v] = lanes_at(b->q + 48 * (j + v));
    }
  }
}

/// All four vectors; for the larger kernels two at a time, since the sums of four are too many.
static __attribute__((noinline)) void channels_3(const struct block *b) {
  for (size_t j = 0; j < 4; j += THREE) {
    if (b->rows.stride == 1) {
      if (j == 0) vectors(3, 1, 0, THREE, b); else vectors(3, 1, 2, 2, b);
    } else {
      if (j == 0) vectors(3, 2, 0, THREE, b); else vectors(3, 2, 2, 2, b);
    }
  }
}

#define HALVES(kernel, stride)                                                         \
  static __attribute__((noinline)) void channels_##kernel##x##stride(const struct block *b) { \
    vectors(kernel, stride, 0, 2, b);                                                  \
    vectors(kernel, stride, 2, 2, b);                                                  \
  }
HALVES(5, 1) HALVES(5, 2) HALVES(7, 1) HALVES(7, 2)
#undef HALVES

void NAME_ROW(
    const struct pare_depthwise_rows *rows, const int8_t *w, const int32_t *q, void *c,
    const struct pare_qoutput *output) {
  const size_t groups = (rows->kernel + 3) / 4 * rows->kernel;
  struct block b;
  b.rows = *rows;
  b.c = c;
  b.output = output;
  b.range = byte_range_of(output);
  for (b.k = 0; b.k < rows->channels; b.k += half) {
    b.w = w + b.k / 64 * groups * 256 + b.k % 64;
    b.q = q + b.k / 64 * 192 + b.k % 64 / 4;
    for (b.row = 0; b.row < rows->count; b.row++) {
      switch (rows->kernel * 2 + rows->stride) {
        case 7:
        case 8: channels_3(&b); break;
        case 11: channels_5x1(&b); break;
        case 12: channels_5x2(&b); break;
        case 15: channels_7x1(&b); break;
        case 16: channels_7x2(&b); break;
        default: return;
      }
    }
  }
}
