// SHA-256 by the instructions that processors have for it. Padding, and the form for processors without
// them, are Swift's (ModelFormat/SHA256.swift).
#pragma once
#include <stddef.h>
#include <stdint.h>

struct pare_sha256 {
  /// Folds `blocks` blocks of 64 bytes of a message into its state of eight words.
  void (*one)(uint32_t *state, const uint8_t *message, size_t blocks);
  /// The same for two messages at once, in less time than one behind the other: each alone waits for
  /// its own results.
  void (*two)(
      uint32_t *state_a, uint32_t *state_b, const uint8_t *a, const uint8_t *b, size_t blocks);
};

/// Returns the functions for this processor, or NULL where it has no such instructions.
const struct pare_sha256 *pare_sha256_best(void);
