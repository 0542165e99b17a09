// Register tiles of an indirect matrix product of bytes for NEON: rows of `a`, of which four bytes at a
// time are a lane, times panels of 16 columns. Included after the products of an instruction set.
#include "store_u8s8_neon.h"

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

/// Stores m rows of one whole panel as bytes straight from registers: the usual case.
INLINE void store_panel(const size_t m, const int32x4_t sums[], const struct arguments *g) {
  const struct byte_range range = byte_range_of(g->output);
  const float32x4x4_t factors = vld1q_f32_x4((const float *)(g->q + 16));
  uint8_t *c = g->c;
  UNROLL for (size_t i = 0; i < m; i++) {
    float32x4_t y[4];
    UNROLL for (size_t j = 0; j < 4; j++) y[j] = scaled(sums[4 * i + j], factors.val[j]);
    vst1q_u8(c + i * g->ldc, bytes_of(y, &range));
  }
}

/// One step of m rows times v vectors of columns, from lane `lane` of the rows.
#define STEP(lane)                                                                \
  UNROLL for (size_t j = 0; j < v; j++) {                                         \
    const int8x16_t columns = vld1q_s8(b + j / 4 * g->b_stride + j % 4 * 16);     \
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] =                       \
        PRODUCTS_BY_LANE(sums[i * v + j], columns, x[i], lane);                   \
  }                                                                               \
  b += 64

/// m rows by v vectors of 4 columns in registers; m and v are constants after inlining.
INLINE void tile(const size_t m, const size_t v, const struct arguments *g) {
  const uint8_t *const *a = g->a;
  const int8_t *b = g->b;
  int32x4_t sums[24];
  UNROLL for (size_t j = 0; j < v; j++) {
    const int32x4_t start = vld1q_s32(g->q + j / 4 * 48 + j % 4 * 4);
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = start;
  }
  for (size_t t = 0; t < g->taps; t++, a += m) {
    activations x[6];
    size_t k = 0;
    for (; k + 4 <= g->quads; k += 4) {
      UNROLL for (size_t i = 0; i < m; i++) x[i] = activations_of(vld1q_u8(a[i] + 4 * k));
      STEP(0);
      STEP(1);
      STEP(2);
      STEP(3);
    }
    for (; k < g->quads; k++) {
      UNROLL for (size_t i = 0; i < m; i++) {
        uint32_t word;
        memcpy(&word, a[i] + 4 * k, 4);
        x[i] = activations_of(vreinterpretq_u8_u32(vdupq_n_u32(word)));
      }
      STEP(0);
    }
  }
  if (v == 4 && g->n == 16 && g->output->kind != 1 && !g->output->residual)
    return store_panel(m, sums, g);
  int32_t memory[6 * 16];
  UNROLL for (size_t p = 0; p < v / 4; p++) {
    UNROLL for (size_t i = 0; i < m; i++) {
      UNROLL for (size_t j = 0; j < 4; j++) vst1q_s32(
          memory + 16 * i + 4 * j, sums[i * v + 4 * p + j]);
    }
    store(m, g->n - 16 * p < 16 ? g->n - 16 * p : 16, memory, g, p);
  }
}

/// `most` is constant after inlining: the rows of the tile.
INLINE void rows(const size_t most, size_t m, const struct arguments *g) {
  if (m > most) return;
  switch (m) {
    case 1: return tile(1, 4, g);
    case 2: return tile(2, 4, g);
    case 3: return tile(3, 4, g);
    case 4: return tile(4, 4, g);
    case 5: return tile(5, 4, g);
    case 6: return tile(6, 4, g);
    default: return;
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
      case 1: tile(1, 4, &g); break;
      case 2: tile(1, 8, &g); break;
      case 3: tile(1, 12, &g); break;
      default: tile(1, 16, &g);
    }
    done += 16 * wide;
    g.b += wide * g.b_stride;
    g.q += wide * 48;
    g.c = (uint8_t *)g.c + 16 * wide * (g.output->kind == 1 ? 4 : 1);
  }
}
