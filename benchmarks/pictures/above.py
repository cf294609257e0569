"""Parts of flat things seen from above: discs, planks, grain, leaves. The centre is 0, 0; y points down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from benchmarks.pictures.canvas import SHADE, Canvas, Point, oval, smooth, stroke
from benchmarks.pictures.palette import lit


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
    """Draw a heap of rolled tea leaves: layers of curled strokes, each with shadow and light."""
    draw, layers = canvas.random, max(1, number // 50)
    for layer in range(layers):
        under: list[str] = []
        over: dict[str, list[str]] = {}
        for i in range(number // layers):
            angle, reach = (
                draw.uniform(0, math.tau),
                radius * math.sqrt(draw.random()) * (1 - 0.2 * layer / layers),
            )
            px, py = x + math.cos(angle) * reach, y + math.sin(angle) * reach
            turn, length, curl = draw.uniform(0, math.tau), draw.uniform(11, 26), draw.uniform(-11, 11)
            dx, dy = math.cos(turn) * length, math.sin(turn) * length
            bend = f"{dx - dy / length * curl:.0f} {dy + dx / length * curl:.0f}"
            data = f"M{px - dx:.0f} {py - dy:.0f}q{bend} {2 * dx:.0f} {2 * dy:.0f}"
            under.append(data)
            over.setdefault(tones[i % len(tones)], []).append(data)
        canvas.add(stroke("".join(under), SHADE, 9, 'stroke-opacity="0.45" transform="translate(2 4)"'))
        for tone, several in over.items():
            canvas.add(stroke("".join(several), lit(tone, -0.2 + 0.16 * layer / layers), 7.5))
            canvas.add(
                stroke(
                    "".join(several),
                    lit(tone, 0.22 + 0.12 * layer / layers),
                    2.2,
                    'transform="translate(-1 -1.6)"',
                )
            )
