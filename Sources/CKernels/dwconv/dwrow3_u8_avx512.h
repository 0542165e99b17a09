// Kernels of 3x3 on uint8 with uint8 outputs: one or two rows at a time. Four rows of the input,
// interleaved, serve two rows of outputs: under the weights w0 w1 w2 0, and under 0 w0 w1 w2.
//
// Blocks of 32 or 16 channels share a vector among 2 or 4 segments of the row, so that no lane is idle.
// Segments of outputs lie `apart` pixels apart; the last may begin before the one before it ends.
#pragma once

struct block3 {
  const struct pare_depthwise_rows *rows;
  const uint8_t *input[4], *zero;
  uint8_t *c[2];
  size_t apart, length;
  __mmask64 mask;
  __m512i w[2][12], start[4];
  struct constants constants;
};

/// Repeats the lanes of the first channels for every segment.
INLINE __m512i spread(const int segments, __m512i x) {
  if (segments == 1) return x;
  return segments == 2 ? _mm512_shuffle_i64x2(x, x, 0x44) : _mm512_shuffle_i64x2(x, x, 0);
}

/// Loads a pixel of each segment, `lead` bytes apart.
INLINE __m512i load(const int segments, const uint8_t *p, size_t lead) {
  if (segments == 1) return _mm512_loadu_si512(p);
  if (segments == 2) {
    const __m512i low = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_mask_broadcast_i64x4(low, 0xF0, _mm256_loadu_si256((const __m256i *)(p + lead)));
  }
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)p));
  x = _mm512_mask_broadcast_i32x4(x, 0x00F0, _mm_loadu_si128((const __m128i *)(p + lead)));
  x = _mm512_mask_broadcast_i32x4(x, 0x0F00, _mm_loadu_si128((const __m128i *)(p + 2 * lead)));
  return _mm512_mask_broadcast_i32x4(x, 0xF000, _mm_loadu_si128((const __m128i *)(p + 3 * lead)));
}

/// The same for column `at`, of which some segments lie in the padding.
INLINE __m512i load_edge(const int segments, const struct block3 *b, size_t row, size_t at) {
  const size_t channels = b->rows->channels, width = b->rows->input_width;
  const uint8_t *p[4];
  UNROLL for (int s = 0; s < segments; s++, at += b->apart * b->rows->stride) p[s] =
      at < width ? b->input[row] + at * channels : b->zero;
  if (segments == 1) return _mm512_loadu_si512(p[0]);
  if (segments == 2)
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)p[0])),
        _mm256_loadu_si256((const __m256i *)p[1]), 1);
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)p[0]));
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[1]), 1);
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[2]), 2);
  return _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[3]), 3);
}

INLINE void edge_column(
    const int segments, const int two, const struct block3 *b, size_t at, __m512i x[4]) {
  const __m512i row2 = load_edge(segments, b, 2, at);
  interleave(
      x, load_edge(segments, b, 0, at), load_edge(segments, b, 1, at), row2,
      two ? load_edge(segments, b, 3, at) : row2);
}

/// Interleaves column p and goes to the next.
INLINE void next_column(
    const int segments, const int two, const uint8_t *p[4], size_t lead, size_t step, __m512i x[4]) {
  const __m512i row2 = load(segments, p[2], lead);
  interleave(
      x, load(segments, p[0], lead), load(segments, p[1], lead), row2,
      two ? load(segments, p[3], lead) : row2);
  UNROLL for (int r = 0; r < 3 + two; r++) p[r] += step;
}

INLINE void store_segments(
    const int segments, const int whole, const struct block3 *b, uint8_t *c, size_t lead,
    __m512i bytes) {
  if (segments == 1) {
    if (whole)
      _mm512_storeu_si512(c, bytes);
    else
      _mm512_mask_storeu_epi8(c, b->mask, bytes);
  } else if (segments == 2) {
    const __m256i low = _mm512_castsi512_si256(bytes), high = _mm512_extracti64x4_epi64(bytes, 1);
    if (whole) {
      _mm256_storeu_si256((__m256i *)c, low);
      _mm256_storeu_si256((__m256i *)(c + lead), high);
    } else {
      _mm256_mask_storeu_epi8(c, (__mmask32)b->mask, low);
      _mm256_mask_storeu_epi8(c + lead, (__mmask32)b->mask, high);
    }
  } else {
    const __m128i part[4] = {
        _mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
        _mm512_extracti32x4_epi32(bytes, 2), _mm512_extracti32x4_epi32(bytes, 3)};
    UNROLL for (int s = 0; s < 4; s++) {
      if (whole)
        _mm_storeu_si128((__m128i *)(c + s * lead), part[s]);
      else
        _mm_mask_storeu_epi8(c + s * lead, (__mmask16)b->mask, part[s]);
    }
  }
}

