#include "digests.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "constants.h"

#pragma clang attribute push(__attribute__((target("sha,sse4.1"))), apply_to = function)

// The instructions want the state as the words ABEF and CDGH, from the highest lane down.
struct state {
  __m128i abef, cdgh;
};

static inline struct state load(const uint32_t *words) {
  __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xB1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1B);
  return (struct state){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

static inline void store(uint32_t *words, struct state s) {
  __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
  __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)words, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Words 4i ... 4i + 3 of the message: read, or made of the sixteen before, which `w` holds in a ring.
static inline __m128i words(__m128i w[4], const uint8_t *message, int i) {
  if (i < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0BLL, 0x0405060700010203LL);
    return w[i] = _mm_shuffle_epi8(
               _mm_loadu_si128((const __m128i *)(message + 16 * i)), big_endian);
  }
  __m128i a = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
  a = _mm_add_epi32(a, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
  return w[i & 3] = _mm_sha256msg2_epu32(a, w[(i + 3) & 3]);
}

static inline void four_rounds(struct state *s, __m128i words, int i) {
  const __m128i *constants = (const __m128i *)pare_sha256_constants;
  __m128i sums = _mm_add_epi32(words, _mm_load_si128(constants + i));
  s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sums);
  s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sums, 0x0E));
}

static inline struct state sum(struct state a, struct state b) {
  return (struct state){_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

static void one(uint32_t *state, const uint8_t *message, size_t blocks) {
  struct state s = load(state);
  for (; blocks > 0; blocks--, message += 64) {
    struct state before = s;
    __m128i w[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) four_rounds(&s, words(w, message, i), i);
    s = sum(s, before);
  }
  store(state, s);
}

static void two(
    uint32_t *state_a, uint32_t *state_b, const uint8_t *a, const uint8_t *b, size_t blocks) {
  struct state s = load(state_a), t = load(state_b);
  for (; blocks > 0; blocks--, a += 64, b += 64) {
    struct state before_s = s, before_t = t;
    __m128i v[4], w[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      four_rounds(&s, words(v, a, i), i);
      four_rounds(&t, words(w, b, i), i);
    }
    s = sum(s, before_s);
    t = sum(t, before_t);
  }
  store(state_a, s);
  store(state_b, t);
}

#pragma clang attribute pop

static const struct pare_sha256 functions = {one, two};

const struct pare_sha256 *pare_sha256_best(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return NULL;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return NULL;
  return &functions;
}
#endif
