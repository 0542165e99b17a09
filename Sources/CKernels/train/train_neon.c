#include "kernels.h"

#if defined(__aarch64__)
#define LANES 4
#define TILE_ROWS 6
#define TILE_VECTORS 4
#define KERNEL(name) name##__neon
#define OUTER_KERNEL pare_outer_f32_6x16__neon
#define CHANNELWISE_KERNEL pare_channelwise_f32_9x4__neon
#include "train.h"
#endif
