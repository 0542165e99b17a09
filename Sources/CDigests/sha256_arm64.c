#include "digests.h"

#if defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#include "constants.h"

#pragma clang attribute push(__attribute__((target("sha2"))), apply_to = function)

struct state {
  uint32x4_t abcd, efgh;
};

static inline struct state load(const uint32_t *words) {
  return (struct state){vld1q_u32(words), vld1q_u32(words + 4)};
}

static inline void store(uint32_t *words, struct state s) {
  vst1q_u32(words, s.abcd);
  vst1q_u32(words + 4, s.efgh);
}

// Words 4i ... 4i + 3 of the message: read, or made of the sixteen before, which `w` holds in a ring.
static inline uint32x4_t words(uint32x4_t w[4], const uint8_t *message, int i) {
  if (i < 4) return w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(message + 16 * i)));
  uint32x4_t a = vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]);
  return w[i & 3] = vsha256su1q_u32(a, w[(i + 2) & 3], w[(i + 3) & 3]);
}

static inline void four_rounds(struct state *s, uint32x4_t words, int i) {
  uint32x4_t sums = vaddq_u32(words, vld1q_u32(pare_sha256_constants + 4 * i));
  uint32x4_t abcd = s->abcd;
  s->abcd = vsha256hq_u32(abcd, s->efgh, sums);
  s->efgh = vsha256h2q_u32(s->efgh, abcd, sums);
}

static inline struct state sum(struct state a, struct state b) {
  return (struct state){vaddq_u32(a.abcd, b.abcd), vaddq_u32(a.efgh, b.efgh)};
}

static void one(uint32_t *state, const uint8_t *message, size_t blocks) {
  struct state s = load(state);
  for (; blocks > 0; blocks--, message += 64) {
    struct state before = s;
    uint32x4_t w[4];
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
    uint32x4_t v[4], w[4];
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
#if defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
  return &functions;
#elif defined(__linux__)
  // HWCAP_SHA2; its header is the kernel's.
  return getauxval(AT_HWCAP) & (1 << 6) ? &functions : NULL;
#else
  return NULL;
#endif
}
#endif
