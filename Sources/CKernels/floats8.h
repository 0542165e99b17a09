// Vectors of 8 floats of the compiler's: one register of 256 bits, or two of 128. Included within the
// attributes of a target.
#pragma once
#include <stddef.h>
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

typedef float floats __attribute__((vector_size(32)));

INLINE floats floats_at(const float *x) {
  floats v;
  memcpy(&v, x, 32);
  return v;
}

INLINE floats all(float x) { return (floats){x, x, x, x, x, x, x, x}; }

/// Returns `y` held within the bounds; what is not a number stays so.
INLINE floats held(floats y, float min, float max) {
  UNROLL for (int i = 0; i < 8; i++) {
    const float v = y[i] < min ? min : y[i];
    y[i] = max < v ? max : v;
  }
  return y;
}

INLINE void store_some(float *to, size_t n, floats y) {
  if (n >= 8) {
    memcpy(to, &y, 32);
    return;
  }
  float memory[8];
  memcpy(memory, &y, 32);
  for (size_t i = 0; i < n; i++) to[i] = memory[i];
}
