#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define LANES 16
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define KERNEL(name) name##__avx512
#define OUTER_KERNEL pare_outer_f32_14x32__avx512
#define CHANNELWISE_KERNEL pare_channelwise_f32_9x16__avx512
#include "train.h"

#pragma clang attribute pop
#endif
