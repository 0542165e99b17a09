#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define KERNEL(name) name##__avx2
#define OUTER_KERNEL pare_outer_f32_6x16__avx2
#define CHANNELWISE_KERNEL pare_channelwise_f32_9x8__avx2
#include "train.h"

#pragma clang attribute pop
#endif
