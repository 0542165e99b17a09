// The C side of Kernels: what each family of micro-kernels takes, and the table of them.
//
// A kernel is named pare_<operation>_<types>_<tile>__<isa>. It never allocates, keeps no state and
// touches nothing but what it is given. Adding one: a file for its instruction set, and a line in
// kernels.def.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Instruction sets. The numbers are part of the Swift side, which knows which set includes which.
enum pare_isa {
  pare_isa_portable = 0,
  pare_isa_avx2 = 1,
  pare_isa_avx2vnni = 2,
  pare_isa_avx512vnni = 3,
  pare_isa_neon = 4,
  pare_isa_neondot = 5,
  pare_isa_neoni8mm = 6,
};

/// Returns the instruction sets that this processor and its operating system have: bit i for set i.
uint32_t pare_cpu_isas(void);

/// Returns the set beyond which layers do not go unless told, or -1.
int pare_isa_limit(void);
/// Sets what pare_isa_limit returns; to be called before layers are made.
void pare_set_isa_limit(int isa);

/// Columns in one packed panel of weights, and lanes in one block of output parameters.
enum { pare_panel = 16 };

/// How int32 sums become outputs: `kind` 0 writes uint8, 1 writes floats, 2 writes uint8 where no scaled
/// sum leaves 32 bits. With a `residual`, a tensor of uint8 of the output's shape, `(residual -
/// residual_zero) * residual_factor` is added to scaled sums before uint8 are written; `start` is where
/// the output begins, so that kernels find their place in it.
struct pare_qoutput {
  int32_t kind;
  int32_t zero, min, max;
  float float_min, float_max;
  int32_t residual_zero;
  float residual_factor;
  const uint8_t *residual;
  const void *start;
};

/// Where the windows of a convolution lie: byte offsets into one image, negative when in the padding.
/// `rows` is [kernel_height][output_height], `columns` [kernel_width][output_width]. Output columns
/// inside_first ..< inside_last have no tap in the padding to their left or right.
struct pare_window {
  const int64_t *rows;
  const int64_t *columns;
  size_t kernel_height, kernel_width, output_height, output_width;
  size_t inside_first, inside_last;
  size_t image_bytes;
};

// MARK: Function types, one per operation of kernels.def

/// c[m][n] = clamp(bias + residual + sum over taps t, channels k of a[t * m + i][k] * b[...][j]).
/// `b` is panels of [taps * channels][16] floats, `b_stride` floats apart; `bias` is padded to panels.
typedef void pare_igemm_f32(
    size_t m, size_t n, size_t taps, size_t channels, const float *const *a, const float *b,
    size_t b_stride, const float *bias, const float *residual, float *c, size_t ldc, float min,
    float max);

/// c[m][n] = clamp(bias + residual + sum over k of a[i * lda + k] * b[...][j]), for any m and n: the same
/// product of rows that lie at regular steps. `b` and `bias` as above, for one tap of k channels.
typedef void pare_gemm_f32(
    size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t b_stride,
    const float *bias, const float *residual, float *c, size_t ldc, float min, float max);

/// Up to how many outputs, and steps by sixteens, gemm_f32 has its steps in lanes where it has 16 lanes.
enum { pare_gemm_dot_outputs = 4, pare_gemm_dot_depth = 512 };

/// pare_igemm_f32 for uint8 activations and int8 weights. `quads` is channels / 4 rounded up; `b` is panels
/// of [taps * quads][16][4], `b_stride` bytes apart. `q` is one block of 48 words per panel: 16 start
/// values, 16 factors (floats) and 16 biases (floats, for outputs of floats).
typedef void pare_igemm_u8s8(
    size_t m, size_t n, size_t taps, size_t quads, const uint8_t *const *a, const int8_t *b,
    size_t b_stride, const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output);

/// Depthwise: c[i][k] = clamp(bias[k] + residual + sum over t of a[t * m + i][k] * w[k / 16][t][k % 16]).
typedef void pare_dwconv_f32(
    size_t m, size_t channels, size_t taps, const float *const *a, const float *w,
    const float *bias, const float *residual, float *c, size_t ldc, float min, float max);

/// Depthwise on uint8: `w` is [channels / 64][taps / 4][64 in kernel order][4], `q` 4 blocks per 64.
typedef void pare_dwconv_u8s8(
    size_t m, size_t channels, size_t taps, const uint8_t *const *a, const int8_t *w,
    const int32_t *q, void *c, size_t ldc, const struct pare_qoutput *output);

