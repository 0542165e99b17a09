// Kernels of training, over vectors of LANES floats, for one instruction set: KERNEL(name) is its symbol,
// TILE_ROWS and TILE_VECTORS the largest tile of outer products. Included within the attributes of a
// target.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t bits __attribute__((vector_size(LANES * 4)));

INLINE vec load(const float *from) {
  vec v;
  memcpy(&v, from, sizeof v);
  return v;
}

INLINE void store(float *to, vec v) { memcpy(to, &v, sizeof v); }

/// Stores the first n lanes, at most all.
INLINE void store_part(float *to, vec v, size_t n) {
  if (n >= LANES) {
    store(to, v);
    return;
  }
  float lanes[LANES];
  memcpy(lanes, &v, sizeof v);
  for (size_t i = 0; i < n; i++) to[i] = lanes[i];
}

/// Loads the first n lanes, at most all, and zeros.
INLINE vec load_part(const float *from, size_t n) {
  if (n >= LANES) return load(from);
  float lanes[LANES] = {0};
  for (size_t i = 0; i < n; i++) lanes[i] = from[i];
  return load(lanes);
}

INLINE vec splat(float x) { return x - (vec){0}; }

/// g where low < y < high, else 0.
INLINE vec within(vec g, vec y, vec low, vec high) {
  return (vec)((bits)g & ((y > low) & (y < high)));
}

// MARK: Outer products

INLINE void outer(
    const size_t m, const size_t v, size_t n, size_t pixels, const float *a, size_t lda,
    const float *const *b, size_t offset, float *c, size_t ldc) {
  vec sums[TILE_ROWS * TILE_VECTORS];
  UNROLL for (size_t i = 0; i < m * v; i++) sums[i] = (vec){0};
  for (size_t p = 0; p < pixels; p++, a += lda) {
    const float *row = b[p] + offset;
    vec columns[TILE_VECTORS];
    UNROLL for (size_t j = 0; j < v; j++) columns[j] = load(row + j * LANES);
    UNROLL for (size_t i = 0; i < m; i++) {
      const vec x = splat(a[i]);
      UNROLL for (size_t j = 0; j < v; j++) sums[i * v + j] += x * columns[j];
    }
  }
  UNROLL for (size_t i = 0; i < m; i++) {
    UNROLL for (size_t j = 0; j < v; j++) {
      float *to = c + i * ldc + j * LANES;
      const size_t left = n - j * LANES;
      store_part(to, load_part(to, left) + sums[i * v + j], left);
    }
  }
}

typedef void outer_function(
    size_t n, size_t pixels, const float *a, size_t lda, const float *const *b, size_t offset,
    float *c, size_t ldc);

#define OUTER(M, V)                                                                             \
  static void outer_##M##x##V(                                                                  \
      size_t n, size_t pixels, const float *a, size_t lda, const float *const *b, size_t offset, \
      float *c, size_t ldc) {                                                                   \
    outer(M, V, n, pixels, a, lda, b, offset, c, ldc);                                          \
  }
#define OUTERS(V) \
  OUTER(1, V) OUTER(2, V) OUTER(3, V) OUTER(4, V) OUTER(5, V) OUTER(6, V)
#define OUTER_ROW(V) outer_1x##V, outer_2x##V, outer_3x##V, outer_4x##V, outer_5x##V, outer_6x##V
OUTERS(1) OUTERS(2)
#if TILE_VECTORS > 2
OUTERS(3) OUTERS(4)
#endif
#if TILE_ROWS > 6
#define MORE_OUTERS(V)                                                                      \
  OUTER(7, V) OUTER(8, V) OUTER(9, V) OUTER(10, V) OUTER(11, V) OUTER(12, V) OUTER(13, V)   \
  OUTER(14, V)
#define MORE_OUTER_ROW(V)                                                                   \
  , outer_7x##V, outer_8x##V, outer_9x##V, outer_10x##V, outer_11x##V, outer_12x##V,        \
      outer_13x##V, outer_14x##V
MORE_OUTERS(1) MORE_OUTERS(2)
#else
#define MORE_OUTER_ROW(V)
#endif

