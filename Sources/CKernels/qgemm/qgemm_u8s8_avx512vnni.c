#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "store_u8s8_avx512.h"

#define A uint8_t
#define B int8_t
#define STEP 4
#define PANEL 64
#define SUM __m512i
#define BROADCAST(pointer) _mm512_set1_epi32(word(pointer))
#define LOAD(pointer) _mm512_loadu_si512(pointer)
#define MULTIPLY_ADD(sum, x, y) _mm512_dpbusd_epi32(sum, x, y)

/// What the sums of a tile start from, and where they are left: [panel][TILE_ROWS]; or, of a tile of one
/// panel, where they are stored at once.
struct epilogue {
  const int32_t *q;
  __m512i *memory;
  const struct tile_output *one_panel;
};

INLINE int32_t word(const uint8_t *pointer) {
  int32_t value;
  memcpy(&value, pointer, 4);
  return value;
}

INLINE __m512i start(const struct epilogue *e, size_t j) {
  return _mm512_loadu_si512(e->q + 48 * j);
}

INLINE void finish(
    const size_t m, const size_t v, size_t n, __m512i sums[], const struct epilogue *e) {
  (void)n;
  if (v == 1 && e->one_panel) {
    if (e->one_panel->output->residual)
      store_one_panel(1, m, sums, e->one_panel);
    else
      store_one_panel(0, m, sums, e->one_panel);
    return;
  }
  UNROLL for (size_t j = 0; j < v; j++) {
    UNROLL for (size_t i = 0; i < m; i++) e->memory[j * TILE_ROWS + i] = sums[i * v + j];
  }
}

INLINE void advance(struct epilogue *e, size_t columns) {
  e->q += 3 * columns;
  e->memory += columns / 16 * TILE_ROWS;
}

#include "../gemm/tiles_avx512.h"

void pare_igemm_u8s8_14x64__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  __m512i sums[TILE_PANELS * TILE_ROWS];
  if (!m) return;
  const struct tile_output to = {q, c, ldc, output};
  if (is_one_panel(n, &to)) {
    const struct epilogue e = {q, NULL, &to};
    return tiles[0][m - 1](n, taps, quads, a, b, b_stride, &e);
  }
  for (size_t j = 0; j < n; j += 32) {
    const struct epilogue e = {q + 3 * j, sums + j / 16 * TILE_ROWS, NULL};
    tiles[n - j > 16][m - 1](n - j, taps, quads, a, b + j / 16 * b_stride, b_stride, &e);
  }
  store_tile(m, n, sums, &to);
}

void pare_igemm_u8s8_1x128__avx512vnni(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output) {
  __m512i sums[2 * TILE_PANELS * TILE_ROWS];
  if (!m) return;
  struct epilogue tile = {q, sums, NULL};
  one_row(n, taps, quads, a, b, b_stride, &tile);
  const struct tile_output to = {q, c, ldc, output};
  store_tile(1, n < 64 ? n : 64, sums, &to);
  if (n > 64) {
    const size_t bytes = output->kind == 1 ? 4 : 1;
    const struct tile_output rest = {q + 3 * 64, (uint8_t *)c + 64 * bytes, ldc, output};
    store_tile(1, n - 64, sums + TILE_PANELS * TILE_ROWS, &rest);
  }
}

#pragma clang attribute pop
#endif
