"""Patterns of surfaces: glazes, brush strokes, facets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.pictures.canvas import Canvas, at, ellipse, path, stroke
from benchmarks.pictures.palette import lit

Profile = Sequence[tuple[float, float]]
RAW = "#b4906c"  # unglazed stoneware


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall of a body that stands at x, y: its interpolated profile, and the visible depth of its circles."""

    x: float
    y: float
    fine: Profile
    tilt: float

    @property
    def high(self) -> float:
        """The height of the body."""
        return self.fine[-1][0]

    @property
    def wide(self) -> float:
        """The greatest radius of the body."""
        return max(radius for _, radius in self.fine)

    def radius(self, height: float) -> float:
        """Return the radius at a height."""
        return min(self.fine, key=lambda point: abs(point[0] - height))[1]

    def ring(
        self, height: float, wave: Callable[[float], float] = lambda _: 0.0
    ) -> list[tuple[float, float]]:
        """Return the visible points of the circle at a height, from left to right."""
        radius = self.radius(height)
        return [
            (
                self.x - math.cos(math.pi * i / 36) * radius,
                self.y + height - math.sin(math.pi * i / 36) * radius * self.tilt + wave(i / 36),
            )
            for i in range(37)
        ]


def decorate(
    canvas: Canvas, outline: str, fine: Profile, colour: str, pattern: str, *, x: float, y: float
) -> None:
    """Draw a pattern inside the outline of a body; `plain` draws nothing."""
    if pattern == "plain":
        return
    canvas.clip(outline)
    PATTERNS[pattern](canvas, Wall(x, y, fine, canvas.tilt), colour)
    canvas.pop()


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(at(point) for point in points)


def _wave(canvas: Canvas, amount: float) -> Callable[[float], float]:
    # Three waves of unrelated lengths look like the irregular line of a dipping hand.
    parts = [
        (canvas.random.uniform(2, 5), canvas.random.uniform(0, 6.3), canvas.random.uniform(0.4, 1))
        for _ in range(3)
    ]
    return lambda t: (
        amount * sum(size * math.sin(speed * math.pi * t + start) for speed, start, size in parts) / 2
    )


def _dip(canvas: Canvas, wall: Wall, colour: str) -> None:
    # The foot is unglazed clay below a wavy line, which is thicker where the glaze ran.
    edge = wall.ring(wall.high * canvas.random.uniform(0.26, 0.34), _wave(canvas, 7))
    down = f"L{at((wall.x + wall.wide, wall.y - 120))} L{at((wall.x - wall.wide, wall.y - 120))} Z"
    raw = canvas.linear(
        [
            (0, lit(RAW, -0.32), 1),
            (0.28, lit(RAW, 0.24), 1),
            (0.55, RAW, 1),
            (0.92, lit(RAW, -0.42), 1),
            (1, lit(RAW, -0.3), 1),
        ]
    )
    canvas.add(path(f"{_line(edge)} {down}", raw))
    for _ in range(70):
        px, py = canvas.random.uniform(-wall.wide, wall.wide), canvas.random.uniform(-30, wall.high * 0.24)
        canvas.add(ellipse((wall.x + px, wall.y + py), 1.5, 1.2, lit(RAW, -0.5), 'opacity="0.4"'))
    canvas.add(
        stroke(_line([(px, py + 5) for px, py in edge]), lit(colour, -0.35), 9, 'stroke-opacity="0.55"')
    )
    canvas.add(stroke(_line([(px, py + 1) for px, py in edge]), lit(colour, 0.45), 2, 'stroke-opacity="0.5"'))


def _speckle(canvas: Canvas, wall: Wall, colour: str) -> None:
    dark, draw = lit(colour, -0.62), canvas.random
    for _ in range(190):
        # Evenly spaced around the body, so in the picture they are closer near the edges.
        angle, height = draw.uniform(0, math.pi), draw.uniform(0, wall.high)
        px, py = (
            -math.cos(angle) * wall.radius(height),
            height - math.sin(angle) * wall.radius(height) * wall.tilt,
        )
        size = draw.choice((0.9, 1.2, 1.5, 1.9, 2.7, 3.8))
        opacity = f'opacity="{draw.uniform(0.28, 0.75):.2f}"'
        canvas.add(
            ellipse((wall.x + px, wall.y + py), size * (0.35 + 0.65 * math.sin(angle)), size, dark, opacity)
        )


