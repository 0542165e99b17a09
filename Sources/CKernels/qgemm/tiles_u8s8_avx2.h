// Register tiles of an indirect matrix product of bytes for 256-bit vectors: rows of `a`, four bytes
// broadcast, times panels of 16 columns. Included by one file for each way to multiply, which defines:
//   struct columns, columns_of(pointer)  8 columns of 4 weights, as products take them
//   struct quad, quad_of(word)           4 activations for every lane
//   sum_of_products(sum, quad, columns)  sums plus four products each
#include "store_u8s8_avx2.h"

struct arguments {
  size_t n, taps, quads;
  const uint8_t *const *a;
  const int8_t *b;
  size_t b_stride;
  const int32_t *q;
  void *c;
  size_t ldc;
  const struct pare_qoutput *output;
};

/// Stores n columns of m rows of sums, in panel j; one copy for all tiles, since it is long.
static __attribute__((noinline)) void store(
    size_t m, size_t n, const int32_t *sums, const struct arguments *g, size_t j) {
  const int32_t *q = g->q + 48 * j;
  if (g->output->kind == 1)
    store_floats(m, n, sums, q, (float *)g->c + 16 * j, g->ldc, g->output);
  else
    store_bytes(m, n, sums, q, (uint8_t *)g->c + 16 * j, g->ldc, g->output);
}

INLINE int32_t word(const uint8_t *pointer) {
  int32_t value;
  memcpy(&value, pointer, 4);
  return value;
}

/// Stores two rows of 16 sums as bytes, without a residual.
INLINE void store_two(
    const __m256i sums[], const int whole, const struct byte_range *range, __m256 f0, __m256 f1,
    uint8_t *c, size_t ldc) {
  const __m256i second0 = whole ? sums[2] : sums[0], second1 = whole ? sums[3] : sums[1];
  const __m256i mixed = bytes_of(
      rounded(scaled(sums[0], f0), range), rounded(scaled(sums[1], f1), range),
      rounded(scaled(second0, f0), range), rounded(scaled(second1, f1), range), range);
  const __m256i by_row = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i rows = _mm256_permutevar8x32_epi32(mixed, by_row);
  _mm_storeu_si128((__m128i *)c, _mm256_castsi256_si128(rows));
  if (whole) _mm_storeu_si128((__m128i *)(c + ldc), _mm256_extracti128_si256(rows, 1));
}

/// Stores m rows of one whole panel as bytes straight from registers: the usual case.
INLINE void store_panel(const size_t m, const __m256i sums[], const struct arguments *g) {
  const struct byte_range range = byte_range_of(g->output);
  const __m256 f0 = _mm256_loadu_ps((const float *)(g->q + 16));
  const __m256 f1 = _mm256_loadu_ps((const float *)(g->q + 24));
  uint8_t *c = g->c;
  UNROLL for (size_t i = 0; i + 2 <= m; i += 2)
    store_two(sums + 2 * i, 1, &range, f0, f1, c + i * g->ldc, g->ldc);
  if (m % 2) store_two(sums + 2 * (m - 1), 0, &range, f0, f1, c + (m - 1) * g->ldc, g->ldc);
}

/// m rows by v panels in registers; m and v are constants after inlining.
INLINE void tile(const size_t m, const size_t v, const struct arguments *g) {
  const uint8_t *const *a = g->a;
  const int8_t *b = g->b;
  __m256i sums[12];
  UNROLL for (size_t j = 0; j < 2 * v; j++) {
    const __m256i start = _mm256_loadu_si256((const __m256i *)(g->q + j / 2 * 48 + j % 2 * 8));
    UNROLL for (size_t i = 0; i < m; i++) sums[i * 2 * v + j] = start;
  }
  for (size_t t = 0; t < g->taps; t++, a += m)
    for (size_t k = 0; k < g->quads; k++, b += 64) {
      struct columns columns[8];
      UNROLL for (size_t j = 0; j < 2 * v; j++) columns[j] =
          columns_of(b + j / 2 * g->b_stride + j % 2 * 32);
      UNROLL for (size_t i = 0; i < m; i++) {
        const struct quad x = quad_of(word(a[i] + 4 * k));
        UNROLL for (size_t j = 0; j < 2 * v; j++) sums[i * 2 * v + j] =
            sum_of_products(sums[i * 2 * v + j], &x, &columns[j]);
      }
    }
  if (v == 1 && g->n == 16 && g->output->kind != 1 && !g->output->residual)
    return store_panel(m, sums, g);
  _Alignas(32) int32_t memory[(6 + 2) * 16];
  UNROLL for (size_t p = 0; p < v; p++) {
    UNROLL for (size_t i = 0; i < m; i++) {
      _mm256_store_si256((__m256i *)(memory + 16 * i), sums[i * 2 * v + 2 * p]);
      _mm256_store_si256((__m256i *)(memory + 16 * i + 8), sums[i * 2 * v + 2 * p + 1]);
    }
    store(m, g->n - 16 * p < 16 ? g->n - 16 * p : 16, memory, g, p);
  }
}

/// One row: as many panels at once as there are, up to four; the speed is that of reading b.
INLINE void one_row(struct arguments g) {
  const size_t n = g.n;
  for (size_t done = 0; done < n;) {
    const size_t left = n - done, panels = (left + 15) / 16;
    const size_t wide = panels < 4 ? panels : 4;
    g.n = left < 16 * wide ? left : 16 * wide;
    switch (wide) {
      case 1: tile(1, 1, &g); break;
      case 2: tile(1, 2, &g); break;
      case 3: tile(1, 3, &g); break;
      default: tile(1, 4, &g);
    }
    done += 16 * wide;
    g.b += wide * g.b_stride;
    g.q += wide * 48;
    g.c = (uint8_t *)g.c + 16 * wide * (g.output->kind == 1 ? 4 : 1);
  }
}
