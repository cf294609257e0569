"""Pictures that arrive as a zip file: unpacked into a folder if every entry is a picture in its place.

A zip file says of itself how large its entries are and where they go; none of that is believed.
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from storefront.catalog import picture_renditions
from storefront.catalog.picture_renditions import RefusedError
from storefront.catalog.pictures import MAX_BYTES
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.i18n import quote

MOST_FILES = 10_000
MOST_BYTES = 2 * 1024**3  # of all pictures together; pictures hardly shrink in a zip file
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff"})


class PictureZipError(StorefrontError):
    """The zip file cannot be used; the text says why. Nothing of it was kept."""

    status = 422


def unpack(file: IO[bytes], folder: Path) -> int:
    """Write the pictures of a zip file into a new folder; return their number. The caller deletes it after an error.

    Raises:
        OSError: the folder cannot be written.
        PictureZipError: it is not a zip file, or has something that is not a picture, too much, or a path that leads
            elsewhere.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [each for each in archive.infolist() if not _is_ignored(each)]
            if len(entries) > MOST_FILES:
                raise PictureZipError(
                    _(
                        "The zip file has %(count)d files; the most is %(most)d.",
                        count=len(entries),
                        most=MOST_FILES,
                    )
                )
            left = MOST_BYTES
            for entry in entries:
                left -= _unpack_entry(archive, entry, folder, left)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise PictureZipError(_("The zip file is damaged, has a password, or is not a zip file.")) from error
    return len(entries)


def _is_ignored(entry: zipfile.ZipInfo) -> bool:
    """Return whether it is a folder, or a file that systems add by themselves."""
    path = PurePosixPath(entry.filename)
    is_hidden = any(part.startswith(".") and part not in (".", "..") for part in path.parts)
    return entry.is_dir() or "__MACOSX" in path.parts or is_hidden or path.name.lower() == "thumbs.db"


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    name = entry.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable():
        raise PictureZipError(
            _("The zip file has a path that leads elsewhere: %(name)s", name=quote(name[:100]))
        )
    if path.suffix.lower() not in _ENDINGS:
        raise PictureZipError(_("%(name)s is not a picture. Zip the pictures alone.", name=quote(name[:100])))
    data = _read(archive, entry, min(MAX_BYTES, left))
    try:
        picture_renditions.read_size(data)
    except RefusedError as error:
        problem = _("%(name)s cannot be used: %(reason)s", name=quote(name[:100]), reason=error)
        raise PictureZipError(problem) from error
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return len(data)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Return the content; it is unpacked no further than `most` bytes."""
    with archive.open(entry) as source:
        data = source.read(most + 1)
    if len(data) > most:
        raise PictureZipError(
            _("%(name)s is too large, or all pictures together are.", name=quote(entry.filename[:100]))
        )
    return data
