"""Hostile picture files, made here: small files that would take much memory or time."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file (RFC 2083, 3.2)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(width: int, height: int, *extra: bytes, colour: int = 6) -> bytes:
    """Return a PNG file of one colour: a bomb, if it is large. `extra` are chunks before the pixels."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    pack = zlib.compressobj(9)
    row = b"\x00" * (1 + channels * width)
    pixels = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return _SIGNATURE + head + b"".join(extra) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def png_head(width: int, height: int) -> bytes:
    """Return a PNG file that says it has this size, and has nothing else."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return _SIGNATURE + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


_ZEROS = zlib.compress(b"\x00" * 30_000_000, 9)  # 30 kB
# Chunks that are much larger once they are decompressed.
CHUNKS = {
    "zTXt": chunk(b"zTXt", b"a\x00\x00" + _ZEROS),
    "iTXt": chunk(b"iTXt", b"a\x00\x01\x00\x00\x00" + _ZEROS),
    "iCCP": chunk(b"iCCP", b"a\x00\x00" + _ZEROS),
    "many zTXt": chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"\x00" * 1_000_000, 9)) * 200,
    "tEXt": chunk(b"tEXt", b"a\x00" + b"b" * 5_000_000),
}


def many_frames(count: int) -> bytes:
    """Return an animation with so many frames."""
    frames = [Image.new("P", (300, 300), number % 250) for number in range(count)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def jpeg_with_exif(exif: bytes) -> bytes:
    """Return a JPEG file whose EXIF block holds these bytes."""
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "red").save(file, "JPEG", exif=b"Exif\x00\x00" + exif)
    return file.getvalue()
