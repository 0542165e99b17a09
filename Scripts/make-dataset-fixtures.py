#!/usr/bin/env python3
"""Make Tests/DatasetsTests/Fixtures: tiny images, arrays and archives, and what Pillow and numpy read.

Needs numpy and Pillow 13, whose order of passes in resizing is expected.
Usage: Scripts/make-dataset-fixtures.py [FOLDER]
"""
import gzip
import io
import pathlib
import struct
import sys
import tarfile
import zlib

import numpy as np
from PIL import Image, ImageDraw

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "Tests/DatasetsTests/Fixtures")
WIDTH, HEIGHT = 37, 53


def drawing(width=WIDTH, height=HEIGHT):
    """A picture with edges, gradients and noise, the same every time."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(7).integers(0, 40, (height, width))
    pixels = np.stack([x * 255 // width, y * 255 // height, (x * y) % 216 + noise], -1)
    picture = Image.fromarray(pixels.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=(250, 30, 60))
    pen.line((0, height, width, 0), fill=(0, 255, 255), width=2)
    return picture


def png(samples, depth, color, interlaced=False):
    """The bytes of a PNG of kinds that Pillow does not write: 16-bit colors, Adam7."""
    height, width = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                  (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, dx, dy in passes:
        part = samples[y::dy, x::dx].astype(">u2" if depth == 16 else "u1")
        if part.shape[1]:
            rows += b"".join(b"\0" + row.tobytes() for row in part)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def images():
    """Images, and the pixels that Pillow decodes (in mode L or RGB) under their names."""
    color = drawing()
    gray = color.convert("L")
    alpha = color.copy()
    alpha.putalpha(gray)
    files = {
        "color-444.jpg": encoded(color, "JPEG", quality=90, subsampling=0),
        "color-422.jpg": encoded(color, "JPEG", quality=80, subsampling=1),
        "color-420.jpg": encoded(color, "JPEG", quality=75, subsampling=2),
        "progressive.jpg": encoded(color, "JPEG", quality=75, progressive=True),
        "restarts.jpg": encoded(color, "JPEG", quality=75, restart_marker_rows=1),
        "gray.jpg": encoded(gray, "JPEG", quality=85),
        "one-pixel.jpg": encoded(color.crop((5, 5, 6, 6)), "JPEG"),
        "color.png": encoded(color, "PNG"),
        "gray.png": encoded(gray, "PNG"),
        "palette.png": encoded(color.quantize(17), "PNG", transparency=3),
        "bits.png": encoded(gray.convert("1"), "PNG"),
        "alpha.png": encoded(alpha, "PNG"),
        "gray-alpha.png": encoded(alpha.convert("LA"), "PNG"),
        "interlaced.png": png(np.asarray(color), 8, 2, interlaced=True),
        "color-16.png": png(np.asarray(color).astype(np.uint16) * 256 + 99, 16, 2),
    }
    expected = {}
    for name, data in files.items():
        (OUT / name).write_bytes(data)
        picture = Image.open(io.BytesIO(data))
        pixels = picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")
        expected[name] = np.asarray(pixels)
    # Pillow clips 16-bit gray instead of scaling it: the upper halves are expected here.
    (OUT / "gray-16.png").write_bytes(png(np.asarray(gray).astype(np.uint16) * 256 + 7, 16, 0))
    expected["gray-16.png"] = np.asarray(gray)
    np.savez_compressed(OUT / "pixels.npz", **expected)
    (OUT / "cmyk.jpg").write_bytes(encoded(color.convert("CMYK"), "JPEG"))


def resized():
    """color.png resized by Pillow, in arrays named by width and height."""
    color = drawing()
    sizes = [(37, 53), (37, 20), (10, 53), (18, 26), (36, 52), (11, 7), (1, 1), (1, 53), (37, 1),
             (3, 90), (80, 5), (50, 71)]
    arrays = {f"{w}x{h}": np.asarray(color.resize((w, h), Image.BILINEAR)) for w, h in sizes}
    tiny = color.crop((3, 4, 4, 5))
    arrays["1x1-to-4x3"] = np.asarray(tiny.resize((4, 3), Image.BILINEAR))
    arrays["gray-18x26"] = np.asarray(color.convert("L").resize((18, 26), Image.BILINEAR))
    np.savez_compressed(OUT / "resized.npz", **arrays)


def tensors():
    """Inputs made of color.png and gray.png by Pillow and numpy."""
    color = drawing()
    mean = np.asarray((.485, .456, .406), np.float32)
    deviation = np.asarray((.229, .224, .225), np.float32)

    def photo(picture, short, crop, size):
        w, h = picture.size
        if min(w, h) != short:
            scale = min(w, h)
            picture = picture.resize((round(w * short / scale), round(h * short / scale)),
                                     Image.BILINEAR)
        w, h = picture.size
        left, top = (w - crop) // 2, (h - crop) // 2
        picture = picture.crop((left, top, left + crop, top + crop))
        if size != crop:
            picture = picture.resize((size, size), Image.BILINEAR)
        return np.asarray(picture, np.float32)

    signed = (photo(color, 40, 33, 20) / 255 - np.float32(.5)) / np.float32(.5)
    straight = np.asarray(color.resize((16, 12), Image.BILINEAR), np.float32)
    luma = color.convert("L")
    np.savez_compressed(
        OUT / "tensors.npz",
        imagenet=((photo(color, 30, 25, 25) / 255 - mean) / deviation).transpose(2, 0, 1),
        kept=((photo(color, 37, 24, 24) / 255 - mean) / deviation).transpose(2, 0, 1),
        signed=signed.transpose(2, 0, 1),
        nhwc=(straight / 255 - mean) / deviation,
        bgr=((straight[..., ::-1] / 255 - mean) / deviation).transpose(2, 0, 1),
        gray=((np.asarray(luma.resize((28, 28), Image.BILINEAR), np.float32) / 255
               - np.float32(.1307)) / np.float32(.3081))[None],
        tall=photo(color.crop((10, 0, 24, HEIGHT)), 8, 8, 8).transpose(2, 0, 1),
        replicated=np.repeat(
            np.asarray(luma.resize((9, 8), Image.BILINEAR), np.float32)[None], 3, 0))


def arrays():
    """.npy and .npz files, sound ones and ones to be refused."""
    base = np.arange(24).reshape(2, 3, 4)
    for kind in ["f4", "f8", "f2", "u1", "i1", "u2", "i2", "i4", "i8", "u4", "u8"]:
        np.save(OUT / f"array-{kind}.npy", (base - (0 if kind[0] == "u" else 12)).astype(kind))
    np.save(OUT / "array-b1.npy", base % 3 == 0)
    np.save(OUT / "scalar.npy", np.float32(1.5))
    np.save(OUT / "vector.npy", np.arange(5, dtype=np.float32))
    np.save(OUT / "empty.npy", np.zeros((0, 4), np.float32))
    np.save(OUT / "fortran.npy", np.asfortranarray(base.astype(np.float32)))
    np.save(OUT / "big-endian.npy", base.astype(">f4"))
    np.save(OUT / "complex.npy", base.astype(np.complex64))
    np.save(OUT / "records.npy", np.zeros(3, [("a", "<f4"), ("b", "<i4")]))
    for version in (2, 3):
        with open(OUT / f"version-{version}.npy", "wb") as file:
            np.lib.format.write_array(file, base.astype(np.float32), version=(version, 0))
    pair = {"ids": base.astype(np.int64), "mask": (base % 2).astype(np.float32)}
    np.savez(OUT / "stored.npz", **pair)
    np.savez_compressed(OUT / "deflated.npz", **pair)


def archives():
    """A WebDataset in three dialects of tar, and a pair of IDX files."""
    members = []
    for index, name in enumerate(["color-420.jpg", "gray.jpg", "palette.png"]):
        members.append((f"{index:05}.{name[-3:]}", (OUT / name).read_bytes()))
        members.append((f"{index:05}.cls", str(index * 3).encode()))
    members.append(("00003.json", b"{}"))
    long = "a-folder-with-a-long-name/" * 5
    dialects = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
    for dialect, number in dialects.items():
        folder = long if dialect != "ustar" else "a/"
        with tarfile.open(OUT / f"{dialect}.tar", "w", format=number) as tar:
            for name, data in members:
                info = tarfile.TarInfo(folder + name)
                info.size = len(data)
                if dialect == "pax":
                    info.pax_headers = {"comment": "größe"}
                tar.addfile(info, io.BytesIO(data))
        # Python pads to 10 KiB; two blocks of zeros are enough.
        path = OUT / f"{dialect}.tar"
        data = path.read_bytes().rstrip(b"\0")
        path.write_bytes(data + bytes(-len(data) % 512 + 1024))
    images = np.random.default_rng(3).integers(0, 256, (5, 7, 6), np.uint8)
    pixels = struct.pack(">IIII", 0x803, *images.shape) + images.tobytes()
    labels = struct.pack(">II", 0x801, 5) + bytes([4, 0, 9, 1, 7])
    (OUT / "plain-images-idx3-ubyte").write_bytes(pixels)
    (OUT / "plain-labels-idx1-ubyte").write_bytes(labels)
    (OUT / "packed-images-idx3-ubyte.gz").write_bytes(gzip.compress(pixels, mtime=0))
    (OUT / "packed-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels, mtime=0))
    np.save(OUT / "idx.npy", images)


OUT.mkdir(parents=True, exist_ok=True)
images()
resized()
tensors()
arrays()
archives()