def _rings(canvas: Canvas, wall: Wall, colour: str) -> None:
    # Throwing rings: a groove in shadow with light on its lower lip.
    for i in range(1, int(wall.high // 24)):
        height = i * 24 + canvas.random.uniform(-3, 3)
        wave = _wave(canvas, 0.7)
        canvas.add(stroke(_line(wall.ring(height, wave)), lit(colour, -0.6), 4, 'stroke-opacity="0.26"'))
        canvas.add(stroke(_line(wall.ring(height - 4, wave)), "#ffffff", 3, 'stroke-opacity="0.17"'))


def _drip(canvas: Canvas, wall: Wall, colour: str) -> None:
    # A second glaze over the shoulder, run down in tongues of uneven length.
    tone, draw, steps = lit(colour, -0.5), canvas.random, 9
    start = wall.ring(wall.high * 0.7)
    points = [start[round(i * 36 / (steps * 2))] for i in range(steps * 2 + 1)]
    data = f"M{at((wall.x - wall.wide - 5, wall.y + wall.high + 90))} L{at(points[0])}"
    for i in range(1, len(points)):
        (ax, ay), (bx, by) = points[i - 1], points[i]
        fall = draw.uniform(0.1, 0.34) * wall.high if i % 2 else -draw.uniform(0.02, 0.06) * wall.high
        data += f" C{at((ax, ay - fall * 1.3))} {at((bx, by - fall * 1.3))} {at((bx, by))}"
    data += f" L{at((wall.x + wall.wide + 5, wall.y + wall.high + 90))} Z"
    fill = canvas.linear(
        [
            (0, lit(tone, -0.25), 0.94),
            (0.3, lit(tone, 0.22), 0.9),
            (0.55, tone, 0.92),
            (1, lit(tone, -0.45), 0.95),
        ]
    )
    canvas.add(path(data, "#1d1712", 'opacity="0.18" transform="translate(2 6)"'), path(data, fill))
    canvas.add(path(data, "none", f'stroke="{lit(tone, 0.5)}" stroke-opacity="0.35" stroke-width="2.5"'))


def _brush(canvas: Canvas, wall: Wall, colour: str) -> None:
    # One turn of a brush: its hairs leave tracks and run dry towards the right.
    ink, draw = "#f2ead9" if colour < "#888888" else lit(colour, -0.62), canvas.random
    tilt = draw.uniform(-0.05, 0.05)
    for i in range(16):
        height = wall.high * (0.4 + i * 0.018)
        ring = wall.ring(height, lambda t: wall.high * tilt * t)
        ring = ring[: round(37 * draw.uniform(0.6, 1.0))]
        canvas.add(
            stroke(_line(ring), ink, draw.uniform(3, 8), f'stroke-opacity="{draw.uniform(0.35, 0.8):.2f}"')
        )


def _stripe(canvas: Canvas, wall: Wall, colour: str) -> None:
    tone = lit(colour, -0.5) if colour > "#777777" else lit(colour, 0.7)
    for share, width in ((0.66, 5), (0.72, 17), (0.78, 5)):
        canvas.add(
            stroke(
                _line(wall.ring(wall.high * share, _wave(canvas, 0.6))), tone, width, 'stroke-opacity="0.8"'
            )
        )


def _grain(canvas: Canvas, wall: Wall, colour: str) -> None:
    for _ in range(30):
        height = canvas.random.uniform(0, wall.high)
        width = canvas.random.uniform(1, 3)
        opacity = f'stroke-opacity="{canvas.random.uniform(0.12, 0.38):.2f}"'
        canvas.add(stroke(_line(wall.ring(height, _wave(canvas, 2.2))), lit(colour, -0.45), width, opacity))


def _crackle(canvas: Canvas, wall: Wall, colour: str) -> None:
    draw, ink = canvas.random, lit(colour, -0.6)
    for _ in range(60):
        px, py = wall.x + draw.uniform(-wall.wide, wall.wide), wall.y + draw.uniform(-10, wall.high)
        points, heading = [(px, py)], draw.uniform(0, math.tau)
        for _ in range(4):
            heading += draw.uniform(-0.8, 0.8)
            px, py = px + math.cos(heading) * 26, py + math.sin(heading) * 24
            points.append((px, py))
        canvas.add(stroke(_line(points), ink, 1.2, 'stroke-opacity="0.4"'))


def _facet(canvas: Canvas, wall: Wall, colour: str) -> None:
    # Facets, cut with a wire: flat faces from below the lip to above the foot.
    top, low = wall.ring(wall.high * 0.9), wall.ring(wall.high * 0.08)
    for i in range(9):
        start, end = i * 4, i * 4 + 4
        tone, opacity = ("#ffffff", 0.13) if i % 2 else ("#1d1712", 0.09)
        face = f"M{at(top[start])} L{at(top[end])} L{at(low[end])} L{at(low[start])} Z"
        canvas.add(path(face, tone, f'opacity="{opacity}"'))
        canvas.add(stroke(f"M{at(top[end])} L{at(low[end])}", lit(colour, 0.6), 2, 'stroke-opacity="0.4"'))


PATTERNS: dict[str, Callable[[Canvas, Wall, str], None]] = {
    "plain": lambda *_: None,
    "dip": _dip,
    "speckle": _speckle,
    "rings": _rings,
    "drip": _drip,
    "brush": _brush,
    "stripe": _stripe,
    "grain": _grain,
    "crackle": _crackle,
    "facet": _facet,
}
