#include <stdio.h>

// The checks are Embedded Swift, which is linked with a C library here.
int pare_check_kernels(void);

int main(void) {
  // So that what was found is seen even if a kernel crashes.
  setvbuf(stdout, NULL, _IOLBF, 0);
  return pare_check_kernels();
}
