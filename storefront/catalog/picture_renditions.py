"""Decode a picture and make its renditions: within this process, or as a program whose memory is limited.

As a program: `python picture_renditions.py FOLDER [WIDTH.FORMAT …]` reads the file from standard input, writes these
renditions into the folder (without names those that are made when a picture arrives), and prints the picture's width
and height. It exits with REFUSED and a sentence on standard error if the file cannot be used. So this module imports
nothing of the shop.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # the functions import Pillow: most processes of the shop never open a picture
    from PIL import Image

WIDTHS = (320, 640, 1024)
# For large screens and for zooming: made when the picture arrives, shown once it has all its renditions.
LARGE_WIDTH = 1536
# For phones: two cards side by side, and one picture as wide as the screen; made in the background, as all AVIF files
# are.
PHONE_WIDTHS = (384, 768)
MAX_PIXELS = 50_000_000
# Pixels of the largest picture that is decoded within the shop's own process: 4 bytes each, and a copy or two.
MAX_OWN_PIXELS = 4_000_000
# Of the program: the largest picture in memory twice (turned, or in other colours), and the program itself.
MAX_MEMORY = 768 * 1024 * 1024
MAX_CPU = 60  # seconds
REFUSED = 3
FAILED = 4  # the disk did; standard error has the number of the error
_MAX_HEIGHT = 16_383  # of a WebP picture (RFC 9649, 2.6)
# The formats that are read, by Pillow's names; it calls a JPEG file with several pictures MPO.
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
# Brands of HEIC files (ISO/IEC 23008-12, 10.2); "mif1" alone may also begin an AVIF file.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1")
_FORMATS = [name for name in MEDIA_TYPES if name != "MPO"]
# How Pillow writes each kind of file. AVIF at 50 looks like WebP at 80 (41 to 45 dB) in about half of the bytes; all
# AVIF files of a picture take half a second, at speed 6 twice as long for 7 % fewer bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 2},
    "avif": {"quality": 50, "speed": 7, "max_threads": 1},
}


class Rendition(NamedTuple):
    """One file of a picture: its width in pixels, and its format, `webp` or `avif`."""

    width: int
    format: str

    @property
    def name(self) -> str:
        """The end of its file's name."""
        return f"{self.width}.{self.format}"


class RefusedError(Exception):
    """The file is not a usable picture; the text says why."""


def read_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the head of a picture file, before anything is decoded.

    Raises:
        RefusedError: the file is not a picture that the shop can use, or has too many pixels.
    """
    with open_picture(data) as source:
        width, height = source.size
    if width * height > MAX_PIXELS:
        raise RefusedError(f"The picture has {width} × {height} pixels: too many.")
    return width, height


def upright_size(source: Image.Image) -> tuple[int, int]:
    """Return width and height of an opened picture, turned as its EXIF orientation says. Some formats decode."""
    # In EXIF orientations 5 to 8 width and height are swapped (Exif 2.32, 4.6.4 A).
    turned = source.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (source.height, source.width) if turned else source.size


@contextmanager
def open_picture(data: bytes) -> Iterator[Image.Image]:
    """Open a picture file that `read_size` has accepted; nothing is decoded yet.

    Raises:
        RefusedError: in the block or at its beginning, the file cannot be decoded, or needs too much memory.
    """
    from PIL import Image

    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and b"avif" not in data[8:64]:
        raise RefusedError("HEIC pictures cannot be read. Save it as JPEG, as browsers on phones do.")
    if data[:512].lstrip().startswith((b"<svg", b"<?xml", b"<!--")):
        raise RefusedError("SVG pictures are refused, since they can contain scripts. Save it as PNG.")
    with _explained(), Image.open(io.BytesIO(data), formats=_FORMATS) as source:
        yield source


def rendition_widths(width: int) -> list[int]:
    """Return the widths that every picture has: those of the layout that it can fill, at least one."""
    return [w for w in WIDTHS if w <= width] or [min(width, WIDTHS[0])]


def first_renditions(width: int) -> list[Rendition]:
    """Return the renditions that are made when a picture of this width arrives: the source is not kept."""
    large = [LARGE_WIDTH] if width >= LARGE_WIDTH else []
    return [Rendition(w, "webp") for w in (*rendition_widths(width), *large)]


def all_renditions(width: int) -> list[Rendition]:
    """Return all renditions of a picture whose widest one has this width."""
    widths = [w for w in sorted((*WIDTHS, *PHONE_WIDTHS, LARGE_WIDTH)) if w <= width] or [width]
    return [Rendition(w, name) for w in widths for name in _OPTIONS]


def render(source: Image.Image, wanted: Sequence[Rendition]) -> Iterator[tuple[Rendition, bytes]]:
    """Decode an opened picture; yield each wanted rendition with its file, the widest first.

    Raises:
        RefusedError: the picture is too tall for its width.
    """
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(source, in_place=True)
    mode = "RGBA" if source.mode in ("RGBA", "LA", "PA", "P") else "RGB"
    picture = source if source.mode == mode else source.convert(mode)
    for rendition in sorted(wanted, reverse=True):
        width = rendition.width
        height = max(1, round(picture.height * width / picture.width))
        if height > _MAX_HEIGHT:
            raise RefusedError(f"The picture has {source.width} × {source.height} pixels: it is too tall.")
        if width != picture.width:
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        picture.save(file, rendition.format, **_OPTIONS[rendition.format])
        yield rendition, file.getvalue()


def draw_icon(source: Image.Image, width: int, kind: str, *, square: bool) -> bytes:
    """Return an opened picture as a PNG or ICO file of this width; a square one has a margin where it needs one.

    The margin is transparent, but white in PNG: phones show nothing else behind an icon.
    """
    from PIL import Image, ImageOps

    picture = source.convert("RGBA")
    if not square:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    else:
        picture = ImageOps.pad(picture, (width, width), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    if square and kind == "png":
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture).convert("RGB")
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the errors of the library into sentences; its warnings are of no use to the reader of a report."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise RefusedError("The file is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF picture.") from error
    except MemoryError as error:
        raise RefusedError("The picture needs too much memory.") from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk: Pillow's own errors have no number
        raise RefusedError(f"The picture cannot be read: {error}.") from error


def main(folder: Path, names: Sequence[str]) -> int:
    """Do what the module's first lines say; return the exit status."""
    if names:  # nobody waits for these
        os.nice(19)
    with suppress(OSError, ValueError):  # macOS refuses a limit below what a process has reserved
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU, MAX_CPU))
    data = sys.stdin.buffer.read()
    try:
        with open_picture(data) as source:
            width, height = upright_size(source)
            given = [Rendition(int(each), kind) for each, _, kind in (name.partition(".") for name in names)]
            for rendition, file in render(source, given or first_renditions(width)):
                (folder / rendition.name).write_bytes(file)
    except RefusedError as error:
        sys.stderr.write(str(error))
        return REFUSED
    except OSError as error:
        sys.stderr.write(str(error.errno or 0))
        return FAILED
    sys.stdout.write(f"{width} {height}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