static outer_function *const outers[TILE_VECTORS][TILE_ROWS] = {
    {OUTER_ROW(1) MORE_OUTER_ROW(1)},
    {OUTER_ROW(2) MORE_OUTER_ROW(2)},
#if TILE_VECTORS > 2
    {OUTER_ROW(3) MORE_OUTER_ROW(3)},
    {OUTER_ROW(4) MORE_OUTER_ROW(4)},
#endif
};

void OUTER_KERNEL(
    size_t m, size_t n, size_t pixels, const float *a, size_t lda, const float *const *b,
    size_t offset, float *c, size_t ldc) {
  if (m && n) outers[(n - 1) / LANES][m - 1](n, pixels, a, lda, b, offset, c, ldc);
}

// MARK: Depthwise

INLINE void channelwise(
    const size_t taps, size_t n, size_t pixels, const float *a, size_t lda, const float *const *b,
    size_t b_stride, size_t offset, float *c, size_t ldc) {
  vec sums[9];
  UNROLL for (size_t t = 0; t < taps; t++) sums[t] = (vec){0};
  for (size_t p = 0; p < pixels; p++, a += lda) {
    const vec g = load(a);
    UNROLL for (size_t t = 0; t < taps; t++) sums[t] += g * load(b[t * b_stride + p] + offset);
  }
  UNROLL for (size_t t = 0; t < taps; t++) {
    float *to = c + t * ldc;
    store_part(to, load_part(to, n) + sums[t], n);
  }
}

void CHANNELWISE_KERNEL(
    size_t channels, size_t taps, size_t pixels, const float *a, size_t lda,
    const float *const *b, size_t b_stride, size_t offset, float *c, size_t ldc) {
  for (size_t k = 0; k < channels; k += LANES) {
    size_t t = 0;
#define CHANNELWISE(T)                                                                         \
  channelwise(                                                                                 \
      T, channels - k, pixels, a + k, lda, b + t * b_stride, b_stride, offset + k,             \
      c + t * ldc + k, ldc)
    for (; t + 9 <= taps; t += 9) CHANNELWISE(9);
    for (; t + 3 <= taps; t += 3) CHANNELWISE(3);
    for (; t < taps; t++) CHANNELWISE(1);
  }
}

// MARK: Sums over pixels

/// Vectors that are summed side by side.
enum { SIDE = 4 };

/// Calls BODY with V vectors of channels from k on; the last may be cut short.
#define EACH_BLOCK(BODY)                                             \
  size_t k = 0;                                                      \
  for (; k + SIDE * LANES <= channels; k += SIDE * LANES) BODY(SIDE) \
  for (; k < channels; k += LANES) BODY(1)

INLINE void moments(
    const size_t v, size_t n, size_t rows, size_t channels, const float *x, const float *shift,
    float *sums, float *squares) {
  vec s[SIDE], q[SIDE], middle[SIDE];
  UNROLL for (size_t j = 0; j < v; j++) {
    s[j] = q[j] = (vec){0};
    middle[j] = load_part(shift + j * LANES, n - j * LANES);
  }
  for (size_t r = 0; r < rows; r++, x += channels)
    UNROLL for (size_t j = 0; j < v; j++) {
      const vec d = load(x + j * LANES) - middle[j];
      s[j] += d;
      q[j] += d * d;
    }
  UNROLL for (size_t j = 0; j < v; j++) {
    store_part(sums + j * LANES, s[j], n - j * LANES);
    store_part(squares + j * LANES, q[j], n - j * LANES);
  }
}

void KERNEL(pare_moments_f32)(
    size_t rows, size_t channels, const float *x, const float *shift, float *sums,
    float *squares) {
#define MOMENTS(V) moments(V, channels - k, rows, channels, x + k, shift + k, sums + k, squares + k);
  EACH_BLOCK(MOMENTS)
}

INLINE void gradient_sums(
    const size_t v, const int clamps, const int has_x, size_t n, size_t rows, size_t channels,
    const float *x, const float *y, const float *g, float low, float high, const float *shift,
    float *out, float *sums, float *products) {
  vec s[SIDE], q[SIDE], middle[SIDE];
  const vec least = splat(low), most = splat(high);
  UNROLL for (size_t j = 0; j < v; j++) {
    s[j] = q[j] = (vec){0};
    if (has_x) middle[j] = load_part(shift + j * LANES, n - j * LANES);
  }
  for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t j = 0; j < v; j++) {
      const size_t at = r * channels + j * LANES;
      vec d = load(g + at);
      if (clamps) d = within(d, load(y + at), least, most);
      s[j] += d;
      if (has_x) q[j] += d * (load(x + at) - middle[j]);
      if (out) store_part(out + at, d, n - j * LANES);
    }
  }
  UNROLL for (size_t j = 0; j < v; j++) {
    store_part(sums + j * LANES, s[j], n - j * LANES);
    if (has_x) store_part(products + j * LANES, q[j], n - j * LANES);
  }
}

