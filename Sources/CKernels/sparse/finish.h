// Stores of the sums [16 outputs][pixel] of sparse products: 16 pixels at a time are turned, and stored
// as dense products store them. Included by one file for each instruction set, which defines KERNEL(name)
// and turn(sums, stride, memory), which turns 16 by 16 words.

void KERNEL(pare_finish_u8s8_16x16)(
    size_t m, size_t n, const int32_t *sums, size_t stride, const int32_t *q, void *c, size_t ldc,
    const struct pare_qoutput *output) {
  _Alignas(64) int32_t memory[256];
  for (size_t done = 0; done < m; done += 16) {
    const size_t count = m - done < 16 ? m - done : 16;
    turn((const uint32_t *)sums + done, stride, (uint32_t *)memory);
    if (output->kind == 1)
      store_floats(count, n, memory, q, (float *)c + done * ldc, ldc, output);
    else
      store_bytes(count, n, memory, q, (uint8_t *)c + done * ldc, ldc, output);
  }
}

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

void KERNEL(pare_finish_f32_16x16)(
    size_t m, size_t n, const float *sums, size_t stride, const float *residual, float *c,
    size_t ldc, float min, float max) {
  _Alignas(64) float memory[256];
  for (size_t i = 0; i < m; i++, c += ldc) {
    if (i % 16 == 0) turn((const uint32_t *)(sums + i), stride, (uint32_t *)memory);
    if (n == 16)
      finish_row(16, memory + i % 16 * 16, residual, c, min, max);
    else
      finish_row(n, memory + i % 16 * 16, residual, c, min, max);
    if (residual) residual += ldc;
  }
}
