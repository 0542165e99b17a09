#include "kernels.h"

#if defined(__aarch64__)
#define KERNEL(name) name##__neon
#include "winograd_f32.h"
#endif
