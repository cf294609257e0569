"""The demo's pictures for tests of other things: in the right sizes, under the right names, and blurred."""

from __future__ import annotations

import fcntl
import io
from pathlib import Path

from PIL import Image

from storefront.catalog import pictures
from storefront.demo import catalogue, drawing, loader

COARSE = 64  # pixels


def draw_roughly(media: Path) -> None:
    """Put every picture of the demo there that is missing, so that whoever loads it finds them drawn.

    In full they would take a core a minute and a half. One process draws, and the others wait for it.
    """
    media.mkdir(parents=True, exist_ok=True)
    with (media.parent / f"{media.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for key in loader.shown(catalogue.products()):
            svg, digest = loader.draw(key)
            if not pictures.is_stored(digest, drawing.SIZE, media):
                pictures.store(_enlarged(drawing.render(svg, COARSE)), media, digest=digest)


def _enlarged(png: bytes) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(png)) as small:
        small.convert("RGB").resize((drawing.SIZE, drawing.SIZE)).save(file, "BMP")
    return file.getvalue()
