"""Pictures of the demo shop's things, drawn as SVG from a few words: form, material, colour, pattern, view."""

from __future__ import annotations

from collections.abc import Callable

import resvg_py

from storefront.catalog.demo.drawing import above, cloth, packets, tools, vessels
from storefront.catalog.demo.drawing.canvas import FLOOR, SIZE, Canvas
from storefront.catalog.demo.drawing.fit import FIT
from storefront.catalog.demo.drawing.glaze import PATTERNS as GLAZES
from storefront.catalog.demo.drawing.palette import COLOURS, backdrop, hex_of, mix
from storefront.catalog.demo.drawing.vessel import GLOSS, Look

_STANDING = vessels.FORMS | packets.FORMS
_LYING = above.FORMS | cloth.FORMS | tools.FORMS
FORMS = (*_STANDING, *_LYING)
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
    look = Look(hex_of(colour), material, pattern if pattern in GLAZES or form in _LYING else "plain")
    paper = backdrop(look.colour, form + material + pattern)
    canvas = Canvas(paper, f"{form} {material} {colour} {pattern} {seed}", above=form in _LYING)
    _VIEWS[view](canvas, form, look)
    return canvas.svg()


def render(svg: str, size: int = SIZE) -> bytes:
    """Return the document as a PNG picture of `size` × `size` pixels."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))


def _place(canvas: Canvas, form: str, look: Look, x: float, y: float, size: float) -> None:
    """Draw the thing with its middle at x, y of the picture; at size 1 it fills about two thirds of it."""
    if form in _LYING:
        canvas.push(f"translate({x:.1f} {y:.1f}) scale({size:.3f})")
        _LYING[form](canvas, look)
    else:
        scale, right, up = FIT[form]
        y = max(y, 728 - up * size)  # what stands, stands on the table and not in the air
        middle = f"{x + right * size:.1f} {y + up * size:.1f}"
        canvas.push(f"translate({middle}) scale({scale * size:.3f}) translate(-512 -{FLOOR})")
        _STANDING[form](canvas, look)
    canvas.pop()


def _front(canvas: Canvas, form: str, look: Look) -> None:
    _place(canvas, form, look, 512, 512 if form in _LYING else 552, 1.02)


def _detail(canvas: Canvas, form: str, look: Look) -> None:
    if form in _LYING:
        _place(canvas, form, look, 760, 740, 1.9)
    else:
        _place(canvas, form, look, 640, 610, 1.75)


def _set(canvas: Canvas, form: str, look: Look) -> None:
    other = Look(mix(look.colour, "#efe7d8", 0.55), look.material, look.pattern)
    if form in _LYING:
        _place(canvas, form, other, 720, 330, 0.72)
        _place(canvas, form, look, 370, 640, 0.78)
    else:
        _place(canvas, form, other, 700, 500, 0.6)
        _place(canvas, form, look, 390, 610, 0.76)


_VIEWS: dict[str, Callable[[Canvas, str, Look], None]] = {"front": _front, "detail": _detail, "set": _set}
