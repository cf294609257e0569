"""Round and flat things of wood, clay and metal, seen from straight above. The middle is 0, 0; y goes down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from storefront.catalog.demo.drawing.canvas import SHADE, Canvas, Point, oval, path, smooth, stroke
from storefront.catalog.demo.drawing.palette import COLOURS, lit, mix
from storefront.catalog.demo.drawing.vessel import Look


def disc(
    canvas: Canvas, radius: float, colour: str, *, x: float = 0, y: float = 0, deep: bool = False
) -> None:
    """Draw a round face; `deep` shades it as the inside of a bowl, lit on the side away from the light."""
    tones = (-0.34, -0.1, 0.22) if deep else (0.34, 0.04, -0.2)
    fill = canvas.linear(
        [(0, lit(colour, tones[0]), 1), (0.5, lit(colour, tones[1]), 1), (1, lit(colour, tones[2]), 1)],
        slant=1,
    )
    canvas.add(oval(x, y, radius, radius, fill))


def ring(canvas: Canvas, radius: float, colour: str, width: float, opacity: float = 1) -> None:
    """Draw a circle line around the middle."""
    canvas.add(
        oval(
            0,
            0,
            radius,
            radius,
            "none",
            f'stroke="{colour}" stroke-width="{width:g}" stroke-opacity="{opacity}"',
        )
    )


def circle(radius: float, x: float = 0, y: float = 0) -> str:
    """Return a circle as path data."""
    return f"M{x - radius:g} {y} a{radius:g} {radius:g} 0 1 1 {2 * radius:g} 0 a{radius:g} {radius:g} 0 1 1 {-2 * radius:g} 0 Z"


def plank(width: float, height: float, corner: float, x: float = 0, y: float = 0) -> str:
    """Return a rectangle with round corners around x, y as path data."""
    w, h, c = width / 2, height / 2, corner
    return (
        f"M{x - w + c:.1f} {y - h:.1f} H{x + w - c:.1f} Q{x + w:.1f} {y - h:.1f} {x + w:.1f} {y - h + c:.1f} "
        f"V{y + h - c:.1f} Q{x + w:.1f} {y + h:.1f} {x + w - c:.1f} {y + h:.1f} H{x - w + c:.1f} "
        f"Q{x - w:.1f} {y + h:.1f} {x - w:.1f} {y + h - c:.1f} V{y - h + c:.1f} Q{x - w:.1f} {y - h:.1f} {x - w + c:.1f} {y - h:.1f} Z"
    )


def grain(
    canvas: Canvas, colour: str, width: float, height: float, chord: Callable[[float], float] | None = None
) -> None:
    """Draw the lines of a plank around the middle: they run along x, closer towards one side, around a knot.

    `chord` gives for a place across the plank how far they reach to each side; half the width if not given.
    """
    draw, y = canvas.random, -height / 2 + 5
    bend, knot = draw.uniform(-0.3, 0.3) * width, draw.uniform(-0.2, 0.2) * height
    while y < height / 2 - 4:
        reach = chord(y) if chord else width / 2 - 3
        points: list[Point] = []
        for i in range(13):
            px = -reach + 2 * reach * i / 12
            lift = (
                17 * math.exp(-(((px - bend) / 120) ** 2) - ((y - knot) / 70) ** 2) * (1 if y > knot else -1)
            )
            room = math.sqrt(max(0.0, 1 - (2 * y / height) ** 2))
            points.append((px, y + lift * room + 2.4 * math.sin(px / 90 + y / 40) * room))
        opacity = f'stroke-opacity="{draw.uniform(0.1, 0.42):.2f}"'
        canvas.add(stroke(smooth(points), lit(colour, -0.5), draw.uniform(0.8, 2.8), opacity))
        y += draw.uniform(4, 15)


def leaves(
    canvas: Canvas, radius: float, number: int, tones: Sequence[str], x: float = 0, y: float = 0
) -> None:
    """Draw a heap of rolled leaves: curled strokes, each with its shadow and its light."""
    draw = canvas.random
    for i in range(number):
        angle, reach = draw.uniform(0, math.tau), radius * math.sqrt(draw.random()) * (1 - 0.25 * i / number)
        px, py = x + math.cos(angle) * reach, y + math.sin(angle) * reach
        turn, length = draw.uniform(0, math.tau), draw.uniform(12, 27)
        dx, dy = math.cos(turn) * length, math.sin(turn) * length
        curl = draw.uniform(-11, 11)
        data = f"M{px - dx:.0f} {py - dy:.0f} Q{px - dy / length * curl:.0f} {py + dx / length * curl:.0f} {px + dx:.0f} {py + dy:.0f}"
        tone = draw.choice(tones)
        canvas.add(stroke(data, SHADE, 9, 'stroke-opacity="0.4" transform="translate(2 4)"'))
        canvas.add(stroke(data, lit(tone, -0.15), 7.5))
        canvas.add(stroke(data, lit(tone, draw.uniform(0.12, 0.4)), 2.2, 'transform="translate(-1 -1.6)"'))


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
    draw, ink = canvas.random, lit(look.colour, -0.6)
    for _ in range({"speckle": 150, "crackle": 70}.get(look.pattern, 0)):
        angle, reach = draw.uniform(0, math.tau), radius * math.sqrt(draw.random())
        px, py = math.cos(angle) * reach, math.sin(angle) * reach
        if look.pattern == "speckle":
            size = draw.choice((1, 1.4, 2, 3.2))
            canvas.add(oval(px, py, size, size, ink, f'opacity="{draw.uniform(0.3, 0.7):.2f}"'))
            continue
        points, heading = [(px, py)], draw.uniform(0, math.tau)
        for _ in range(4):
            heading += draw.uniform(-0.9, 0.9)
            px, py = px + math.cos(heading) * 27, py + math.sin(heading) * 27
            if math.hypot(px, py) < radius:
                points.append((px, py))
        canvas.add(
            stroke("M" + " L".join(f"{a:.0f} {b:.0f}" for a, b in points), ink, 1.2, 'stroke-opacity="0.42"')
        )


def tea_loose(canvas: Canvas, look: Look) -> None:
    bowl = COLOURS["chalk"]
    canvas.lift(circle(318), 2)
    disc(canvas, 318, bowl)
    disc(canvas, 300, bowl, deep=True)
    canvas.add(oval(6, 8, 252, 252, lit(look.colour, -0.62)))
    tones = [look.colour, lit(look.colour, -0.34), lit(look.colour, 0.22), mix(look.colour, "#7a6a3a", 0.5)]
    leaves(canvas, 246, 560, tones, 6, 6)
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
    form.__name__: form for form in (plate, tea_loose, tray, trivet, skillet, cutting_board, gift_box)
}
