"""The scales stream, and what stored elements stand for."""

from __future__ import annotations

from typing import Optional, Tuple

import numpy as np

from .errors import check
from .layout import aligned
from .records import Record


def read_scales(record: Record, stream: np.ndarray) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """The scales as float32, and the zero points as int32 where there are any."""
    n, start = record.scale_count, record.scales_offset
    if record.flags & 8:
        largest = stream[:4].view("<f4")
        with np.errstate(all="ignore"):
            scales = largest * stream[4:].view("<f2").astype(np.float32)
        size, first = 2, start + 4
    else:
        scales = stream[: 4 * n].view("<f4")
        size, first = 4, start
    bits = scales.view("<u4")
    wrong = np.flatnonzero((bits < 0x00800000) | (bits > 0x7F7FFFFF))
    if len(wrong):
        check(False, "scale", first + size * int(wrong[0]), "a scale is no positive normal number")
    if not record.flags & 4:
        return scales, None
    zeros = stream[4 * n:].view("<i4")
    least, most = record.type.limits or (0, 0)
    wrong = np.flatnonzero((zeros < least) | (zeros > most))
    if len(wrong):
        check(False, "zeroPoint", start + 4 * n + 4 * int(wrong[0]), "a zero point is out of range")
    check(bool(zeros.any()), "zeroPoint", start, "all zero points are zero, and stored")
    check(record.encoding == "dense", "sparseZeroPoint", start,
          f"{record.encoding} with zero points")
    return scales, zeros


def real_numbers(elements: np.ndarray, record: Record, scales: Optional[np.ndarray],
                 zeros: Optional[np.ndarray]) -> np.ndarray:
    """float32 of what is quantized, float16 or bfloat16; other elements as they are."""
    if record.type.name == "bfloat16":
        return (elements.astype(np.uint32) << 16).view(np.float32)
    if record.type.name == "float16":
        return elements.astype(np.float32)
    if scales is None:
        return elements
    along = [1] * len(record.shape)
    if record.flags & 2:
        along[record.axis] = -1
    if zeros is not None:
        wide = np.int64 if record.type.size == 4 else np.int32
        elements = elements.astype(wide) - zeros.astype(wide).reshape(along)
    real = elements.astype(np.float32)
    with np.errstate(all="ignore"):
        real *= scales.reshape(along)
    return real


def streams(record: Record, data: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes of the positions, values and scales; ``data`` are those of the file."""
    starts = (record.offset, record.values_offset, record.scales_offset)
    sizes = (record.positions, record.values, record.scales)
    first, second, third = (data[a: a + size] for a, size in zip(starts, sizes))
    return first, second, third


def gaps(record: Record) -> Tuple[Tuple[int, int], Tuple[int, int]]:
    """The padding behind positions and behind values, from and to."""
    a, b = record.offset + record.positions, record.values_offset + record.values
    return (a, aligned(a, 16)), (b, aligned(b, 16))
