"""Round and flat things of wood, clay and metal, seen from above. The centre is 0, 0; y points down."""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks.pictures.above import circle, disc, grain, leaves, plank, ring
from benchmarks.pictures.canvas import SHADE, Canvas, Point, oval, path, smooth, stroke
from benchmarks.pictures.palette import COLOURS, lit, mix
from benchmarks.pictures.vessel import Look


def plate(canvas: Canvas, look: Look) -> None:
    canvas.lift(circle(372), 1.5)
    disc(canvas, 372, look.colour)
    ring(canvas, 370, lit(look.colour, 0.7), 3, 0.7)
    disc(canvas, 288, look.colour, deep=True)
    well = canvas.radial(
        [(0, lit(look.colour, 0.2), 1), (0.8, lit(look.colour, 0.06), 1), (1, lit(look.colour, -0.1), 1)],
        light=True,
    )
    canvas.add(oval(4, 5, 268, 268, well))
    _surface(canvas, look, 268)
    glint = f'stroke-opacity="{0.25 + look.gloss * 0.5:.2f}"'
    canvas.add(stroke("M-306 -128 A330 330 0 0 1 -128 -306", "#ffffff", 15, glint))
    canvas.add(stroke("M-94 -318 A330 330 0 0 1 -66 -324", "#ffffff", 15, glint))
    if look.pattern == "stripe":
        ring(canvas, 352, lit(look.colour, -0.55), 7, 0.75)


def _surface(canvas: Canvas, look: Look, radius: float) -> None:
    """Draw the pattern of a flat face, within a circle of this radius."""
    draw, ink = canvas.random, lit(look.colour, -0.6)
    if look.pattern == "speckle":
        for _ in range(150):
            angle, reach = draw.uniform(0, math.tau), radius * math.sqrt(draw.random())
            size, seen = draw.choice((1, 1.4, 2, 3.2)), f'fill-opacity="{draw.uniform(0.3, 0.7):.2f}"'
            canvas.add(oval(math.cos(angle) * reach, math.sin(angle) * reach, size, size, ink, seen))
    elif look.pattern == "crackle":
        # Crackle: the glaze shrank more than the clay. Lines meet at right angles and split fields repeatedly.
        lines, fields = [], [[(-radius, -radius), (radius, -radius), (radius, radius), (-radius, radius)]]
        for _ in range(90):
            field = fields.pop(0)
            side = max(range(4), key=lambda i: math.dist(field[i], field[(i + 1) % 4]))
            a, b, c, d = (field[(side + i) % 4] for i in range(4))
            first, second = _along(a, b, draw.uniform(0.35, 0.65)), _along(c, d, draw.uniform(0.35, 0.65))
            bend = _along(first, second, 0.5)
            wave = math.dist(first, second) * 0.06
            bend = (bend[0] + draw.uniform(-wave, wave), bend[1] + draw.uniform(-wave, wave))
            if math.hypot(*bend) < radius * 1.2:
                lines.append(smooth([first, bend, second]))
            fields += [[a, first, second, d], [first, b, c, second]]
        canvas.clip(circle(radius))
        canvas.add(stroke(" ".join(lines), ink, 1.6, 'stroke-opacity="0.36"'))
        canvas.pop()


