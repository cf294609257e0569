"""Pictures of the demo shop's things, drawn as SVG from a few words: form, material, colour, pattern, view."""

from __future__ import annotations

import resvg_py

from storefront.catalog.demo.drawing import things, vessels
from storefront.catalog.demo.drawing.canvas import FLOOR, SIZE, Canvas
from storefront.catalog.demo.drawing.fit import FIT
from storefront.catalog.demo.drawing.glaze import PATTERNS as GLAZES
from storefront.catalog.demo.drawing.palette import COLOURS, hex_of, mix
from storefront.catalog.demo.drawing.vessel import GLOSS, Look

_DRAW = vessels.FORMS | things.FORMS
FORMS = tuple(_DRAW)
MATERIALS = tuple(GLOSS)
PATTERNS = (*GLAZES, "check")
VIEWS = ("front", "detail", "set")

__all__ = ["COLOURS", "FORMS", "MATERIALS", "PATTERNS", "VIEWS", "draw", "render"]


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
    look = Look(hex_of(colour), material, pattern if pattern in GLAZES or form in things.FORMS else "plain")
    # The ground takes a little of the thing's colour, or of its opposite where that would swallow it.
    tint = mix(look.colour, "#c9b79c", 0.45)
    canvas = Canvas(tint, f"{form} {material} {colour} {pattern} {seed}")
    _VIEWS[view](canvas, form, look)
    return canvas.svg()


def render(svg: str, size: int = SIZE) -> bytes:
    """Return the document as a PNG picture of `size` × `size` pixels."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))


def _place(canvas: Canvas, form: str, look: Look, x: float, y: float, size: float) -> None:
    """Draw the thing with its middle at x, y of the picture; at size 1 it fills about two thirds of it."""
    scale, right, up = FIT[form]
    y = max(y, 728 - up * size)  # what is flat lies on the table, not in the air
    canvas.push(
        f"translate({x + right * size:.1f} {y + up * size:.1f}) scale({scale * size:.3f}) translate(-512 -{FLOOR})"
    )
    _DRAW[form](canvas, look)
    canvas.pop()


def _front(canvas: Canvas, form: str, look: Look) -> None:
    _place(canvas, form, look, 512, 560, 0.94)


def _detail(canvas: Canvas, form: str, look: Look) -> None:
    _place(canvas, form, look, 600, 600, 1.7)


def _set(canvas: Canvas, form: str, look: Look) -> None:
    other = Look(mix(look.colour, "#efe7d8", 0.55), look.material, look.pattern)
    _place(canvas, form, other, 690, 520, 0.52)
    _place(canvas, form, look, 400, 610, 0.7)


_VIEWS = {"front": _front, "detail": _detail, "set": _set}
