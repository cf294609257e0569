"""Pictures that a change set names by file, in the folder of its source: stored before the products are written."""

from __future__ import annotations

from pathlib import Path

from storefront.catalog import pictures
from storefront.catalog.picture_folder import find_picture
from storefront.catalog.pictures import PictureError, StoredPicture


class PictureFolder:
    """Stores pictures of a folder in the media directory; each is read once.

    Args:
        images: the folder; None: no picture is stored.
        media_dir: the directory of stored pictures.
    """

    def __init__(self, images: Path | None, media_dir: Path) -> None:
        self._images = images.resolve() if images else None
        self._media_dir = media_dir
        self._found: dict[str, StoredPicture | str] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a folder."""
        return self._images is not None

    def load(self, source: str) -> StoredPicture | str | None:
        """Return the stored picture, or why it cannot be stored; None if it is not a file of the folder."""
        if self._images is None or "://" in source:
            return None
        if source not in self._found:
            self._found[source] = self._store(self._images, source)
        return self._found[source]

    def forget(self) -> None:
        """Forget the pictures of the last batch."""
        self._found.clear()

    def _store(self, images: Path, source: str) -> StoredPicture | str:
        try:
            if not (images / source).resolve().is_relative_to(images):
                return f"{source!r} is outside of the pictures’ folder"
            file = find_picture(images, source) or images / source
            return pictures.store(pictures.read_file(file), self._media_dir)
        except PictureError as error:
            return f"{source!r}: {error}"
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return f"{source!r} cannot be read or stored: {why}"