/// Rows of outputs of a depthwise convolution with a square kernel of 3, 5 or 7 and column stride 1 or
/// 2. Row ky of the window of output row i is rows[i * row_stride + ky], `input_width` pixels; a row in
/// the padding is one of zeros (or zero points), and so is `zero`, one pixel at least. Rows and `zero`
/// have 64 readable bytes after their end.
struct pare_depthwise_rows {
  const void *const *rows;
  const void *zero;
  size_t count, row_stride;
  size_t kernel, stride, pad_left, input_width, output_width, channels;
};

/// `w` is [channels / 16][taps][16]; `c` and `residual` are rows of outputs, one behind the other.
typedef void pare_dwrow_f32(
    const struct pare_depthwise_rows *rows, const float *w, const float *bias,
    const float *residual, float *c, float min, float max);

/// `w` is [channels / 64][kernel rows / 4][kernel columns][64 in kernel order][4 kernel rows].
typedef void pare_dwrow_u8s8(
    const struct pare_depthwise_rows *rows, const int8_t *w, const int32_t *q, void *c,
    const struct pare_qoutput *output);

/// The sizes of a convolution that reads planes, one for each channel. Row ky of the window of channel c
/// is rows[ky * channels + c], `input_width` floats; what is left and right of it are zeros, and a row
/// above or below the image is one of zeros.
struct pare_planes {
  size_t channels, kernel_height, kernel_width, stride, pad_left, input_width, output_width;
};

/// What `pare_planes` may say: strides of columns of 1 or 2, and no more than these.
enum { pare_planes_channels = 4, pare_planes_kernel = 11 };

/// One row of outputs, n channels of each pixel: clamp(bias + sums). `b` is panels of
/// [kernel rows][kernel columns][channels][16] floats, `b_stride` apart; `bias` is padded to panels.
typedef void pare_planes_f32(
    const struct pare_planes *planes, const float *const *rows, size_t n, const float *b,
    size_t b_stride, const float *bias, float *c, float min, float max);

/// Rows to lanes: x[t * words + w][i] = 32-bit word w of row rows[t * m + i], with 16 * vectors lanes i
/// for each word; lanes from m on repeat the last row. `x` is aligned to 64 bytes.
typedef void pare_lanes_x32(
    size_t m, size_t vectors, size_t taps, size_t words, const void *const *rows, void *x);

/// Two of 16 outputs of a sparse product, and what comes next in its streams: `both` times two indices,
/// at each a weight of the first output and one of the second; then `each` times two indices and weights
/// of each output, first and second in turn.
struct pare_sparse_pair {
  uint8_t first, second;
  uint16_t both, each;
};

/// Sparse: sums[o][i] = start[o] + the stored weights w of output o times x[index][i], for 16 outputs in 8
/// pairs and 16 * vectors lanes i, vectors <= 8. A weight is four int8, and x[..][i] four uint8. Indices
/// and weights follow one another in the order of the pairs. Without `start`, sums go on. `x` and `sums` are aligned to 64 bytes.
typedef void pare_spmm_u8s8(
    size_t vectors, const int32_t *start, const struct pare_sparse_pair *pairs,
    const uint16_t *indices, const int32_t *w, const void *x, int32_t *sums);

/// The same for one float weight each.
typedef void pare_spmm_f32(
    size_t vectors, const float *start, const struct pare_sparse_pair *pairs,
    const uint16_t *indices, const float *w, const void *x, float *sums);

/// Sparse, balanced: as igemm_u8s8. The quads of a tap come in `segments` of `segment_bytes`, 64 at most,
/// but 64 are read of each. In a segment every output of a panel has counts[panel][tap][segment] quads at
/// most, 16 at most. `b`, aligned to 64 bytes, has for each of these segments, and for every eight of its
/// quads or fewer, 16 words of choices (those of an output: four bits for each quad, its place in the
/// segment, the first in the lowest bits), and then the quads, [count][16][4].
typedef void pare_bsgemm_u8s8(
    size_t m, size_t n, size_t taps, size_t segments, size_t segment_bytes,
    const uint8_t *const *a, const uint8_t *counts, const int8_t *b, const int32_t *q, void *c,
    size_t ldc, const struct pare_qoutput *output);

/// c[i][j] = what `output` says of sums[j][i], `stride` words from one output j to the next, n <= 16;
/// `q` as for igemm_u8s8. All 16 outputs may be read, of pixels up to the next multiple of 16.
typedef void pare_finish_u8s8(
    size_t m, size_t n, const int32_t *sums, size_t stride, const int32_t *q, void *c, size_t ldc,
    const struct pare_qoutput *output);

