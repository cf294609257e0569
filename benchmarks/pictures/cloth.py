"""Woven things, seen from above. The centre is 0, 0; y points down."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.above import plank
from benchmarks.pictures.canvas import SHADE, Canvas, path, stroke
from benchmarks.pictures.palette import lit
from benchmarks.pictures.vessel import Look


def weave(canvas: Canvas, outline: str, look: Look, width: float, height: float) -> None:
    """Draw a piece of cloth: its colour, its pattern, and the threads, inside the outline."""
    c, dark, draw = look.colour, look.colour < "#888888", canvas.random
    canvas.add(
        path(outline, canvas.linear([(0, lit(c, 0.22), 1), (0.55, c, 1), (1, lit(c, -0.14), 1)], slant=0.7))
    )
    other = lit(c, 0.72) if dark else lit(c, -0.5)
    left, top = -width / 2, -height / 2
    if look.pattern == "stripe":
        places = ((0.09, 9), (0.125, 26), (0.16, 9), (0.84, 9), (0.875, 26), (0.91, 9))
        bands = "".join(_band(width * share - wide / 2, 0, wide, 8, other, 0.78) for share, wide in places)
        canvas.add(path(outline, _tile(canvas, left, top, width, 8, bands)))
    if look.pattern == "check":
        squares = _band(0, 0, 38, 76, other, 0.3) + _band(0, 0, 76, 38, other, 0.3)
        canvas.add(path(outline, _tile(canvas, left, top, 76, 76, squares)))
    canvas.clip(outline)
    canvas.add(
        stroke(
            " ".join(f"M{x} {top:.0f}V{-top:.0f}" for x in range(int(left), int(-left), 7)),
            "#ffffff",
            1.6,
            'stroke-opacity="0.13"',
        )
    )
    canvas.add(
        stroke(
            " ".join(f"M{left:.0f} {y}H{-left:.0f}" for y in range(int(top), int(-top), 7)),
            SHADE,
            1.8,
            'stroke-opacity="0.09"',
        )
    )
    slubs = []
    for _ in range(34):
        x, y, long = draw.uniform(-0.5, 0.4) * width, draw.uniform(-0.5, 0.5) * height, draw.uniform(16, 60)
        slubs.append(f"M{x:.0f} {y:.0f}h{long:.0f}")
    canvas.add(stroke(" ".join(slubs), lit(c, 0.4), 2.2, 'stroke-opacity="0.3"'))
    canvas.pop()


def _tile(canvas: Canvas, x: float, y: float, width: float, height: float, shapes: str) -> str:
    """Return a fill that repeats shapes: much faster to render than a thousand threads."""
    where = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return canvas.define(f'<pattern id="{{id}}" {where} patternUnits="userSpaceOnUse">{shapes}</pattern>')


def _band(x: float, y: float, width: float, height: float, colour: str, opacity: float) -> str:
    rect = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<rect {rect} fill="{colour}" fill-opacity="{opacity}"/>'


def fold(canvas: Canvas, data: str, *, soft: float = 26) -> None:
    """Draw a crease along a line: shadow beside it, light on it."""
    canvas.add(stroke(data, SHADE, soft, 'stroke-opacity="0.07" transform="translate(4 7)"'))
    canvas.add(stroke(data, SHADE, soft / 3, 'stroke-opacity="0.12" transform="translate(2 3)"'))
    canvas.add(stroke(data, "#ffffff", 3, 'stroke-opacity="0.4"'))


def _fringe(canvas: Canvas, look: Look, y: float, width: float, down: float) -> None:
    draw = canvas.random
    for i in range(int(width // 9)):
        x = -width / 2 + 6 + i * 9
        data = f"M{x:.0f} {y:.0f} q{draw.uniform(-4, 4):.0f} {down / 2:.0f} {draw.uniform(-6, 6):.0f} {down * draw.uniform(0.8, 1.1):.0f}"
        canvas.add(stroke(data, SHADE, 4, 'stroke-opacity="0.2" transform="translate(2 3)"'))
        canvas.add(stroke(data, lit(look.colour, draw.uniform(-0.1, 0.25)), 3.2))


def tea_towel(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(-10)")
    under, upper = plank(470, 640, 10, 16, 14), plank(470, 630, 14)
    canvas.lift(under, 1.3)
    canvas.add(path(under, lit(look.colour, -0.2)))
    canvas.lift(upper, 0.7)
    weave(canvas, upper, look, 470, 630)
    fold(canvas, "M-233 2 Q0 -6 233 3")
    canvas.add(
        stroke("M-222 304 H222", lit(look.colour, -0.4), 2, 'stroke-opacity="0.5" stroke-dasharray="7 6"')
    )
    loop = "M196 -312 C196 -372 232 -372 228 -310"
    canvas.add(
        stroke(loop, SHADE, 9, 'stroke-opacity="0.25" transform="translate(4 6)"'),
        stroke(loop, lit(look.colour, -0.3), 9),
    )
    canvas.pop()


def napkins(canvas: Canvas, look: Look) -> None:
    for turn, tone in ((14, -0.1), (4, 0.06), (-7, 0)):
        shape = plank(470, 470, 12)
        canvas.push(f"rotate({turn})")
        canvas.lift(shape, 0.9)
        weave(canvas, shape, Look(lit(look.colour, tone), "cloth", look.pattern), 470, 470)
        fold(canvas, "M-232 -60 Q0 -66 232 -58", soft=14)
        canvas.add(
            path(
                plank(446, 446, 8),
                "none",
                f'stroke="{lit(look.colour, -0.45)}" stroke-width="2" stroke-opacity="0.5" stroke-dasharray="8 6"',
            )
        )
        canvas.pop()


def runner(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(24)")
    shape = plank(430, 1500, 2, 0, -330)
    canvas.lift(shape, 1)
    weave(canvas, shape, look, 430, 2160)
    _fringe(canvas, look, 418, 430, 52)
    for y in (-330, 60):
        fold(canvas, f"M-214 {y} Q0 {y - 9} 214 {y + 2}", soft=20)
    hem = f'stroke="{lit(look.colour, -0.4)}" stroke-width="2" stroke-opacity="0.5" stroke-dasharray="8 6"'
    canvas.add(path("M-214 398 H214", "none", hem))
    canvas.pop()


def apron(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(-4) scale(0.94)")
    for data in (
        "M-116 -352 C-150 -470 150 -470 116 -352",
        "M-262 -92 C-340 -60 -360 40 -330 130 S-350 250 -330 290",
        "M262 -92 C350 -70 340 30 366 110 S330 220 356 270",
    ):
        canvas.add(stroke(data, SHADE, 17, 'stroke-opacity="0.22" transform="translate(6 9)"'))
        canvas.add(
            stroke(data, lit(look.colour, -0.24), 16),
            stroke(data, lit(look.colour, 0.2), 3, 'stroke-opacity="0.5"'),
        )
    shape = (
        "M-124 -366 Q0 -352 124 -366 C132 -250 170 -150 272 -98 C280 60 276 250 262 420 Q130 436 0 428 Q-130 436 -262 420 "
        "C-276 250 -280 60 -272 -98 C-170 -150 -132 -250 -124 -366 Z"
    )
    canvas.lift(shape, 1.2)
    weave(canvas, shape, look, 580, 860)
    stitch = (
        f'stroke="{lit(look.colour, 0.5)}" stroke-width="2.4" stroke-dasharray="9 6" stroke-opacity="0.7"'
    )
    for data in (plank(270, 190, 16, 0, 120), "M-112 -344 Q0 -330 112 -344", "M-250 404 Q0 420 250 404"):
        canvas.add(path(data, "none", stitch))
    canvas.add(path(plank(276, 196, 18, 0, 120), "#000", 'fill-opacity="0.05"'))
    fold(canvas, "M-136 26 H136", soft=12)
    for data in ("M-150 -60 C-120 100 -170 260 -158 396", "M196 -60 C180 80 214 240 186 396"):
        for wide in (60, 44, 28, 12):
            canvas.add(stroke(data, SHADE, wide, 'stroke-opacity="0.035"'))
            canvas.add(stroke(data, "#fff", wide, 'stroke-opacity="0.025" transform="translate(-34 0)"'))
    for side in (-1, 1):
        canvas.add(
            f'<circle cx="{side * 104}" cy="-346" r="9" fill="#c3a15a" stroke="#6b5426" stroke-width="2"/>'
        )
    canvas.pop()


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form for form in (tea_towel, napkins, runner, apron)
}
