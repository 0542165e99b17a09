// Nothing but multiply-adds, and nothing but loads and stores: what a core gives at most.
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

enum { chains = 12 };

void pare_probe_f32_12x16__avx512(size_t rounds, const void *operands, void *sums) {
  const __m512 a = _mm512_loadu_ps(operands);
  const __m512 b = _mm512_loadu_ps((const char *)operands + 64);
  __m512 chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = _mm512_setzero_ps();
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = _mm512_fmadd_ps(a, b, chain[i]);
  __m512 sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = _mm512_add_ps(sum, chain[i]);
  _mm512_storeu_ps(sums, sum);
}

void pare_probe_u8s8_12x64__avx512vnni(size_t rounds, const void *operands, void *sums) {
  const __m512i a = _mm512_loadu_si512(operands);
  const __m512i b = _mm512_loadu_si512((const char *)operands + 64);
  __m512i chain[chains];
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) chain[i] = _mm512_setzero_si512();
  for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) chain[i] = _mm512_dpbusd_epi32(chain[i], a, b);
  __m512i sum = chain[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = _mm512_add_epi32(sum, chain[i]);
  _mm512_storeu_si512(sums, sum);
}

void pare_probe_update_1x64__avx512(size_t rounds, const void *operands, void *memory) {
  const __m512i b = _mm512_loadu_si512(operands);
  char *line = memory;
  for (size_t round = 0; round < rounds; round++, line += 64)
    _mm512_storeu_si512(line, _mm512_xor_si512(b, _mm512_loadu_si512(line)));
}

#pragma clang attribute pop
#endif
