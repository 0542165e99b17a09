// Float sums [pixel][16] to outputs, as a plain loop that the compiler makes vectors of. Included by one
// file for each instruction set, which defines NAME and INLINE.

/// One row of n outputs; n is constant after inlining where it is 16.
INLINE void finish_row(
    const size_t n, const float *sums, const float *residual, float *c, float min, float max) {
  float y[16];
  for (size_t j = 0; j < n; j++) {
    const float sum = residual ? sums[j] + residual[j] : sums[j];
    const float low = sum < min ? min : sum;
    y[j] = max < low ? max : low;
  }
  for (size_t j = 0; j < n; j++) c[j] = y[j];
}

void NAME(
    size_t m, size_t n, const float *sums, const float *residual, float *c, size_t ldc, float min,
    float max) {
  for (size_t i = 0; i < m; i++, sums += 16, c += ldc) {
    if (n == 16)
      finish_row(16, sums, residual, c, min, max);
    else
      finish_row(n, sums, residual, c, min, max);
    if (residual) residual += ldc;
  }
}
