#include "kernels.h"

void pare_window_rows(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, const uint8_t **out) {
  const size_t height = window->output_height, width = window->output_width;
  size_t x = first % width, y = first / width % height, image = first / width / height;
  for (size_t done = 0; done < m;) {
    const size_t run = width - x < m - done ? width - x : m - done;
    const uint8_t *base = input + image * window->image_bytes;
    for (size_t ky = 0, t = 0; ky < window->kernel_height; ky++) {
      const int64_t row = window->rows[ky * height + y];
      for (size_t kx = 0; kx < window->kernel_width; kx++, t++) {
        const int64_t *columns = window->columns + kx * width + x;
        const uint8_t **to = out + t * m + done;
        for (size_t i = 0; i < run; i++) {
          const int64_t offset = row + columns[i];
          to[i] = offset < 0 ? zero : base + offset;
        }
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
  const size_t height = window->output_height, width = window->output_width;
  size_t x = first % width, y = first / width % height, image = first / width / height;
  for (size_t done = 0; done < m;) {
    const size_t run = width - x < m - done ? width - x : m - done;
    const uint8_t *base = input + image * window->image_bytes;
    for (size_t ky = 0; ky < window->kernel_height; ky++) {
      const int64_t row = window->rows[ky * height + y];
      const uint8_t **to = out + ky * m + done;
      const int64_t *left = window->columns + x;
      const uint8_t *start = base + row;
      for (size_t i = 0; i < run; i++) to[i] = start + left[i];
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
