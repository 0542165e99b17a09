// Functions of quantized numbers as plain loops, for one instruction set: KERNEL(name) is its symbol.
#include "../plain.h"

#define BYTE_ROWS(expression)                                             \
  for (size_t r = 0; r < rows; r++, a += count, y += count, b += b_row) { \
    if (b_step) {                                                         \
      EACH_ALONE for (size_t i = 0; i < count; i++) {                     \
        const int32_t v = a[i] - p.a_zero, w = b[i] - p.b_zero;           \
        y[i] = byte_of(expression, &bounds);                              \
      }                                                                   \
    } else {                                                              \
      const int32_t w = *b - p.b_zero;                                    \
      EACH_ALONE for (size_t i = 0; i < count; i++) {                     \
        const int32_t v = a[i] - p.a_zero;                                \
        y[i] = byte_of(expression, &bounds);                              \
      }                                                                   \
    }                                                                     \
  }

void KERNEL(pare_add_u8)(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_add_u8_parameters *parameters) {
  const struct pare_add_u8_parameters p = *parameters;
  const struct byte_bounds bounds = byte_bounds_of(p.zero, p.min, p.max);
  BYTE_ROWS((float)v * p.a_factor + (float)w * p.b_factor)
}

void KERNEL(pare_mul_u8)(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_mul_u8_parameters *parameters) {
  const struct pare_mul_u8_parameters p = *parameters;
  const struct byte_bounds bounds = byte_bounds_of(p.zero, p.min, p.max);
  BYTE_ROWS((float)(v * w) * p.factor)
}

void KERNEL(pare_quantize_u8)(
    size_t count, const float *x, uint8_t *y, float scale, int32_t zero) {
  const struct byte_bounds bounds = byte_bounds_of(zero, 0, 255);
  EACH_ALONE for (size_t i = 0; i < count; i++) y[i] = byte_of(x[i] / scale, &bounds);
}

void KERNEL(pare_dequantize_u8)(
    size_t count, const uint8_t *x, float *y, float scale, int32_t zero) {
  EACH_ALONE for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] - zero) * scale;
}