def _along(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def platter(canvas: Canvas, look: Look) -> None:
    c, shape = (
        look.colour,
        "M-400 0 C-400 -190 -210 -262 0 -262 S400 -190 400 0 S210 262 0 262 S-400 190 -400 0 Z",
    )
    canvas.push("rotate(-16)")
    canvas.lift(shape, 1.5)
    canvas.add(
        path(
            shape,
            canvas.linear([(0, lit(c, 0.36), 1), (0.5, lit(c, 0.04), 1), (1, lit(c, -0.22), 1)], slant=0.8),
        )
    )
    canvas.add(path(shape, "none", f'stroke="{lit(c, 0.7)}" stroke-opacity="0.6" stroke-width="3"'))
    canvas.push("scale(0.8 0.74)")
    canvas.add(
        path(
            shape,
            canvas.linear([(0, lit(c, -0.3), 1), (0.5, lit(c, -0.06), 1), (1, lit(c, 0.24), 1)], slant=0.8),
        )
    )
    canvas.pop()
    canvas.push("translate(4 6) scale(0.75 0.69)")
    canvas.add(
        path(
            shape,
            canvas.linear([(0, lit(c, 0.14), 1), (0.6, lit(c, 0.06), 1), (1, lit(c, -0.06), 1)], slant=0.8),
        )
    )
    canvas.clip(shape)
    _surface(canvas, look, 400)
    canvas.pop()
    canvas.pop()
    glint = f'stroke-opacity="{0.2 + look.gloss * 0.4:.2f}"'
    canvas.add(stroke("M-352 -92 C-316 -160 -230 -206 -120 -226", "#ffffff", 13, glint))
    canvas.pop()


def tea_loose(canvas: Canvas, look: Look) -> None:
    bowl = COLOURS["chalk"]
    canvas.lift(circle(318), 2)
    disc(canvas, 318, bowl)
    disc(canvas, 300, bowl, deep=True)
    canvas.add(oval(6, 8, 252, 252, lit(look.colour, -0.62)))
    tones = [look.colour, lit(look.colour, -0.34), lit(look.colour, 0.22), mix(look.colour, "#7a6a3a", 0.5)]
    leaves(canvas, 246, 400, tones, 6, 6)
    for x, y in ((322, 236), (362, 196), (300, 308)):
        leaves(canvas, 16, 3, tones, x, y)
    canvas.add(stroke("M-262 -150 A302 302 0 0 1 -150 -262", "#ffffff", 9, 'stroke-opacity="0.8"'))


def tray(canvas: Canvas, look: Look) -> None:
    canvas.lift(circle(376), 2)
    disc(canvas, 376, look.colour)
    disc(canvas, 346, look.colour, deep=True)
    disc(canvas, 334, lit(look.colour, 0.06))
    grain(canvas, look.colour, 660, 660, lambda y: math.sqrt(max(1.0, 331**2 - y * y)))
    ring(canvas, 361, lit(look.colour, 0.5), 3, 0.4)
    ring(canvas, 340, lit(look.colour, -0.6), 5, 0.35)


def trivet(canvas: Canvas, look: Look) -> None:
    canvas.lift(circle(330), 1.4)
    disc(canvas, 330, look.colour)
    grain(canvas, look.colour, 650, 650, lambda y: math.sqrt(max(1.0, 326**2 - y * y)))
    for radius in (276, 216, 156, 96):
        ring(canvas, radius, lit(look.colour, -0.58), 21, 0.9)
        canvas.add(
            oval(
                2,
                3,
                radius + 8,
                radius + 8,
                "none",
                f'stroke="{lit(look.colour, 0.4)}" stroke-width="3" stroke-opacity="0.55"',
            )
        )
    ring(canvas, 328, lit(look.colour, 0.5), 4, 0.5)
    disc(canvas, 40, lit(look.colour, -0.5))


def skillet(canvas: Canvas, look: Look) -> None:
    handle = "M180 -34 C250 -30 300 -20 372 -26 Q424 -30 424 0 Q424 30 372 26 C300 20 250 30 180 34 Z"
    canvas.push("translate(-110 0) rotate(-34)")
    canvas.lift(handle, 1.4)
    canvas.lift(circle(262), 1.8)
    canvas.add(
        path(
            handle,
            canvas.linear(
                [(0, lit(look.colour, 0.24), 1), (0.5, look.colour, 1), (1, lit(look.colour, -0.4), 1)],
                down=True,
            ),
        )
    )
    canvas.add(oval(382, 0, 22, 13, canvas.ground))
    disc(canvas, 262, lit(look.colour, 0.12))
    disc(canvas, 244, look.colour, deep=True)
    disc(canvas, 214, lit(look.colour, -0.12))
    for radius in range(20, 212, 12):
        ring(canvas, radius, "#ffffff", 1.5, 0.07)
    canvas.add(stroke("M-160 -110 A195 195 0 0 1 10 -195", "#ffffff", 12, 'stroke-opacity="0.16"'))
    canvas.pop()


def cutting_board(canvas: Canvas, look: Look) -> None:
    shape = plank(700, 440, 44)
    canvas.push("rotate(-12)")
    canvas.lift(shape, 2)
    canvas.add(path(shape, lit(look.colour, -0.42), 'transform="translate(3 9)"'))
    canvas.add(
        path(
            shape,
            canvas.linear(
                [(0, lit(look.colour, 0.26), 1), (0.6, look.colour, 1), (1, lit(look.colour, -0.12), 1)],
                slant=0.6,
            ),
        )
    )
    grain(canvas, look.colour, 690, 430)
    canvas.add(
        path(
            plank(696, 436, 42),
            "none",
            f'stroke="{lit(look.colour, 0.6)}" stroke-width="3" stroke-opacity="0.45"',
        )
    )
    canvas.add(
        oval(288, -150, 27, 27, lit(look.colour, -0.6)), oval(290, -147, 24, 24, lit(canvas.ground, -0.25))
    )
    canvas.pop()


def gift_box(canvas: Canvas, look: Look) -> None:
    dark = look.colour < "#999999"
    band, shape = ("#efe6d2" if dark else "#8a4a39"), plank(540, 540, 8)
    canvas.push("rotate(-9)")
    canvas.lift(shape, 3)
    canvas.add(
        path(
            shape,
            canvas.linear(
                [(0, lit(look.colour, 0.26), 1), (0.6, look.colour, 1), (1, lit(look.colour, -0.16), 1)],
                slant=1,
            ),
        )
    )
    canvas.add(
        path(
            plank(530, 530, 6),
            "none",
            f'stroke="{lit(look.colour, 0.5)}" stroke-width="3" stroke-opacity="0.5"',
        )
    )
    silk = [(0.0, lit(band, -0.16), 1.0), (0.3, lit(band, 0.3), 1.0), (1.0, lit(band, -0.12), 1.0)]
    canvas.add(path(plank(540, 58, 0, 0, 40), SHADE, 'opacity="0.16" transform="translate(0 5)"'))
    canvas.add(path(plank(540, 54, 0, 0, 40), canvas.linear(silk, down=True)))
    canvas.add(path(plank(58, 540, 0, -60, 0), SHADE, 'opacity="0.16" transform="translate(5 0)"'))
    canvas.add(path(plank(54, 540, 0, -60, 0), canvas.linear(silk)))
    canvas.push("translate(-60 40)")
    for data in (
        "M0 0 C-40 50 -70 96 -128 128 L-104 150 L-92 176 C-50 128 -10 70 12 10 Z",
        "M0 0 C40 40 60 90 116 116 L98 140 L92 168 C40 130 6 70 -10 12 Z",
    ):
        canvas.add(
            path(data, SHADE, 'opacity="0.25" transform="translate(5 8)"'), path(data, lit(band, -0.06))
        )
    for data in (
        "M0 0 C-60 -110 -190 -130 -196 -62 C-200 0 -90 30 0 0 Z",
        "M0 0 C60 -110 190 -130 196 -62 C200 0 90 30 0 0 Z",
    ):
        canvas.add(path(data, SHADE, 'opacity="0.28" transform="translate(6 10)"'))
        canvas.add(
            path(
                data,
                canvas.linear([(0, lit(band, 0.34), 1), (0.5, band, 1), (1, lit(band, -0.24), 1)], slant=1),
            )
        )
    for data in (
        "M-6 -4 C-60 -70 -130 -90 -150 -56 C-150 -24 -80 -4 -6 -4 Z",
        "M6 -4 C60 -70 130 -90 150 -56 C150 -24 80 -4 6 -4 Z",
    ):
        canvas.add(path(data, lit(band, -0.42), 'opacity="0.75"'))
    canvas.add(path(plank(56, 50, 16, 0, -4), canvas.linear(silk, down=True)))
    canvas.pop()
    canvas.pop()


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form
    for form in (plate, platter, tea_loose, tray, trivet, skillet, cutting_board, gift_box)
}
