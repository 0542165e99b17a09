#include "kernels.h"

#if defined(__aarch64__)
#define NAME_CONV pare_dwconv_f32_8x8__neon
#define NAME_ROW pare_dwrow_f32_2x8__neon
#include "depthwise_f32.h"
#endif
