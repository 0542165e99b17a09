// What kernels share that are plain C loops, of which the compiler makes vectors of its target's: one
// source for every instruction set without masks. Included within the attributes of a target.
#pragma once
#include "elementwise/polynomials.h"

/// A loop whose iterations do not depend on one another, though outputs may be the inputs.
#define EACH_ALONE _Pragma("clang loop vectorize(assume_safety)")

/// The zero point of a uint8 output, and its bounds less that.
struct byte_bounds {
  float min, max;
  int32_t zero;
};

INLINE struct byte_bounds byte_bounds_of(int32_t zero, int32_t min, int32_t max) {
  return (struct byte_bounds){(float)(min - zero), (float)(max - zero), zero};
}

/// Returns v, held within the bounds and rounded half to even, as ByteRounding says.
INLINE uint8_t byte_of(float v, const struct byte_bounds *b) {
  const float raised = v > b->min ? v : b->min;
  const float held = raised < b->max ? raised : b->max;
  return (uint8_t)((int32_t)(bits_of(held + 12582912.0f) - 0x4B400000u) + b->zero);
}
