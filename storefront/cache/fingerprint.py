"""The build's fingerprint: part of every page's key, so that one build never answers with another's pages."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from flask import Flask


def compute_fingerprint(app: Flask, page_settings: Iterable[str] = ()) -> str:
    """Return a digest of the code, templates, static files and settings that pages are made of."""
    root = Path(app.root_path)
    sources = _digest_sources(root, Path(app.template_folder or ""), root.parent / "static")
    digest = blake2b(sources, digest_size=6)
    for name in (*page_settings, "COOKIE_NAME", "COOKIE_PATH", "PREFIX"):
        digest.update(str(app.config.get(name)).encode())
    return digest.hexdigest()


@functools.cache
def _digest_sources(*folders: Path) -> bytes:
    """Return a digest of the files in these folders, as they were at this process's first call."""
    endings = (".py", ".html", ".css", ".js", ".svg", ".toml", ".mo")
    files = sorted(
        file for folder in folders for file in folder.rglob("*") if file.suffix in endings and file.is_file()
    )
    digest = blake2b()
    for file in files:
        digest.update(file.read_bytes())
    return digest.digest()
