// Reductions as plain loops over as many lanes as the portable kernels have, for one instruction set:
// KERNEL(name) is its symbol.
#include "../plain.h"

void KERNEL(pare_min_max_f32)(size_t count, const float *x, float *result) {
  float least[32], greatest[32];
  for (int j = 0; j < 32; j++) {
    least[j] = result[0];
    greatest[j] = result[1];
  }
  // What is not a number compares false, and is left out.
  size_t i = 0;
  for (; i + 32 <= count; i += 32)
    for (int j = 0; j < 32; j++) {
      const float v = x[i + (size_t)j];
      least[j] = v < least[j] ? v : least[j];
      greatest[j] = v > greatest[j] ? v : greatest[j];
    }
  for (; i < count; i++) {
    least[0] = x[i] < least[0] ? x[i] : least[0];
    greatest[0] = x[i] > greatest[0] ? x[i] : greatest[0];
  }
  for (int j = 0; j < 32; j++) {
    result[0] = least[j] < result[0] ? least[j] : result[0];
    result[1] = greatest[j] > result[1] ? greatest[j] : result[1];
  }
}

/// Sums 16 lanes pairwise, in the order of the portable kernel.
INLINE float sum_of_lanes(float v[16]) {
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; i++) v[i] += v[i + width];
  return v[0];
}

void KERNEL(pare_softmax_f32)(size_t rows, size_t count, const float *x, float *y) {
  if (count == 0) return;
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    float range[2] = {x[0], x[0]};
    KERNEL(pare_min_max_f32)(count, x, range);
    const float greatest = range[1];
    EACH_ALONE for (size_t i = 0; i < count; i++) y[i] = exponential(x[i] - greatest);
    float lanes[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
      for (size_t j = 0; j < 16; j++) lanes[j] += y[i + j];
    for (size_t j = 0; i + j < count; j++) lanes[j] += y[i + j];
    const float scale = 1.0f / sum_of_lanes(lanes);
    EACH_ALONE for (size_t j = 0; j < count; j++) y[j] *= scale;
  }
}

/// Sums f of element i in lane i mod 64, lanes 16 apart as (0 + 1) + (2 + 3), and then pairwise.
#define SUM_IN_LANES(sum, f)                                                         \
  {                                                                                  \
    float lanes[64] = {0};                                                           \
    size_t i = 0;                                                                    \
    for (; i + 64 <= count; i += 64)                                                 \
      for (size_t j = 0; j < 64; j++) {                                              \
        const float v = x[i + j];                                                    \
        lanes[j] += f;                                                               \
      }                                                                              \
    for (size_t j = 0; i + j < count; j++) {                                         \
      const float v = x[i + j];                                                      \
      lanes[j] += f;                                                                 \
    }                                                                                \
    for (int j = 0; j < 16; j++)                                                     \
      lanes[j] = (lanes[j] + lanes[16 + j]) + (lanes[32 + j] + lanes[48 + j]);       \
    sum = sum_of_lanes(lanes);                                                       \
  }

void KERNEL(pare_layernorm_f32)(
    size_t rows, size_t count, const float *x, float *y, const float *scale, const float *bias,
    float epsilon, float *means, float *inverses) {
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    float sum, squares;
    SUM_IN_LANES(sum, v)
    const float mean = sum / (float)count;
    SUM_IN_LANES(squares, (v - mean) * (v - mean))
    const float variance = squares / (float)count + epsilon;
    const float inverse = 1.0f / __builtin_elementwise_sqrt(variance);
    if (bias) {
      EACH_ALONE for (size_t i = 0; i < count; i++) y[i] =
          (x[i] - mean) * inverse * scale[i] + bias[i];
    } else {
      EACH_ALONE for (size_t i = 0; i < count; i++) y[i] = (x[i] - mean) * inverse * scale[i];
    }
    if (means) means[row] = mean;
    if (inverses) inverses[row] = inverse;
  }
}

void KERNEL(pare_layernorm_u8)(
    size_t rows, size_t count, const uint8_t *x, uint8_t *y, const float *scale,
    const float *bias, const struct pare_layernorm_u8_parameters *parameters) {
  const struct pare_layernorm_u8_parameters p = *parameters;
  const struct byte_bounds bounds = byte_bounds_of(p.zero, 0, 255);
  const double n = (double)count;
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    int64_t sum = 0, squares = 0;
    // 2^15 squares below 2^16 fit 32 bits.
    for (size_t first = 0; first < count; first += 1 << 15) {
      const size_t last = count - first < (1 << 15) ? count : first + (1 << 15);
      int32_t s = 0;
      uint32_t q = 0;
      for (size_t i = first; i < last; i++) {
        const int32_t v = x[i] - p.x_zero;
        s += v;
        q += (uint32_t)(v * v);
      }
      sum += s;
      squares += q;
    }
    const double mean = (double)sum / n;
    double variance = (double)squares / n - mean * mean;
    variance = variance > 0 ? variance : 0;
    const double root = __builtin_elementwise_sqrt(variance * p.x_scale * p.x_scale + p.epsilon);
    const float m = (float)mean, r = (float)(p.x_scale / root);
    EACH_ALONE for (size_t i = 0; i < count; i++) {
      const float v = ((float)(x[i] - p.x_zero) - m) * r * scale[i] + bias[i];
      y[i] = byte_of(v, &bounds);
    }
  }
}
