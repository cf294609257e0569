"""Picture files: stored as WebP renditions in the widths of the layout, named by the digest of their source."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from storefront.errors import StorefrontError

WIDTHS = (320, 640, 1024)
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
# Part of each digest: if renditions are made in another way, they get new names, so `immutable` stays true.
_RECIPE = b"webp-q80-m2-320-640-1024-v1\n"
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


class PictureError(StorefrontError):
    """The bytes are not a usable picture; the text says why."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture in the media directory. Width and height are those of its source, in pixels."""

    digest: str
    width: int
    height: int


def digest_of(data: bytes) -> str:
    """Return the digest that names the renditions of a picture file."""
    return hashlib.sha256(_RECIPE + data).hexdigest()[:32]


def store(data: bytes, media_dir: Path, *, finished: bool = False) -> StoredPicture:
    """Make the picture's missing renditions in the media directory; return its digest and size.

    Args:
        data: the picture's file.
        media_dir: the directory of all renditions.
        finished: the file is a WebP picture of our own, as wide as the widest rendition and without metadata:
            it becomes that rendition as it is, without being encoded again.

    SVG is refused: it can contain scripts.

    Raises:
        PictureError: the file is not a JPEG, PNG, WebP, GIF, BMP or TIFF picture, or it is too large.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"The picture has {len(data):,} bytes; the most is {MAX_BYTES:,}.")
    digest = digest_of(data)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as source:
            if source.width * source.height > MAX_PIXELS:
                raise PictureError(f"The picture has {source.width} × {source.height} pixels: too many.")
            width, height = _upright_size(source)
            missing = _missing(digest, width, media_dir)
            if finished and width in missing:
                _write(rendition_path(digest, width, media_dir), data)
                missing.remove(width)
            if missing:
                _render(source, digest, missing, media_dir)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise PictureError("The file is not a JPEG, PNG, WebP, GIF, BMP or TIFF picture.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"The picture cannot be read: {error}.") from error
    return StoredPicture(digest, width, height)


def rendition_widths(width: int) -> list[int]:
    """Return the widths of a picture's renditions: those of the layout that it can fill, at least one."""
    return [w for w in WIDTHS if w <= width] or [min(width, WIDTHS[0])]


def rendition_path(digest: str, width: int, media_dir: Path) -> Path:
    """Return the file of a rendition."""
    return media_dir / digest[:2] / f"{digest}-{width}.webp"


def _missing(digest: str, width: int, media_dir: Path) -> list[int]:
    return [w for w in rendition_widths(width) if not rendition_path(digest, w, media_dir).exists()]


def _upright_size(source: Image.Image) -> tuple[int, int]:
    # In EXIF orientations 5 to 8 width and height are swapped (Exif 2.32, 4.6.4 A).
    turned = source.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (source.height, source.width) if turned else source.size


def _render(source: Image.Image, digest: str, wanted: list[int], media_dir: Path) -> None:
    upright = ImageOps.exif_transpose(source)
    picture = upright.convert("RGBA" if upright.mode in ("RGBA", "LA", "PA", "P") else "RGB")
    for width in sorted(wanted, reverse=True):
        height = max(1, round(picture.height * width / picture.width))
        if width != picture.width:
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=80, method=2)
        _write(rendition_path(digest, width, media_dir), file.getvalue())


def _write(target: Path, data: bytes) -> None:
    """Write a temporary file and rename it, so that no half-written picture is served."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
