"""Find a picture's file in the folder that an import names, although a file list spells its name differently."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from storefront.unicode_text import normalize


def find_picture(folder: Path, source: str) -> Path | None:
    """Return the file in this folder that a picture's source names; None if there is none.

    The exact name wins. Else the name may differ in case, in the Unicode form (macOS writes NFD), in percent-encoding
    and in the kind of slash; if it fits several files, it names none. A file outside the folder is never returned.
    """
    folder = folder.resolve()
    try:
        exact = (folder / source).resolve()
        if not exact.is_relative_to(folder):
            return None
        if exact.exists():  # a folder or a pipe, too: the reader says why it is not a picture
            return exact
        fitting = _index(folder, folder.stat().st_mtime_ns).get(_spell(source))
    except (OSError, ValueError):  # a name that no file can have
        return None
    file = fitting.resolve() if fitting else None
    return file if file and file.is_relative_to(folder) else None


@lru_cache(maxsize=2)
def _index(folder: Path, _changed_at: int) -> dict[str, Path | None]:
    """Return the files of a folder and its subfolders by their plainest spelling; None where several share one."""
    found: dict[str, Path | None] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            key = _spell(file.relative_to(folder).as_posix())
            found[key] = None if key in found else file
    return found


def _spell(name: str) -> str:
    """Return a name as all its spellings have it."""
    parts = normalize("NFC", unquote(name).replace("\\", "/")).casefold().split("/")
    return "/".join(part for part in parts if part not in ("", "."))