/// c[i][j] = clamp(sums[j][i] + residual[i][j]), likewise.
typedef void pare_finish_f32(
    size_t m, size_t n, const float *sums, size_t stride, const float *residual, float *c,
    size_t ldc, float min, float max);

/// The sizes of a 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3). Tiles of 4x4 output pixels are
/// counted along rows, then down, over all images; `output_pitch` floats lie from pixel to pixel of the
/// output, and of the residual.
struct pare_winograd {
  size_t input_height, input_width, channels;
  size_t output_height, output_width, output_channels, output_pitch;
  size_t pad_top, pad_left;
};

/// Transforms `count` panels of weights, [panel][9 taps][channels][16 outputs]: to
/// u[(6 y + x) * step + (panel * channels + channel) * 16 + output].
typedef void pare_winograd_weights_f32(
    size_t channels, size_t count, const float *weights, float *u, size_t step);

/// Transforms the inputs of `count` tiles: v[(6 y + x) * step + tile][channels up to a multiple of 16].
/// `zero` is one pixel of zeros.
typedef void pare_winograd_in_f32(
    const struct pare_winograd *sizes, const float *input, const float *zero, size_t first,
    size_t count, float *v, size_t step);

/// Transforms sums, which lie as `v` above, to outputs: clamp(y + bias + residual). `bias` is padded to
/// a multiple of 16; `residual` and `output` are whole tensors.
typedef void pare_winograd_out_f32(
    const struct pare_winograd *sizes, const float *m, size_t step, size_t first, size_t count,
    const float *bias, const float *residual, float *output, float min, float max);

/// y[i] = f(x[i]); `operation` numbers as in UnaryOperation, `p` and `q` are its parameters.
typedef void pare_unary_f32(
    int operation, size_t count, const float *x, float *y, float p, float q);

/// y[r][i] = clamp(a[r][i] op b[r][i]), `operation` numbers as in BinaryOperation. Rows of `a` and `y`
/// lie behind each other; those of `b` are b_row elements apart (0: one for all) and its elements
/// b_step, 0 for one scalar in a row, else 1.
typedef void pare_binary_f32(
    int operation, size_t rows, size_t count, const float *a, const float *b, size_t b_row,
    size_t b_step, float *y, float min, float max);

/// y[r][i] = clamp(x[r][i] * scale[i] + bias[i]) in two roundings; rows lie behind each other.
typedef void pare_affine_f32(
    size_t rows, size_t count, const float *x, const float *scale, const float *bias, float *y,
    float min, float max);

/// The same for uint8: v = (x - x_zero) * scale[i] + bias[i] in float32, then as in sums of bytes.
struct pare_affine_u8_parameters {
  int32_t x_zero, zero, min, max;
};
typedef void pare_affine_u8(
    size_t rows, size_t count, const uint8_t *x, const float *scale, const float *bias,
    uint8_t *y, const struct pare_affine_u8_parameters *parameters);

/// y = zero + round half to even(v held within min - zero ... max - zero), where
/// v = (a - za) * fa + (b - zb) * fb in float32, each operation rounded by itself. Operands are walked
/// as those of pare_binary_f32.
struct pare_add_u8_parameters {
  int32_t a_zero, b_zero;
  float a_factor, b_factor;
  int32_t zero, min, max;
};
typedef void pare_add_u8(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_add_u8_parameters *parameters);

/// The same with v = (a - za) * (b - zb) * f, the first product exact.
struct pare_mul_u8_parameters {
  int32_t a_zero, b_zero;
  float factor;
  int32_t zero, min, max;
};
typedef void pare_mul_u8(
    size_t rows, size_t count, const uint8_t *a, const uint8_t *b, size_t b_row, size_t b_step,
    uint8_t *y, const struct pare_mul_u8_parameters *parameters);

/// y[i] = table[x[i]].
typedef void pare_lookup_u8(size_t count, const uint8_t *x, uint8_t *y, const uint8_t *table);

/// y[i] = saturate(round half to even(x[i] / scale) + zero).
typedef void pare_quantize_u8(size_t count, const float *x, uint8_t *y, float scale, int32_t zero);

/// The same, from planes that lie `pitch` elements apart to pixels: y[i][c] from x[c][i].
typedef void pare_quantize_planes_u8(
    size_t channels, size_t pixels, const float *x, size_t pitch, uint8_t *y, float scale,
    int32_t zero);

/// y[c * y_pitch + r] = x[r * x_pitch + c] for c in columns and r in rows, elements of one byte.
typedef void pare_transpose_x8(
    size_t rows, size_t columns, const void *x, size_t x_pitch, void *y, size_t y_pitch);

