// int32 sums of channels to outputs, exactly as Rescaling does it, with NEON.
#pragma once
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/// What all channels of an output have in common, spread over lanes.
struct byte_range {
  float32x4_t residual_factor;
  int32x4_t residual_zero;
  int16x8_t zero;
  uint8x16_t least, most;
};

INLINE struct byte_range byte_range_of(const struct pare_qoutput *o) {
  return (struct byte_range){
      vdupq_n_f32(o->residual_factor), vdupq_n_s32(o->residual_zero), vdupq_n_s16((int16_t)o->zero),
      vdupq_n_u8((uint8_t)o->min), vdupq_n_u8((uint8_t)o->max)};
}

/// Returns the address in the residual that belongs to `c` in the output.
INLINE const uint8_t *residual_of(const struct pare_qoutput *o, const uint8_t *c) {
  return o->residual + (c - (const uint8_t *)o->start);
}

/// Adds what bytes of the residual add to the scaled sums of as many channels.
INLINE void add_residual(float32x4_t y[4], uint8x16_t bytes, const struct byte_range *range) {
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
  const uint32x4_t parts[4] = {
      vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
      vmovl_high_u16(high)};
  for (int k = 0; k < 4; k++) {
    const int32x4_t centred = vsubq_s32(vreinterpretq_s32_u32(parts[k]), range->residual_zero);
    y[k] = vaddq_f32(y[k], vmulq_f32(vcvtq_f32_s32(centred), range->residual_factor));
  }
}

/// Returns sums times their factors.
INLINE float32x4_t scaled(int32x4_t sums, float32x4_t factors) {
  return vmulq_f32(vcvtq_f32_s32(sums), factors);
}

/// Returns 16 scaled sums rounded half to even, as clamped bytes; every step saturates.
INLINE uint8x16_t bytes_of(const float32x4_t y[4], const struct byte_range *range) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(y[0])), vcvtnq_s32_f32(y[1]));
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(y[2])), vcvtnq_s32_f32(y[3]));
  const uint8x16_t bytes = vqmovun_high_s16(
      vqmovun_s16(vqaddq_s16(low, range->zero)), vqaddq_s16(high, range->zero));
  return vminq_u8(vmaxq_u8(bytes, range->least), range->most);
}

/// Returns `y` held within the bounds; what is not a number stays so.
INLINE float32x4_t held(float32x4_t y, float32x4_t min, float32x4_t max) {
  y = vbslq_f32(vcltq_f32(y, min), min, y);
  return vbslq_f32(vcltq_f32(max, y), max, y);
}

/// Stores the first n of 16 bytes, n from 1 on.
INLINE void store_bytes16(uint8_t *to, size_t n, uint8x16_t bytes) {
  if (n >= 16) {
    vst1q_u8(to, bytes);
    return;
  }
  uint8_t memory[16];
  vst1q_u8(memory, bytes);
  for (size_t i = 0; i < n; i++) to[i] = memory[i];
}

/// Stores the first n of 4 floats.
INLINE void store_floats4(float *to, size_t n, float32x4_t y) {
  if (n >= 4) {
    vst1q_f32(to, y);
    return;
  }
  if (n > 0) vst1q_lane_f32(to, y, 0);
  if (n > 1) vst1q_lane_f32(to + 1, y, 1);
  if (n > 2) vst1q_lane_f32(to + 2, y, 2);
}
