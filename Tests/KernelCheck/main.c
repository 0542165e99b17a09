// The checks are Embedded Swift, which is linked with a C library here.
int pare_check_kernels(void);

int main(void) { return pare_check_kernels(); }
