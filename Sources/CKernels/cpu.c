#include "kernels.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#if defined(__x86_64__)
/// Whether the processor has AVX-VNNI: CPUID leaf 7, subleaf 1, bit 4 of EAX.
static int has_avx_vnni(void) {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
  if (a < 7) return 0;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  if (a < 1) return 0;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(1));
  return (a >> 4) & 1;
}

static uint32_t vector_sets(void) {
  uint32_t sets = 0;
  __builtin_cpu_init();
  // These ask the operating system too, whether it saves the registers.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
  sets |= 1u << pare_isa_avx2;
  if (has_avx_vnni()) sets |= 1u << pare_isa_avx2vnni;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni"))
    sets |= 1u << pare_isa_avx512vnni;
  return sets;
}

#elif defined(__aarch64__)
static uint32_t vector_sets(void) {
  int dot = 0, i8mm = 0;
#if defined(__linux__)
  // Bits of the kernel's interface: HWCAP_ASIMDDP and HWCAP2_I8MM.
  dot = (getauxval(AT_HWCAP) >> 20) & 1;
  i8mm = (getauxval(AT_HWCAP2) >> 13) & 1;
#elif defined(__APPLE__)
  size_t size = sizeof dot;
  if (sysctlbyname("hw.optional.arm.FEAT_DotProd", &dot, &size, NULL, 0)) dot = 0;
  size = sizeof i8mm;
  if (sysctlbyname("hw.optional.arm.FEAT_I8MM", &i8mm, &size, NULL, 0)) i8mm = 0;
#else
  // Nobody to ask: what the compiler was told.
#if defined(__ARM_FEATURE_DOTPROD)
  dot = 1;
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
  i8mm = 1;
#endif
#endif
  uint32_t sets = 1u << pare_isa_neon;
  if (dot) sets |= 1u << pare_isa_neondot;
  if (dot && i8mm) sets |= 1u << pare_isa_neoni8mm;
  return sets;
}

#else
static uint32_t vector_sets(void) { return 0; }
#endif

uint32_t pare_cpu_isas(void) { return vector_sets() | 1u << pare_isa_portable; }

static int limit = -1;

int pare_isa_limit(void) { return __atomic_load_n(&limit, __ATOMIC_RELAXED); }

void pare_set_isa_limit(int isa) { __atomic_store_n(&limit, isa, __ATOMIC_RELAXED); }