void KERNEL(pare_gradient_sums_f32)(
    size_t rows, size_t channels, const float *x, const float *y, const float *g, float low,
    float high, const float *shift, float *out, float *sums, float *products) {
#define SUMS(V, CLAMPS, HAS_X, OUT)                                                               \
  gradient_sums(                                                                                  \
      V, CLAMPS, HAS_X, channels - k, rows, channels, HAS_X ? x + k : NULL, CLAMPS ? y + k : NULL, \
      g + k, low, high, HAS_X ? shift + k : NULL, OUT, sums + k, HAS_X ? products + k : NULL);
#define SUMS_BOTH(V) SUMS(V, 1, 1, NULL)
#define SUMS_NORM(V) SUMS(V, 0, 1, NULL)
#define SUMS_CLAMP(V) SUMS(V, 1, 0, out + k)
#define SUMS_PLAIN(V) SUMS(V, 0, 0, NULL)
  if (x && y) {
    EACH_BLOCK(SUMS_BOTH)
  } else if (x) {
    EACH_BLOCK(SUMS_NORM)
  } else if (y) {
    EACH_BLOCK(SUMS_CLAMP)
  } else {
    EACH_BLOCK(SUMS_PLAIN)
  }
}

// MARK: Element by element

/// What is known at compile time about a gradient of normalized rows.
INLINE void normalized(
    const int clamps, const int adds, size_t n, size_t rows, size_t channels, const float *x,
    const float *y, const float *g, float low, float high, const float *factors,
    const float *slopes, const float *offsets, float *to) {
  const vec least = splat(low), most = splat(high);
  const vec a = load_part(factors, n), b = load_part(slopes, n), c = load_part(offsets, n);
  for (size_t r = 0; r < rows; r++) {
    const size_t at = r * channels;
    vec d = load(g + at);
    if (clamps) d = within(d, load(y + at), least, most);
    d = a * d + (b * load(x + at) + c);
    if (adds) d += load(to + at);
    store_part(to + at, d, n);
  }
}

void KERNEL(pare_normalized_gradient_f32)(
    size_t rows, size_t channels, const float *x, const float *y, const float *g, float low,
    float high, const float *factors, const float *slopes, const float *offsets, float *to,
    int adds) {
  // Some rows at a time, so that what is read a vector at a time stays in the cache.
  for (size_t first = 0; first < rows; first += 8) {
    const size_t count = rows - first < 8 ? rows - first : 8;
    const size_t at = first * channels;
    for (size_t k = 0; k < channels; k += LANES) {
#define NORMALIZED(CLAMPS, ADDS)                                                                  \
  normalized(                                                                                     \
      CLAMPS, ADDS, channels - k, count, channels, x + at + k, CLAMPS ? y + at + k : NULL,        \
      g + at + k, low, high, factors + k, slopes + k, offsets + k, to + at + k)
      if (y && adds)
        NORMALIZED(1, 1);
      else if (y)
        NORMALIZED(1, 0);
      else if (adds)
        NORMALIZED(0, 1);
      else
        NORMALIZED(0, 0);
    }
  }
}

void KERNEL(pare_clamp_gradient_f32)(
    size_t count, const float *y, const float *g, float low, float high, float *to, int adds) {
  const vec least = splat(low), most = splat(high);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vec d = within(load(g + i), load(y + i), least, most);
    if (adds) d += load(to + i);
    store(to + i, d);
  }
  for (; i < count; i++) {
    const float d = y[i] > low && y[i] < high ? g[i] : 0;
    to[i] = adds ? to[i] + d : d;
  }
}

void KERNEL(pare_accumulate_f32)(size_t count, const float *x, float factor, float *to) {
  const vec f = splat(factor);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(to + i, load(to + i) + f * load(x + i));
  for (; i < count; i++) to[i] += factor * x[i];
}
