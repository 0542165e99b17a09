#include "kernels.h"

/// Writes the addresses at `row` plus each of `count` offsets: inside `base`, or `zero` where an offset
/// or the row is in the padding.
static void addresses(
    const uint8_t *base, const uint8_t *zero, int64_t row, const int64_t *columns, size_t count,
    const uint8_t **to) {
  for (size_t i = 0; i < count; i++) {
    const int64_t offset = row + columns[i];
    to[i] = offset < 0 ? zero : base + offset;
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void addresses_avx512(
    const uint8_t *base, const uint8_t *zero, int64_t row, const int64_t *columns, size_t count,
    const uint8_t **to) {
  const __m512i rows = _mm512_set1_epi64(row), bases = _mm512_set1_epi64((long long)base);
  const __m512i zeros = _mm512_set1_epi64((long long)zero);
  for (size_t i = 0; i < count; i += 8) {
    const __mmask8 mask = count - i < 8 ? (__mmask8)((1u << (count - i)) - 1) : 0xFF;
    const __m512i offsets = _mm512_add_epi64(rows, _mm512_maskz_loadu_epi64(mask, columns + i));
    const __mmask8 inside = _mm512_cmpge_epi64_mask(offsets, _mm512_setzero_si512());
    const __m512i found = _mm512_mask_add_epi64(zeros, inside, bases, offsets);
    _mm512_mask_storeu_epi64(to + i, mask, found);
  }
}
#endif

typedef void addresses_function(
    const uint8_t *base, const uint8_t *zero, int64_t row, const int64_t *columns, size_t count,
    const uint8_t **to);

static addresses_function *fastest_addresses(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return addresses_avx512;
#endif
  return addresses;
}

void pare_window_rows(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, const uint8_t **out) {
  const size_t height = window->output_height, width = window->output_width;
  addresses_function *const write = fastest_addresses();
  size_t x = first % width, y = first / width % height, image = first / width / height;
  for (size_t done = 0; done < m;) {
    const size_t run = width - x < m - done ? width - x : m - done;
    const uint8_t *base = input + image * window->image_bytes;
    for (size_t ky = 0, t = 0; ky < window->kernel_height; ky++) {
      const int64_t row = window->rows[ky * height + y];
      for (size_t kx = 0; kx < window->kernel_width; kx++, t++)
        write(base, zero, row, window->columns + kx * width + x, run, out + t * m + done);
    }
    done += run;
    x = 0;
    if (++y == height) {
      y = 0;
      image++;
    }
  }
}

static inline void copy(uint8_t *to, const uint8_t *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 16) __builtin_memcpy(to + i, from + i, 16);
}

/// Copies the taps of kernel row ky of output column x, image row offset `row`.
static void copy_taps(
    const struct pare_window *window, const uint8_t *base, const uint8_t *zero, int64_t row, size_t x,
    size_t tap_bytes, uint8_t *to) {
  for (size_t kx = 0; kx < window->kernel_width; kx++) {
    const int64_t offset = row + window->columns[kx * window->output_width + x];
    copy(to + kx * tap_bytes, offset < 0 ? zero : base + offset, tap_bytes);
  }
}

void pare_window_segments(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, size_t tap_bytes, size_t segment_bytes, uint8_t *copies, const uint8_t **out) {
  addresses_function *const write = fastest_addresses();
  const size_t height = window->output_height, width = window->output_width;
  size_t x = first % width, y = first / width % height, image = first / width / height;
  for (size_t done = 0; done < m;) {
    const size_t run = width - x < m - done ? width - x : m - done;
    const uint8_t *base = input + image * window->image_bytes;
    for (size_t ky = 0; ky < window->kernel_height; ky++) {
      const int64_t row = window->rows[ky * height + y];
      const uint8_t **to = out + ky * m + done;
      write(base, zero, row, window->columns + x, run, to);
      // What reaches into the padding is copied: all of it, or the two ends.
      const size_t end = x + run;
      const size_t first_inside = row < 0 ? end : window->inside_first;
      const size_t last_inside = row < 0 ? end : window->inside_last;
      for (size_t at = x; at < end; at++) {
        if (at >= first_inside && at < last_inside) at = last_inside;
        if (at >= end) break;
        to[at - x] = copies;
        copy_taps(window, base, zero, row, at, tap_bytes, copies);
        copies += segment_bytes;
      }
    }
    done += run;
    x = 0;
    if (++y == height) {
      y = 0;
      image++;
    }
  }
}

void pare_window_pack(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, size_t tap_bytes, size_t row_bytes, uint8_t *out) {
  const size_t height = window->output_height, width = window->output_width;
  const size_t kernel_width = window->kernel_width;
  size_t x = first % width, y = first / width % height, image = first / width / height;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *base = input + image * window->image_bytes;
    uint8_t *to = out + i * row_bytes;
    const int64_t left = window->columns[x];
    const int64_t right = window->columns[(kernel_width - 1) * width + x];
    const int side_by_side =
        left >= 0 && right == left + (int64_t)(tap_bytes * (kernel_width - 1));
    for (size_t ky = 0; ky < window->kernel_height; ky++) {
      const int64_t row = window->rows[ky * height + y];
      if (side_by_side && row >= 0) {
        copy(to, base + row + left, tap_bytes * kernel_width);
        to += tap_bytes * kernel_width;
        continue;
      }
      for (size_t kx = 0; kx < kernel_width; kx++, to += tap_bytes) {
        const int64_t offset = row + window->columns[kx * width + x];
        copy(to, offset < 0 ? zero : base + offset, tap_bytes);
      }
    }
    if (++x == width) {
      x = 0;
      if (++y == height) {
        y = 0;
        image++;
      }
    }
  }
}
