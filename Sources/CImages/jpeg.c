#include "CImages.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/// Scans of a progressive JPEG: encoders write about ten, a hostile file writes thousands.
enum { scan_limit = 500 };

typedef struct {
  // First, so that a pointer to it is a pointer to the whole.
  struct jpeg_error_mgr manager;
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  char *message;
} failure;

static void on_error(j_common_ptr info) {
  failure *f = (failure *)info->err;
  char text[JMSG_LENGTH_MAX];
  f->manager.format_message(info, text);
  snprintf(f->message, CIMAGES_MESSAGE_SIZE, "%s", text);
  longjmp(f->back, 1);
}

/// Warnings after which pixels are made up are errors here; the others, such as padding between
/// segments, leave the pixels right.
static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
  case JWRN_ARITH_BAD_CODE:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_JPEG_EOF:
  case JWRN_MUST_RESYNC:
    on_error(info);
  }
}

static void on_progress(j_common_ptr info) {
  if (!info->is_decompressor) return;
  if (((j_decompress_ptr)info)->input_scan_number <= scan_limit) return;
  failure *f = (failure *)info->err;
  snprintf(f->message, CIMAGES_MESSAGE_SIZE, "more than %d scans", scan_limit);
  longjmp(f->back, 1);
}

static void begin(struct jpeg_decompress_struct *info, failure *f, char *message) {
  memset(info, 0, sizeof *info);
  memset(f, 0, sizeof *f);
  info->err = jpeg_std_error(&f->manager);
  f->manager.error_exit = on_error;
  f->manager.emit_message = on_message;
  f->message = message;
}

/// Reads the header and chooses the color space of the output; called under setjmp.
static int32_t read_header(struct jpeg_decompress_struct *info, failure *f, const uint8_t *bytes,
                           size_t count) {
  jpeg_create_decompress(info);
  f->progress.progress_monitor = on_progress;
  info->progress = &f->progress;
  jpeg_mem_src(info, bytes, (unsigned long)count);
  jpeg_read_header(info, TRUE);
  switch (info->jpeg_color_space) {
  case JCS_GRAYSCALE:
    info->out_color_space = JCS_GRAYSCALE;
    return CIMAGES_OK;
  case JCS_YCbCr:
  case JCS_RGB:
    info->out_color_space = JCS_RGB;
    return CIMAGES_OK;
  case JCS_CMYK:
  case JCS_YCCK:
    snprintf(f->message, CIMAGES_MESSAGE_SIZE, "a JPEG with CMYK colors");
    return CIMAGES_UNSUPPORTED;
  default:
    snprintf(f->message, CIMAGES_MESSAGE_SIZE, "a JPEG with %d channels", info->num_components);
    return CIMAGES_UNSUPPORTED;
  }
}

static uint32_t channels(const struct jpeg_decompress_struct *info) {
  return info->out_color_space == JCS_GRAYSCALE ? 1 : 3;
}

int32_t cimages_jpeg_header(const uint8_t *bytes, size_t count, cimages_header *header,
                            char *message) {
  struct jpeg_decompress_struct info;
  failure f;
  begin(&info, &f, message);
  if (setjmp(f.back)) {
    jpeg_destroy_decompress(&info);
    return CIMAGES_DAMAGED;
  }
  int32_t status = read_header(&info, &f, bytes, count);
  header->width = info.image_width;
  header->height = info.image_height;
  header->channels = channels(&info);
  jpeg_destroy_decompress(&info);
  return status;
}

int32_t cimages_jpeg_pixels(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity,
                            char *message) {
  struct jpeg_decompress_struct info;
  failure f;
  begin(&info, &f, message);
  if (setjmp(f.back)) {
    jpeg_destroy_decompress(&info);
    return CIMAGES_DAMAGED;
  }
  int32_t status = read_header(&info, &f, bytes, count);
  size_t stride = (size_t)info.image_width * channels(&info);
  if (status == CIMAGES_OK && stride * info.image_height != capacity) {
    snprintf(message, CIMAGES_MESSAGE_SIZE, "the buffer does not fit the image");
    status = CIMAGES_DAMAGED;
  }
  if (status == CIMAGES_OK) {
    info.dct_method = JDCT_ISLOW;
    info.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = pixels + info.output_scanline * stride;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
  }
  jpeg_destroy_decompress(&info);
  return status;
}
