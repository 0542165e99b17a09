// Nothing but multiply-adds, and nothing but loads and stores: what a core gives at most.
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

enum { chains = 12, pairs = 8 };

void pare_probe_f32_12x8__avx2(size_t rounds, const void *operands, void *sums) {
  const __m256 a = _mm256_loadu_ps(operands);
  const __m256 b = _mm256_loadu_ps((const float *)operands + 8);
  __m256 chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = _mm256_setzero_ps();
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = _mm256_fmadd_ps(a, b, chain[i]);
  __m256 sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = _mm256_add_ps(sum, chain[i]);
  _mm256_storeu_ps(sums, sum);
}

// Without VNNI a product of bytes is three instructions.
void pare_probe_u8s8_8x32__avx2(size_t rounds, const void *operands, void *sums) {
  __m256i a = _mm256_loadu_si256(operands);
  const __m256i b = _mm256_loadu_si256((const __m256i *)operands + 1);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i chain[pairs];
#pragma clang loop unroll(full)
  for (int i = 0; i < pairs; i++) chain[i] = _mm256_setzero_si256();
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < pairs; i++) {
      // The compiler must not know that the product is that of the round before.
      __asm__ volatile("" : "+x"(a));
      chain[i] = _mm256_add_epi32(
          chain[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  __m256i sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < pairs; i++) sum = _mm256_add_epi32(sum, chain[i]);
  _mm256_storeu_si256(sums, sum);
}

void pare_probe_update_1x64__avx2(size_t rounds, const void *operands, void *memory) {
  const __m256i b = _mm256_loadu_si256(operands);
  __m256i *half = memory;
  for (size_t round = 0; round < 2 * rounds; round++, half++)
    _mm256_storeu_si256(half, _mm256_xor_si256(b, _mm256_loadu_si256(half)));
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

void pare_probe_u8s8_12x32__avx2vnni(size_t rounds, const void *operands, void *sums) {
  const __m256i a = _mm256_loadu_si256(operands);
  const __m256i b = _mm256_loadu_si256((const __m256i *)operands + 1);
  __m256i chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = _mm256_setzero_si256();
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = _mm256_dpbusd_avx_epi32(chain[i], a, b);
  __m256i sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = _mm256_add_epi32(sum, chain[i]);
  _mm256_storeu_si256(sums, sum);
}

#pragma clang attribute pop
#endif
