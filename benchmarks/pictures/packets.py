"""Goods in packets, tins and jars."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.canvas import FLOOR, SHADE, SIZE, Canvas, Point, at, curve, path, stroke
from benchmarks.pictures.palette import COLOURS, lit, mix
from benchmarks.pictures.vessel import Look, body, brew
from benchmarks.pictures.vessels import CLEAR, OAK

PAPER = "#f6f0e2"


def label(canvas: Canvas, middle: Point, width: float, height: float, ink: str, *, bow: float = 0) -> None:
    """Draw a printed label with a sprig of tea on it: without letters, so that it suits every language.

    `bow` is how far its edges sag where it lies around something round.
    """
    x, y = middle
    left, right, top, low = x - width / 2, x + width / 2, y + height / 2, y - height / 2
    shape = (
        f"M{at((left, top))} Q{at((x, top - bow))} {at((right, top))} L{at((right, low))} "
        f"Q{at((x, low - bow))} {at((left, low))} Z"
    )
    canvas.add(path(shape, SHADE, 'opacity="0.2" transform="translate(2 4)"'))
    canvas.add(
        path(shape, canvas.linear([(0, lit(PAPER, 0.3), 1), (0.5, PAPER, 1), (1, lit(PAPER, -0.16), 1)]))
    )
    inner = 'stroke-opacity="0.55"'
    gap = 11
    frame = (
        f"M{at((left + gap, top - gap))} Q{at((x, top - gap - bow))} {at((right - gap, top - gap))} "
        f"L{at((right - gap, low + gap))} Q{at((x, low + gap - bow))} {at((left + gap, low + gap))} Z"
    )
    canvas.add(stroke(frame, ink, 2, inner))
    sag = bow * 0.45
    canvas.push(
        f"translate({SIZE / 2 + x:.1f} {FLOOR - y + sag - height * 0.03:.1f}) scale({min(width, height) / 262:.3f})"
    )
    canvas.add(stroke("M-4 78 C-2 40 6 -20 2 -74", ink, 4))
    for px, py, turn, size in (
        (0, 44, -48, 1),
        (2, 30, 46, 0.95),
        (3, 2, -44, 0.9),
        (4, -12, 42, 0.85),
        (2, -40, -36, 0.7),
        (3, -72, 4, 0.75),
    ):
        leaf = "M0 0 C-20 -18 -18 -52 0 -68 C18 -52 20 -18 0 0 Z"
        canvas.push(f"translate({px} {py}) rotate({turn}) scale({size})")
        canvas.add(path(leaf, ink), stroke("M0 -4 V-56", PAPER, 2, 'stroke-opacity="0.6"'))
        canvas.pop()
    canvas.pop()
    for line, length, wide in ((0.33, 0.46, 5), (0.395, 0.28, 3)):
        ends = (
            at((x - width * length / 2, y - height * line - sag)),
            at((x + width * length / 2, y - height * line - sag)),
        )
        canvas.add(stroke(f"M{ends[0]} L{ends[1]}", ink, wide))


def tea_pouch(canvas: Canvas, look: Look) -> None:
    c = look.colour
    canvas.shadow(10, 200)
    canvas.contact(0, 168, 2)
    shape = (
        f"M{at((-160, 480))} L{at((160, 480))} C{at((166, 330))} {at((180, 150))} {at((176, 12))} "
        f"Q{at((0, -34))} {at((-176, 12))} C{at((-180, 150))} {at((-166, 330))} {at((-160, 480))} Z"
    )
    canvas.add(
        path(
            shape,
            canvas.linear(
                [
                    (0, lit(c, -0.24), 1),
                    (0.05, lit(c, 0.2), 1),
                    (0.16, lit(c, 0.04), 1),
                    (0.34, lit(c, 0.16), 1),
                    (0.62, c, 1),
                    (0.86, lit(c, -0.2), 1),
                    (0.95, lit(c, -0.1), 1),
                    (1, lit(c, -0.42), 1),
                ]
            ),
        )
    )
    # The fold at the foot, and the paper that bends where the content ends.
    canvas.add(
        path(
            f"M{at((-176, 12))} Q{at((0, 62))} {at((176, 12))} Q{at((0, -34))} {at((-176, 12))} Z",
            lit(c, -0.3),
            'opacity="0.7"',
        )
    )
    for points, tone, wide in (
        ([(-140, 392), (-60, 372), (40, 384), (140, 366)], "#ffffff", 16),
        ([(-150, 372), (-50, 352), (60, 362), (150, 346)], SHADE, 18),
        ([(-156, 60), (-120, 190), (-140, 330)], "#ffffff", 14),
        ([(152, 70), (130, 200), (142, 340)], SHADE, 18),
    ):
        canvas.add(stroke(curve(points), tone, wide, 'stroke-opacity="0.1"'))
    canvas.add(
        path(
            f"M{at((-160, 424))} L{at((160, 424))} L{at((160, 480))} L{at((-160, 480))} Z",
            lit(c, -0.3),
            'opacity="0.55"',
        )
    )
    for line in range(432, 476, 8):
        canvas.add(stroke(f"M{at((-156, line))} L{at((156, line))}", lit(c, 0.3), 2, 'stroke-opacity="0.4"'))
    for side in (-1, 1):
        canvas.add(path(f"M{at((side * 162, 414))} l{-side * 11} 6 l{side * 11} 6 Z", canvas.ground))
    label(canvas, (0, 210), 214, 270, lit(c, -0.5))


def tea_tin(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 190)
    body(canvas, [(0, 158), (6, 161), (372, 161)], look, open_top=False)
    body(
        canvas,
        [(0, 165), (66, 165), (74, 160)],
        Look(lit(look.colour, -0.12), look.material),
        y=330,
        open_top=False,
    )
    ring = f"M{at((-165, 334))} A165 {165 * canvas.tilt:.0f} 0 0 0 {at((165, 334))}"
    canvas.add(stroke(ring, SHADE, 5, 'stroke-opacity="0.4" transform="translate(0 4)"'))
    label(canvas, (-4, 148), 196, 226, lit(look.colour, -0.55), bow=17)


def spice_jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    canvas.contact(0, 122)
    body(canvas, [(6, 114), (16, 120), (200, 120)], Look(look.colour, "clay", "speckle"), open_top=False)
    body(canvas, [(0, 122), (12, 130), (226, 130), (264, 104)], CLEAR, open_top=False)
    body(canvas, [(0, 104), (4, 108), (48, 111), (53, 107)], OAK, y=258, open_top=False)
    label(canvas, (0, 104), 138, 140, lit(look.colour, -0.5), bow=14)


def honey_jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 180)
    canvas.contact(0, 150)
    brew(canvas, [(8, 140), (22, 152), (120, 154), (236, 152)], mix(look.colour, "#e08a12", 0.55))
    body(canvas, [(0, 150), (16, 164), (226, 164), (268, 134)], CLEAR, open_top=False)
    body(canvas, [(0, 142), (46, 142), (54, 136)], Look(COLOURS["brass"], "metal"), y=262, open_top=False)
    label(canvas, (0, 112), 170, 158, lit(look.colour, -0.6), bow=17)


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form for form in (tea_pouch, tea_tin, spice_jar, honey_jar)
}