/// The same for elements of four bytes.
typedef void pare_transpose_x32(
    size_t rows, size_t columns, const void *x, size_t x_pitch, void *y, size_t y_pitch);

/// y[i] = (x[i] - zero) * scale.
typedef void pare_dequantize_u8(size_t count, const uint8_t *x, float *y, float scale, int32_t zero);

/// result[0] = least, result[1] = greatest of x[0 ..< count] and what result held.
typedef void pare_min_max_f32(size_t count, const float *x, float *result);

/// Softmax of rows that lie behind each other.
typedef void pare_softmax_f32(size_t rows, size_t count, const float *x, float *y);

/// Rows less their mean, over their deviation, times scale, plus bias (or NULL). Sums are taken in 64
/// lanes, element i in lane i mod 64; lanes 16 apart are added as (0 + 1) + (2 + 3), then 8, 4, 2 and 1
/// apart. `means` and `inverses` get the statistics of each row, or are NULL.
typedef void pare_layernorm_f32(
    size_t rows, size_t count, const float *x, float *y, const float *scale, const float *bias,
    float epsilon, float *means, float *inverses);

/// The same for uint8. With s and q the exact sums of x - zx and of its squares, in double:
/// mean = s / n, r = sx / sqrt(max(q / n - mean * mean, 0) * sx * sx + epsilon). Then, in float32,
/// v = ((x - zx) - mean) * r * scale + bias, and y = zero + v as in sums; scale and bias are in steps
/// of the output's scale.
struct pare_layernorm_u8_parameters {
  double x_scale, epsilon;
  int32_t x_zero, zero;
};
typedef void pare_layernorm_u8(
    size_t rows, size_t count, const uint8_t *x, uint8_t *y, const float *scale,
    const float *bias, const struct pare_layernorm_u8_parameters *parameters);

/// Windows of one size, side by side in channels-last memory. Window i begins at element
/// i * pixel_step of the input; its taps lie plane_step, row_step and column_step elements apart. The
/// output of window i begins at element i * channels.
struct pare_pool_windows {
  size_t pixels, pixel_step, planes, plane_step, rows, row_step, columns, column_step, channels;
};

/// y[k] = the greatest over the taps (`divisor` below 0), or their sum, in their order, over `divisor`.
typedef void pare_pool_f32(
    const struct pare_pool_windows *windows, const float *x, float *y, float divisor);

/// y[k] = the greatest over the taps (`factor` below 0), or zero + round half to even(v held within -zero ...
/// 255 - zero) with v = (start + sum) * factor in float32, the sum exact.
typedef void pare_pool_u8(
    const struct pare_pool_windows *windows, const uint8_t *x, uint8_t *y, int32_t start,
    float factor, int32_t zero);

// Training; sums are taken in any order.

/// c[i][j] += sum over p of a[p * lda + i] * b[p][offset + j], for tiles of m by n at most; rows of c are ldc
/// floats apart.
typedef void pare_outer_f32(
    size_t m, size_t n, size_t pixels, const float *a, size_t lda, const float *const *b,
    size_t offset, float *c, size_t ldc);

/// c[t * ldc + k] += sum over p of a[p * lda + k] * b[t * b_stride + p][offset + k].
typedef void pare_channelwise_f32(
    size_t channels, size_t taps, size_t pixels, const float *a, size_t lda,
    const float *const *b, size_t b_stride, size_t offset, float *c, size_t ldc);

/// sums[k] and squares[k]: those of x[r][k] - shift[k] over rows, which lie behind each other.
typedef void pare_moments_f32(
    size_t rows, size_t channels, const float *x, const float *shift, float *sums,
    float *squares);

/// sums[k] of d[r][k], and products[k] of d[r][k] * (x[r][k] - shift[k]) unless x is NULL, where d is g
/// where low < y < high, else 0; all of g where y is NULL. With y and without x, d is written to `out`,
/// which may be g.
typedef void pare_gradient_sums_f32(
    size_t rows, size_t channels, const float *x, const float *y, const float *g, float low,
    float high, const float *shift, float *out, float *sums, float *products);

/// to[r][k] = factors[k] * d[r][k] + slopes[k] * x[r][k] + offsets[k], with d as above, added to what is
/// there where `adds`; `to` may be g.
typedef void pare_normalized_gradient_f32(
    size_t rows, size_t channels, const float *x, const float *y, const float *g, float low,
    float high, const float *factors, const float *slopes, const float *offsets, float *to,
    int adds);

