#include "kernels.h"

// The last line is empty, so that the array has one where no instruction set adds any.
static const struct pare_kernel kernels[] = {
#define PARE_KERNEL(operation, symbol, m, n, isa) \
  {pare_op_##operation, #symbol, m, n, pare_isa_##isa, (void (*)(void))symbol},
#include "kernels.def"
#undef PARE_KERNEL
    {-1, "", 0, 0, 0, NULL},
};

size_t pare_kernel_count(void) { return sizeof kernels / sizeof *kernels - 1; }

const struct pare_kernel *pare_kernel_at(size_t index) { return &kernels[index]; }
