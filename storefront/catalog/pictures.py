"""Picture files: stored as renditions in the widths of the layout, named by the digest of their source."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storefront.catalog import picture_renditions
from storefront.catalog.picture_renditions import RefusedError, Rendition
from storefront.errors import StorefrontError

WIDTHS, LARGE_WIDTH = picture_renditions.WIDTHS, picture_renditions.LARGE_WIDTH
rendition_widths = picture_renditions.rendition_widths
MEDIA_TYPES = picture_renditions.MEDIA_TYPES
MAX_BYTES = 20 * 1024 * 1024
MAX_SECONDS = 90  # for a large picture
# The memory of large pictures would add up; so would the work on those that nobody waits for.
_ONE_LARGE = threading.Lock()
# Part of each digest: if renditions are made in another way, they get new names, so `immutable` stays true. Further
# widths and formats are files of their own, and leave it as it is.
_RECIPE = b"webp-q80-m2-320-640-1024-v1\n"


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
    """Make the first renditions of a picture that are missing in the media directory; return its digest and size.

    Args:
        data: the picture's file.
        media_dir: the directory of all renditions.
        finished: the file is a WebP picture of our own, as wide as one of its renditions and without metadata:
            it becomes that rendition as it is, without being encoded again.

    SVG is refused: it can contain scripts.

    Raises:
        OSError: the renditions cannot be written.
        PictureError: the file is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF picture, or it is too large.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"The picture has {len(data):,} bytes; the most is {MAX_BYTES:,}.")
    digest = digest_of(data)
    try:
        width, height = picture_renditions.read_size(data)
        if width * height > picture_renditions.MAX_OWN_PIXELS:
            width, height = _render_apart(data, digest, media_dir)
            return StoredPicture(digest, width, height)
        with picture_renditions.open_picture(data) as source:
            width, height = picture_renditions.upright_size(source)
            missing = _missing(digest, width, media_dir)
            own = Rendition(width, "webp")
            if finished and own in missing:
                write_file(_path(digest, own, media_dir), data)
                missing.remove(own)
            for rendition, file in picture_renditions.render(source, missing) if missing else ():
                write_file(_path(digest, rendition, media_dir), file)
    except RefusedError as error:
        raise PictureError(str(error)) from error
    return StoredPicture(digest, width, height)


def media_type_of(data: bytes) -> str:
    """Return the content type of a picture's file, by its head.

    Raises:
        PictureError: the file is not a picture that the shop can use.
    """
    try:
        with picture_renditions.open_picture(data) as source:
            return MEDIA_TYPES[source.format or ""]
    except RefusedError as error:
        raise PictureError(str(error)) from error


def make_all(digest: str, media_dir: Path) -> list[Rendition]:
    """Make the renditions of a stored picture that are missing, in a program of low priority; return all it has.

    They are made of the widest one that is stored.

    Raises:
        PictureError: none is stored, or it cannot be used.
    """
    widest = find_widest(digest, media_dir)
    wanted = picture_renditions.all_renditions(widest)
    if missing := [each for each in wanted if not _path(digest, each, media_dir).exists()]:
        data = rendition_path(digest, widest, media_dir).read_bytes()
        _render_apart(data, digest, media_dir, missing)
    return wanted


def read_file(path: Path) -> bytes:
    """Return the content of a picture's file.

    Raises:
        OSError: it does not exist, or cannot be read.
        PictureError: it is not a file, or too large.
    """
    if path.exists() and not path.is_file():  # a pipe would be read for ever
        raise PictureError("It is not a file.")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureError(f"The picture has more than {MAX_BYTES:,} bytes.")
    return data


def _render_apart(
    data: bytes, digest: str, media_dir: Path, wanted: Sequence[Rendition] = ()
) -> tuple[int, int]:
    """Render a picture in a program with limited memory, one at a time; return the picture's size.

    Without `wanted` it makes those that are made when a picture arrives.
    """
    with _ONE_LARGE, tempfile.TemporaryDirectory(prefix="storefront-picture-") as folder:
        names = [each.name for each in wanted]
        command = [sys.executable, "-I", picture_renditions.__file__, folder, *names]
        try:
            done = subprocess.run(  # noqa: S603  # our own program, and a folder of our own
                command, input=data, capture_output=True, timeout=MAX_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise PictureError(f"The picture takes longer than {MAX_SECONDS} s to decode.") from error
        if done.returncode == picture_renditions.REFUSED:
            raise PictureError(done.stderr.decode())
        if done.returncode == picture_renditions.FAILED:
            number = int(done.stderr)
            raise OSError(number, os.strerror(number), folder)
        if done.returncode:  # the system ended it, or a library gave up
            raise PictureError("The picture cannot be decoded with the memory and time that a picture gets.")
        for file in Path(folder).iterdir():
            write_file(rendition_path(digest, int(file.stem), media_dir, file.suffix[1:]), file.read_bytes())
        width, height = map(int, done.stdout.split())
        return width, height


def find_widest(digest: str, media_dir: Path) -> int:
    """Return the width of the widest rendition that is stored."""
    stored = [int(file.stem.rpartition("-")[2]) for file in (media_dir / digest[:2]).glob(f"{digest}-*.webp")]
    if not stored:
        raise PictureError(f"There is no file of the picture {digest} in {media_dir}.")
    return max(stored)


def rendition_path(digest: str, width: int, media_dir: Path, kind: str = "webp") -> Path:
    """Return the file of a rendition in this format."""
    return media_dir / digest[:2] / f"{digest}-{width}.{kind}"


def _path(digest: str, rendition: Rendition, media_dir: Path) -> Path:
    return rendition_path(digest, rendition.width, media_dir, rendition.format)


def _missing(digest: str, width: int, media_dir: Path) -> list[Rendition]:
    wanted = picture_renditions.first_renditions(width)
    return [each for each in wanted if not _path(digest, each, media_dir).exists()]


def write_file(target: Path, data: bytes) -> None:
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
