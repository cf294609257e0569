"""Drawings of the demo shop's products, as SVG, from a few words: form, material, colour, pattern and view.

`make pictures` draws all of them into `storefront/demo/pictures/` (`__main__.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures import scenes
from benchmarks.pictures.canvas import SIZE, Canvas
from benchmarks.pictures.glaze import PATTERNS as GLAZES
from benchmarks.pictures.palette import COLOURS, backdrop, hex_of
from benchmarks.pictures.vessel import GLOSS, Look

_VIEWS: dict[str, Callable[[Canvas, str, Look], None]] = {
    "front": scenes.front,
    "detail": scenes.detail,
    "set": scenes.together,
}
FORMS = (*scenes.STANDING, *scenes.LYING)
MATERIALS = tuple(GLOSS)
PATTERNS = (*GLAZES, "check")
VIEWS = tuple(_VIEWS)

__all__ = ["COLOURS", "FORMS", "MATERIALS", "PATTERNS", "SIZE", "VIEWS", "draw"]


def draw(
    form: str,
    *,
    material: str = "stoneware",
    colour: str = "oat",
    pattern: str = "plain",
    view: str = "front",
    seed: str = "",
) -> str:
    """Return an SVG document of 1024 × 1024; the same for the same words.

    Raises:
        ValueError: a word is not one of FORMS, MATERIALS, COLOURS, PATTERNS or VIEWS; the text lists those there are.
    """
    for word, known in ((form, FORMS), (material, MATERIALS), (pattern, PATTERNS), (view, VIEWS)):
        if word not in known:
            raise ValueError(f"there is no {word!r}; there are: {', '.join(known)}")
    # The pattern "check" is woven into cloth: standing things do not have it.
    look = Look(hex_of(colour), material, pattern if pattern in GLAZES or form in scenes.LYING else "plain")
    ground = backdrop(look.colour, form + material + pattern)
    canvas = scenes.sheet(view, form, ground, f"{form} {material} {colour} {pattern} {seed}")
    _VIEWS[view](canvas, form, look)
    return canvas.svg()