/// Computes and stores the pixels at `out`, and moves the columns on.
INLINE void pixels(
    const int segments, const int whole, const int two, const int stride, const struct block3 *b,
    size_t out, size_t lead, __m512i x0[4], __m512i x1[4], const __m512i x2[4]) {
  UNROLL for (int i = 0; i <= two; i++) {
    __m512i y[4];
    UNROLL for (int j = 0; j < 4; j++) {
      y[j] = _mm512_dpbusd_epi32(b->start[j], x0[j], b->w[i][j]);
      y[j] = _mm512_dpbusd_epi32(y[j], x1[j], b->w[i][4 + j]);
      y[j] = _mm512_dpbusd_epi32(y[j], x2[j], b->w[i][8 + j]);
    }
    UNROLL for (int j = 0; j < 4; j++) y[j] =
        rounded(scaled(y[j], b->constants.factors[j]), &b->constants.range);
    store_segments(segments, whole, b, b->c[i] + out, lead, bytes_of(y, &b->constants.range));
  }
  UNROLL for (int j = 0; j < 4; j++) {
    x0[j] = stride == 1 ? x1[j] : x2[j];
    if (stride == 1) x1[j] = x2[j];
  }
}

INLINE void walk(
    const int segments, const int whole, const int two, const int stride, const struct block3 *b) {
  const size_t step = b->rows->channels, length = b->length, lead = b->apart * step;
  // Columns in the padding lie at what is no index.
  size_t at = 0 - b->rows->pad_left, x = 0, out = 0;
  __m512i x0[4], x1[4], x2[4];
  edge_column(segments, two, b, at, x0);
  if (stride == 1) edge_column(segments, two, b, at + 1, x1);
  at += stride == 1 ? 2 : 1;
  const uint8_t *p[4];
  UNROLL for (int r = 0; r < 3 + two; r++) p[r] = b->input[r] + at * step;
  // Pixels whose last column lies inside in every segment.
  const size_t span = (size_t)(segments - 1) * b->apart * stride + 2 - b->rows->pad_left;
  const size_t width = b->rows->input_width;
  size_t inside = at < width && width > span ? (width - span - 1) / stride + 1 : 0;
  if (inside > length) inside = length;
  for (; x < inside; x++, out += step) {
    if (stride == 2) next_column(segments, two, p, lead * stride, step, x1);
    next_column(segments, two, p, lead * stride, step, x2);
    pixels(segments, whole, two, stride, b, out, lead, x0, x1, x2);
  }
  for (at += x * stride; x < length; x++, out += step) {
    if (stride == 2) edge_column(segments, two, b, at++, x1);
    edge_column(segments, two, b, at++, x2);
    pixels(segments, whole, two, stride, b, out, lead, x0, x1, x2);
  }
}

typedef void walk_function(const struct block3 *b);
#define WALK(SEGMENTS, TWO, STRIDE)                                        \
  static void walk_##SEGMENTS##_##TWO##_##STRIDE(const struct block3 *b) { \
    if (b->mask >= ~0ull >> (64 - 64 / SEGMENTS))                          \
      walk(SEGMENTS, 1, TWO, STRIDE, b);                                   \
    else                                                                   \
      walk(SEGMENTS, 0, TWO, STRIDE, b);                                   \
  }
WALK(1, 0, 1) WALK(1, 1, 1) WALK(1, 0, 2) WALK(2, 0, 1) WALK(2, 1, 1) WALK(2, 0, 2)
WALK(4, 0, 1) WALK(4, 1, 1) WALK(4, 0, 2)
#undef WALK

/// By the segments / 2; then two rows of stride 1, one row of stride 1, one row of stride 2.
static walk_function *const walks[3][3] = {
    {walk_1_1_1, walk_1_0_1, walk_1_0_2},
    {walk_2_1_1, walk_2_0_1, walk_2_0_2},
    {walk_4_1_1, walk_4_0_1, walk_4_0_2},
};

static void rows_3x3(
    const struct pare_depthwise_rows *rows, const int8_t *w, const int32_t *q, uint8_t *c,
    const struct pare_qoutput *output) {
  const size_t channels = rows->channels, width = rows->output_width;
  struct block3 b;
  b.rows = rows;
  for (size_t k = 0; k < channels; k += 64, q += 192, w += 768) {
    const size_t left = channels - k;
    int segments = left <= 16 ? 4 : left <= 32 ? 2 : 1;
    if (width < (size_t)segments) segments = 1;
    b.apart = width / (size_t)segments;
    b.length = width - (size_t)(segments - 1) * b.apart;
    b.mask = mask64(left);
    b.zero = (const uint8_t *)rows->zero + k;
    for (int i = 0; i < 12; i++) {
      b.w[0][i] = spread(segments, _mm512_loadu_si512(w + 64 * i));
      b.w[1][i] = _mm512_slli_epi32(b.w[0][i], 8);
    }
    constants_of(&b.constants, q, output);
    for (int j = 0; j < 4; j++) {
      const __m512i factors = _mm512_castps_si512(b.constants.factors[j]);
      b.constants.factors[j] = _mm512_castsi512_ps(spread(segments, factors));
      b.start[j] = spread(segments, _mm512_loadu_si512(q + 48 * j));
    }
    for (size_t i = 0; i < rows->count;) {
      const size_t two = rows->stride == 1 && rows->row_stride == 1 && i + 1 < rows->count;
      for (size_t r = 0; r < 3 + two; r++)
        b.input[r] = (const uint8_t *)rows->rows[i * rows->row_stride + r] + k;
      b.c[0] = c + i * width * channels + k;
      b.c[1] = b.c[0] + width * channels;
      walks[segments / 2][two ? 0 : rows->stride](&b);
      i += 1 + two;
    }
  }
}
