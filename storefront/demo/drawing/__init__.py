"""Pictures of the demo shop's things, drawn as SVG from a few words: form, material, colour, pattern, view."""

from __future__ import annotations

from collections.abc import Callable

import resvg_py

from storefront.demo.drawing import scenes
from storefront.demo.drawing.canvas import SIZE, Canvas
from storefront.demo.drawing.glaze import PATTERNS as GLAZES
from storefront.demo.drawing.palette import COLOURS, backdrop, hex_of
from storefront.demo.drawing.vessel import GLOSS, Look

_VIEWS: dict[str, Callable[[Canvas, str, Look], None]] = {
    "front": scenes.front,
    "detail": scenes.detail,
    "set": scenes.together,
}
FORMS = (*scenes.STANDING, *scenes.LYING)
MATERIALS = tuple(GLOSS)
PATTERNS = (*GLAZES, "check")
VIEWS = tuple(_VIEWS)

__all__ = ["COLOURS", "FORMS", "MATERIALS", "PATTERNS", "SIZE", "VIEWS", "draw", "render"]


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
    # A check is woven: what stands has no threads.
    look = Look(hex_of(colour), material, pattern if pattern in GLAZES or form in scenes.LYING else "plain")
    ground = backdrop(look.colour, form + material + pattern)
    canvas = scenes.sheet(view, form, ground, f"{form} {material} {colour} {pattern} {seed}")
    _VIEWS[view](canvas, form, look)
    return canvas.svg()


def render(svg: str, size: int = SIZE) -> bytes:
    """Return the document as a PNG picture of `size` × `size` pixels."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))
