"""Which version of the shop this is: pages of another one are never answered."""

from __future__ import annotations

import functools
from hashlib import blake2b
from pathlib import Path

from flask import Flask


def compute_fingerprint(app: Flask) -> str:
    """Return a digest of everything that pages are made of besides data: another release has other pages."""
    root = Path(app.root_path)
    seen = blake2b(
        _digest_sources(root, Path(app.template_folder or ""), root.parent / "static"), digest_size=6
    )
    for name in ("NAME", "CURRENCY", "LOCALE", "STOCK_DISPLAY", "CHECKOUT"):
        seen.update(str(app.config.get(name)).encode())
    return seen.hexdigest()


@functools.cache
def _digest_sources(*folders: Path) -> bytes:
    """Return a digest of the files in these folders as they were when this process first asked."""
    endings = (".py", ".html", ".css", ".js", ".svg", ".toml")
    files = sorted(
        file for folder in folders for file in folder.rglob("*") if file.suffix in endings and file.is_file()
    )
    seen = blake2b()
    for file in files:
        seen.update(file.read_bytes())
    return seen.digest()
