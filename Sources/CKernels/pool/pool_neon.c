#include "kernels.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#define KERNEL(name) name##__neon
#include "pool.h"
#endif