/// to[i] = g[i] where low < y[i] < high, else 0; added to what is there where `adds`.
typedef void pare_clamp_gradient_f32(
    size_t count, const float *y, const float *g, float low, float high, float *to, int adds);

/// to[i] += factor * x[i].
typedef void pare_accumulate_f32(size_t count, const float *x, float factor, float *to);

/// Multiply-adds on `operands`, 128 bytes, and nothing else: as many as rows times columns of its line
/// in each round. Leaves 64 bytes at `sums`, so that no compiler drops the work.
typedef void pare_probe_f32(size_t rounds, const void *operands, void *sums);
typedef void pare_probe_u8s8(size_t rounds, const void *operands, void *sums);

/// Changes `rounds` lines of 64 bytes of `memory` in place, each by the first of `operands`.
typedef void pare_probe_update(size_t rounds, const void *operands, void *memory);

// MARK: The table

#define PARE_KERNEL(operation, symbol, m, n, isa) pare_##operation symbol;
#include "kernels.def"
#undef PARE_KERNEL

/// Operations in the order of the Swift enumeration KernelOperation.
enum pare_operation {
  pare_op_igemm_f32,
  pare_op_gemm_f32,
  pare_op_igemm_u8s8,
  pare_op_dwconv_f32,
  pare_op_dwconv_u8s8,
  pare_op_dwrow_f32,
  pare_op_dwrow_u8s8,
  pare_op_winograd_weights_f32,
  pare_op_winograd_in_f32,
  pare_op_winograd_out_f32,
  pare_op_planes_f32,
  pare_op_lanes_x32,
  pare_op_spmm_u8s8,
  pare_op_spmm_f32,
  pare_op_bsgemm_u8s8,
  pare_op_finish_u8s8,
  pare_op_finish_f32,
  pare_op_unary_f32,
  pare_op_binary_f32,
  pare_op_affine_f32,
  pare_op_affine_u8,
  pare_op_add_u8,
  pare_op_mul_u8,
  pare_op_lookup_u8,
  pare_op_quantize_u8,
  pare_op_quantize_planes_u8,
  pare_op_transpose_x8,
  pare_op_transpose_x32,
  pare_op_dequantize_u8,
  pare_op_min_max_f32,
  pare_op_softmax_f32,
  pare_op_layernorm_f32,
  pare_op_layernorm_u8,
  pare_op_pool_f32,
  pare_op_pool_u8,
  pare_op_outer_f32,
  pare_op_channelwise_f32,
  pare_op_moments_f32,
  pare_op_gradient_sums_f32,
  pare_op_normalized_gradient_f32,
  pare_op_clamp_gradient_f32,
  pare_op_accumulate_f32,
  pare_op_probe_f32,
  pare_op_probe_u8s8,
  pare_op_probe_update,
};

/// One line of kernels.def.
struct pare_kernel {
  int operation;
  const char *name;
  int m, n;
  int isa;
  void (*function)(void);
};

/// Returns the number of lines in the table.
size_t pare_kernel_count(void);
/// Returns line `index` of the table.
const struct pare_kernel *pare_kernel_at(size_t index);

// MARK: Shared by kernels of every instruction set

/// Writes out[t * m + i], the row of tap t for output pixel first + i: inside `input`, or `zero`.
void pare_window_rows(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, const uint8_t **out);

/// Writes out[ky * m + i], the taps of kernel row ky side by side for output pixel first + i: inside
/// `input`, or copied to `copies` where some are in the padding, `segment_bytes` apart. Up to 15 bytes
/// past each tap are read and written.
void pare_window_segments(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, size_t tap_bytes, size_t segment_bytes, uint8_t *copies, const uint8_t **out);

/// Copies the windows of m pixels into rows of `row_bytes`, taps side by side, `tap_bytes` each.
/// Up to 15 bytes past each tap are read, and up to 15 past each row are written.
void pare_window_pack(
    const struct pare_window *window, const uint8_t *input, const uint8_t *zero, size_t first,
    size_t m, size_t tap_bytes, size_t row_bytes, uint8_t *out);

// MARK: Threads

/// A set of parked threads that share out the parts of one task at a time.
struct pare_pool;
/// Returns a pool of `threads` threads, the caller's among them, or NULL when none can be had.
struct pare_pool *pare_pool_create(size_t threads);
/// Ends the threads and frees the pool.
void pare_pool_destroy(struct pare_pool *pool);
/// Calls body(context, thread, part) once for each part, and returns when all have ended; `thread`, below
/// the number of threads, is another for parts that run at the same time.
void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t thread, size_t part),
    void *context);
