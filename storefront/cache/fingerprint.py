"""The build's fingerprint: part of every page's key, so that one build never answers with another's pages."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from flask import Flask

from storefront.web.theme import theme_folder

# Pages name pictures and fonts by the hash of their content, but a theme may bring one that the shop has not.
_SOURCES = {".py", ".html", ".css", ".js", ".svg", ".toml", ".mo", ".png", ".webp", ".avif", ".jpg", ".woff2"}


def compute_fingerprint(app: Flask, page_settings: Iterable[str] = ()) -> str:
    """Return a digest of the code, templates, static files, theme and settings that pages are made of."""
    root = Path(app.root_path)
    own = (root, Path(app.template_folder or ""), root.parent / "static")
    sources = _digest_sources(*own) + _digest_sources(theme_folder(app))
    digest = blake2b(sources, digest_size=6)
    for name in (*page_settings, "COOKIE_NAME", "COOKIE_PATH", "PREFIX"):
        digest.update(str(app.config.get(name)).encode())
    return digest.hexdigest()


@functools.cache
def _digest_sources(*folders: Path) -> bytes:
    """Return a digest of the files in these folders, as they were at this process's first call."""
    digest = blake2b()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix in _SOURCES and file.is_file():
                digest.update(str(file.relative_to(folder)).encode())
                digest.update(file.read_bytes())
    return digest.digest()
