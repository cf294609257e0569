"""The canvas of all drawings: a studio with soft light from the upper left."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.pictures.palette import lit, mix

SIZE = 1024
FLOOR = 770  # y of the table, on which things stand
LEVEL = 0.17  # tilt of a camera slightly above the table
Point = tuple[float, float]
Stop = tuple[float, str, float]  # place 0–1, colour, opacity
SHADE = "#2a1d12"  # colour of shadows: slightly warm, not black


class Canvas:
    """Collects shapes and the gradients they use; `svg()` gives the document.

    Coordinates of standing things: x to the right of the centre, y up from the floor, in pixels of the picture.
    Things seen from above are drawn around 0, 0 in a group that is moved to the centre; there y points down.
    """

    def __init__(
        self, ground: str, seed: str, *, above: bool = False, tilt: float = LEVEL, horizon: float = 0.635
    ) -> None:
        self.random = random.Random(seed)
        self.ground = ground
        self.above = above
        self.tilt = tilt  # visible depth of a circle per width: the height of the camera
        self.horizon = horizon  # where the wall meets the table, from 0 (top) to 1
        self._defs: list[str] = []
        self._names: dict[str, str] = {}
        self._body: list[str] = []

    def add(self, *shapes: str) -> None:
        """Draw shapes on top of the earlier ones."""
        self._body.extend(shapes)

    def define(self, definition: str) -> str:
        """Define a gradient or clip path, with {id} in place of its name; return `url(#name)`."""
        if definition not in self._names:
            name = self._names[definition] = f"d{len(self._defs)}"
            self._defs.append(definition.replace("{id}", name))
        return f"url(#{self._names[definition]})"

    def linear(self, stops: Sequence[Stop], *, down: bool = False, slant: float = 0) -> str:
        """Return a gradient from left to right, or down; `slant` leans the former (0 to 1)."""
        end = 'x2="0" y2="1"' if down else f'x2="1" y2="{slant:g}"'
        return self.define(
            f'<linearGradient id="{{id}}" x1="0" y1="0" {end}>{_stops(stops)}</linearGradient>'
        )

    def radial(self, stops: Sequence[Stop], *, light: bool = False) -> str:
        """Return a gradient from the centre of a shape to its edge; with `light` it starts at the upper left."""
        off = ' cx="0.36" cy="0.3" r="0.78"' if light else ""
        return self.define(f'<radialGradient id="{{id}}"{off}>{_stops(stops)}</radialGradient>')

    def push(self, transform: str) -> None:
        """Begin a group that is moved or scaled."""
        self._body.append(f'<g transform="{transform}">')

    def clip(self, outline: str) -> None:
        """Begin a group that is clipped to the outline."""
        name = self.define(f'<clipPath id="{{id}}"><path d="{outline}"/></clipPath>')
        self._body.append(f'<g clip-path="{name}">')

    def pop(self) -> None:
        """End the group."""
        self._body.append("</g>")

    def shadow(self, x: float, width: float, y: float = 0) -> None:
        """Draw the shadow of a thing with this half width, to its right, away from the light."""
        soft = self.radial([(0, SHADE, 0.46), (0.4, SHADE, 0.24), (0.72, SHADE, 0.07), (1, SHADE, 0)])
        deep = width * self.tilt * 1.3
        for along, long, thick in ((0.32, 1.12, 1.0), (0.78, 1.3, 0.86)):
            cx, cy = SIZE / 2 + x + width * along, FLOOR - y + width * 0.02
            turn = f'transform="rotate(4 {cx:.0f} {cy:.0f})"'
            self.add(ellipse((x + width * along, y - width * 0.02), width * long, deep * thick, soft, turn))

    def contact(self, x: float, foot: float, y: float = 0) -> None:
        """Draw the dark line where a round foot of this radius meets the table."""
        dark = self.radial([(0, SHADE, 0.85), (0.8, SHADE, 0.6), (0.92, SHADE, 0.25), (1, SHADE, 0)])
        self.add(ellipse((x + foot * 0.05, y - 4), foot * 1.12, foot * (self.tilt * 1.06 + 0.045), dark))

    def lift(self, data: str, high: float = 1) -> None:
        """Draw the shadow of a flat shape (path data) that lies on the ground, `high` centimetres thick."""
        # Strokes of decreasing width fade on both sides of the edge; the shape itself hides the inner side.
        for i in range(9):
            width, away = (78 - i * 8.4) * high, (1 - i / 12) * high
            move = f'stroke-opacity="0.038" transform="translate({9 * away:.1f} {14 * away:.1f})"'
            self.add(stroke(data, SHADE, width, move))
        close = f'transform="translate({2.5 * high:.1f} {4 * high:.1f})" fill-opacity="0.36"'
        self.add(path(data, SHADE, close))

    def svg(self) -> str:
        """Return the document."""
        wall, table = self.ground, mix(lit(self.ground, -0.09), "#c9b195", 0.14)
        if self.above:
            stops: list[Stop] = [(0, lit(wall, 0.4), 1), (1, lit(wall, -0.12), 1)]
            back = f'<rect width="{SIZE}" height="{SIZE}" fill="{self.linear(stops, slant=1)}"/>'
        else:
            turn = self.horizon
            # Studio paper without an edge between wall and table: only the light changes.
            back = self._bands(
                [
                    (0, lit(wall, 0.02), 1),
                    (turn * 0.72, lit(wall, 0.2), 1),
                    (turn - 0.03, lit(wall, 0.03), 1),
                    (turn + 0.04, table, 1),
                    (turn + 0.17, lit(table, 0.13), 1),
                    (1, lit(table, 0.3), 1),
                ]
            )
        lamp = self.radial([(0, "#fffaf0", 0.4), (1, "#fffaf0", 0)])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
            f"<defs>{''.join(self._defs)}</defs>"
            f'{back}<ellipse cx="270" cy="250" rx="380" ry="330" fill="{lamp}"/>{"".join(self._body)}</svg>'
        )

    def _bands(self, stops: Sequence[Stop]) -> str:
        """Return a vertical gradient as a band per pair of stops: renders twice as fast as one gradient of many."""
        bands = []
        for (start, upper, _), (end, lower, _) in pairwise(stops):
            top, high = round(start * SIZE), round(end * SIZE) - round(start * SIZE)
            fill = self.linear([(0, upper, 1), (1, lower, 1)], down=True)
            bands.append(f'<rect y="{top}" width="{SIZE}" height="{high}" fill="{fill}"/>')
        return "".join(bands)


def at(point: Point) -> str:
    """Return a point of a standing thing in the document's coordinates."""
    return f"{SIZE / 2 + point[0]:.1f} {FLOOR - point[1]:.1f}"


