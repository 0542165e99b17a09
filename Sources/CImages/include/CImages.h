// JPEG and PNG decoding without a way out but the return value.
//
// libjpeg and libpng report errors by setjmp and longjmp, which Swift must not see: these functions
// catch them. Nothing here exits, aborts, prints, or keeps memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Bytes of every `message` buffer, its terminating zero included.
#define CIMAGES_MESSAGE_SIZE 256

/// What a function returns.
enum {
  /// All went well.
  CIMAGES_OK = 0,
  /// The bytes are no such image, or are damaged or cut short; `message` says how.
  CIMAGES_DAMAGED = 1,
  /// The image is sound, but of a kind that is not decoded; `message` says which.
  CIMAGES_UNSUPPORTED = 2,
};

/// The size of an image as it will be decoded.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// 1 (gray) or 3 (red, green, blue).
  uint32_t channels;
} cimages_header;

/// Reads the header of a JPEG without decoding pixels.
int32_t cimages_jpeg_header(const uint8_t *bytes, size_t count, cimages_header *header,
                            char *message);

/// Decodes a JPEG into `capacity` bytes, which must be exactly width x height x channels.
int32_t cimages_jpeg_pixels(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity,
                            char *message);

/// Reads the header of a PNG without decoding pixels.
int32_t cimages_png_header(const uint8_t *bytes, size_t count, cimages_header *header,
                           char *message);

/// Decodes a PNG into `capacity` bytes, which must be exactly width x height x channels.
int32_t cimages_png_pixels(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity,
                           char *message);
