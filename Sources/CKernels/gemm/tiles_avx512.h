// A register tile of an indirect matrix product for AVX-512: 32 bits of a row of `a`, broadcast,
// times panels of 16 columns. Included by one file per element type, which defines:
//   A, B       element types; STEP elements of a per 32 bits, PANEL elements of b per step
//   SUM        the vector of sums; BROADCAST(pointer), LOAD(pointer), MULTIPLY_ADD(sum, a, b)
//   UNROLL, INLINE  the pragma that unrolls a loop, and what makes a function inline
//   epilogue   a struct; start(epilogue, j): the first sums of panel j; finish(...): the stores;
//              advance(epilogue, columns): the same, columns further on
// m and v are constants after inlining, so the arrays below become registers.

/// Panels of this size are asked for ahead; shorter ones stay in the second-level cache.
enum { FAR_BYTES = 64 * 1024 };

INLINE void step(
    const size_t m, const size_t v, SUM sums[], const A *const *a, size_t k, const B *b,
    size_t b_stride) {
  SUM columns[8];
  UNROLL for (size_t j = 0; j < v; j++) columns[j] = LOAD(b + j * b_stride);
  UNROLL for (size_t i = 0; i < m; i++) {
    const SUM x = BROADCAST(a[i] + k);
    UNROLL for (size_t j = 0; j < v; j++)
      sums[i * v + j] = MULTIPLY_ADD(sums[i * v + j], x, columns[j]);
  }
}

INLINE void tile(
    const size_t m, const size_t v, size_t n, size_t taps, size_t steps, const A *const *a,
    const B *b, size_t b_stride, const struct epilogue *epilogue) {
  SUM sums[28];
  UNROLL for (size_t j = 0; j < v; j++) {
    const SUM value = start(epilogue, j);
    UNROLL for (size_t i = 0; i < m; i++) sums[i * v + j] = value;
  }
  // Long panels come from far: 32 steps ahead is time enough.
  const int far = m > 1 && taps * steps * PANEL * sizeof(B) >= FAR_BYTES;
  for (size_t t = 0; t < taps; t++, a += m) {
    size_t k = 0;
    for (; k + 4 <= steps; k += 4, b += 4 * PANEL) {
      if (far) {
        UNROLL for (size_t j = 0; j < 4 * v; j++) _mm_prefetch(
            (const char *)(b + j / 4 * b_stride + (32 + j % 4) * PANEL), _MM_HINT_T0);
      }
      step(m, v, sums, a, k * STEP, b, b_stride);
      step(m, v, sums, a, k * STEP + STEP, b + PANEL, b_stride);
      step(m, v, sums, a, k * STEP + 2 * STEP, b + 2 * PANEL, b_stride);
      step(m, v, sums, a, k * STEP + 3 * STEP, b + 3 * PANEL, b_stride);
    }
    for (; k < steps; k++, b += PANEL) step(m, v, sums, a, k * STEP, b, b_stride);
  }
  finish(m, v, n, sums, epilogue);
}

typedef void tile_function(
    size_t n, size_t taps, size_t steps, const A *const *a, const B *b, size_t b_stride,
    const struct epilogue *epilogue);

#define TILE(M, V)                                                                           \
  static void tile_##M##x##V(                                                                \
      size_t n, size_t taps, size_t steps, const A *const *a, const B *b, size_t b_stride,    \
      const struct epilogue *epilogue) {                                                     \
    tile(M, V, n, taps, steps, a, b, b_stride, epilogue);                                    \
  }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1) TILE(7, 1)
TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1) TILE(13, 1) TILE(14, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2) TILE(7, 2)
TILE(8, 2) TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2) TILE(13, 2) TILE(14, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3)
TILE(8, 3) TILE(9, 3)
TILE(1, 4) TILE(1, 8)
#undef TILE

/// Tiles by columns / 16, then by rows; those of 3 panels have at most 9 rows.
static tile_function *const tiles[3][14] = {
    {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1, tile_9x1,
     tile_10x1, tile_11x1, tile_12x1, tile_13x1, tile_14x1},
    {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2, tile_9x2,
     tile_10x2, tile_11x2, tile_12x2, tile_13x2, tile_14x2},
    {tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3, tile_8x3, tile_9x3},
};

/// The widest tiles first, for one row: the speed is that of reading b.
INLINE void one_row(
    size_t n, size_t taps, size_t steps, const A *const *a, const B *b, size_t b_stride,
    struct epilogue *epilogue) {
  for (size_t left = n, done = 0; done < n; left = n - done) {
    const size_t panels = (left + 15) / 16;
    const size_t wide = panels >= 8 ? 8 : panels >= 4 ? 4 : panels >= 3 ? 3 : panels;
    const size_t columns = left < wide * 16 ? left : wide * 16;
    tile_function *function =
        wide == 8 ? tile_1x8 : wide == 4 ? tile_1x4 : tiles[wide - 1][0];
    function(columns, taps, steps, a, b, b_stride, epilogue);
    advance(epilogue, columns);
    b += wide * b_stride;
    done += columns;
  }
}