def ellipse(centre: Point, rx: float, ry: float, fill: str, extra: str = "") -> str:
    """Return an ellipse of a standing thing."""
    return oval(SIZE / 2 + centre[0], FLOOR - centre[1], rx, ry, fill, extra)


def oval(cx: float, cy: float, rx: float, ry: float, fill: str, extra: str = "") -> str:
    """Return an ellipse in the coordinates of the group."""
    return f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}" {extra}/>'


def path(data: str, fill: str, extra: str = "") -> str:
    """Return a filled path."""
    return f'<path d="{data}" fill="{fill}" {extra}/>'


def stroke(data: str, colour: str, width: float, extra: str = "") -> str:
    """Return a line with round ends."""
    return (
        f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{width:.1f}" '
        f'stroke-linecap="round" stroke-linejoin="round" {extra}/>'
    )


def polyline(points: Sequence[Point]) -> str:
    """Return path data through the points, straight, closed."""
    return "M" + " L".join(at(point) for point in points) + " Z"


def curve(points: Sequence[Point]) -> str:
    """Return path data of a smooth curve through the points of a standing thing."""
    return smooth([(SIZE / 2 + x, FLOOR - y) for x, y in points])


def smooth(points: Sequence[Point]) -> str:
    """Return path data of a smooth curve through the points (Catmull–Rom, as Bézier segments)."""
    data = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(len(points) - 1):
        before, here, there = points[max(i - 1, 0)], points[i], points[i + 1]
        after = points[min(i + 2, len(points) - 1)]
        data.append(
            f"C{here[0] + (there[0] - before[0]) / 6:.1f} {here[1] + (there[1] - before[1]) / 6:.1f} "
            f"{there[0] - (after[0] - here[0]) / 6:.1f} {there[1] - (after[1] - here[1]) / 6:.1f} "
            f"{there[0]:.1f} {there[1]:.1f}"
        )
    return " ".join(data)


def _stops(stops: Sequence[Stop]) -> str:
    return "".join(
        f'<stop offset="{place}" stop-color="{colour}"'
        + (f' stop-opacity="{opacity:g}"/>' if opacity < 1 else "/>")
        for place, colour, opacity in stops
    )
