#include "CImages.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct {
  const uint8_t *bytes;
  size_t left;
  char *message;
  jmp_buf back;
  png_structp png;
  png_infop info;
} reader;

static void on_error(png_structp png, png_const_charp text) {
  reader *r = png_get_error_ptr(png);
  snprintf(r->message, CIMAGES_MESSAGE_SIZE, "%s", text);
  longjmp(r->back, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t count) {
  reader *r = png_get_io_ptr(png);
  if (count > r->left) png_error(png, "the data ends too early");
  memcpy(out, r->bytes, count);
  r->bytes += count;
  r->left -= count;
}

static void begin(reader *r, const uint8_t *bytes, size_t count, char *message) {
  memset(r, 0, sizeof *r);
  r->bytes = bytes;
  r->left = count;
  r->message = message;
}

/// Reads up to the pixels and asks for 8 bits, no palette, no alpha; called under setjmp.
static int32_t read_header(reader *r, cimages_header *header) {
  r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
  if (r->png) r->info = png_create_info_struct(r->png);
  if (!r->info) {
    snprintf(r->message, CIMAGES_MESSAGE_SIZE, "libpng cannot be started");
    return CIMAGES_DAMAGED;
  }
  png_set_read_fn(r->png, r, on_read);
  png_read_info(r->png, r->info);
  int color = png_get_color_type(r->png, r->info);
  header->width = png_get_image_width(r->png, r->info);
  header->height = png_get_image_height(r->png, r->info);
  header->channels = color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_GRAY_ALPHA ? 1 : 3;
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r->png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(r->png);
  png_set_strip_16(r->png);
  png_set_strip_alpha(r->png);
  return CIMAGES_OK;
}

/// Decodes after `read_header`; called under setjmp.
static int32_t read_pixels(reader *r, const cimages_header *header, uint8_t *pixels,
                           size_t capacity) {
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  size_t stride = (size_t)header->width * header->channels;
  if (png_get_rowbytes(r->png, r->info) != stride || stride * header->height != capacity) {
    snprintf(r->message, CIMAGES_MESSAGE_SIZE, "the buffer does not fit the image");
    return CIMAGES_DAMAGED;
  }
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < header->height; y++)
      png_read_row(r->png, pixels + y * stride, NULL);
  png_read_end(r->png, NULL);
  return CIMAGES_OK;
}

int32_t cimages_png_header(const uint8_t *bytes, size_t count, cimages_header *header,
                           char *message) {
  reader r;
  begin(&r, bytes, count, message);
  if (setjmp(r.back)) {
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return CIMAGES_DAMAGED;
  }
  int32_t status = read_header(&r, header);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return status;
}

int32_t cimages_png_pixels(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity,
                           char *message) {
  reader r;
  begin(&r, bytes, count, message);
  cimages_header header = {0};
  if (setjmp(r.back)) {
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return CIMAGES_DAMAGED;
  }
  int32_t status = read_header(&r, &header);
  if (status == CIMAGES_OK) status = read_pixels(&r, &header, pixels, capacity);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return status;
}
