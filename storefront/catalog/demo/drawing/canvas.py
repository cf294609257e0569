"""The sheet that things are drawn on: a studio with soft light from the upper left."""

from __future__ import annotations

import random
from collections.abc import Sequence

from storefront.catalog.demo.drawing.palette import lit, mix

SIZE = 1024
FLOOR = 770  # where things stand
Point = tuple[float, float]


class Canvas:
    """Collects shapes and the gradients they use; `svg()` gives the document.

    Coordinates of things: x to the right of the middle, y up from the floor, in pixels of the whole picture.
    """

    def __init__(self, tint: str, seed: str) -> None:
        self.random = random.Random(seed)  # noqa: S311  # pictures, not secrets
        self.tint = tint
        self._defs: list[str] = []
        self._body: list[str] = []

    def add(self, shape: str) -> None:
        """Draw a shape over what is there."""
        self._body.append(shape)

    def define(self, definition: str) -> str:
        """Keep a gradient or clip path, in which {id} stands for its name; return `url(#name)`."""
        name = f"d{len(self._defs)}"
        self._defs.append(definition.replace("{id}", name))
        return f"url(#{name})"

    def linear(self, stops: Sequence[tuple[float, str, float]], *, down: bool = False) -> str:
        """Return a gradient from left to right (or down) of (place 0–1, colour, opacity)."""
        end = 'x2="0" y2="1"' if down else 'x2="1" y2="0"'
        return self.define(
            f'<linearGradient id="{{id}}" x1="0" y1="0" {end}>{_stops(stops)}</linearGradient>'
        )

    def radial(self, stops: Sequence[tuple[float, str, float]]) -> str:
        """Return a gradient from the middle of a shape to its edge."""
        return self.define(f'<radialGradient id="{{id}}">{_stops(stops)}</radialGradient>')

    def push(self, transform: str) -> None:
        """Begin a group that is moved or scaled."""
        self._body.append(f'<g transform="{transform}">')

    def pop(self) -> None:
        """End the group."""
        self._body.append("</g>")

    def shadow(self, x: float, width: float, y: float = 0) -> None:
        """Draw the shadow of a thing of this width that stands at x: sharp below it, soft to its right."""
        soft = self.radial([(0, "#2b2118", 0.34), (0.55, "#2b2118", 0.13), (1, "#2b2118", 0)])
        sharp = self.radial([(0, "#1d150e", 0.6), (0.7, "#1d150e", 0.28), (1, "#1d150e", 0)])
        self.add(ellipse((x + width * 0.2, y + 6), width * 0.86, width * 0.15, soft))
        self.add(ellipse((x + width * 0.02, y + 2), width * 0.54, width * 0.065, sharp))

    def svg(self) -> str:
        """Return the document."""
        wall = mix(lit(self.tint, 0.62), "#e9e4da", 0.72)
        table = lit(wall, -0.05)
        # Linear on purpose: a radial gradient over the whole sheet would double the time of every picture.
        wall_stops = _stops([(0, lit(wall, 0.5), 1), (0.6, wall, 1), (1, lit(wall, -0.1), 1)])
        table_stops = _stops([(0, lit(table, -0.07), 1), (0.16, table, 1), (1, lit(table, 0.2), 1)])
        ground = (
            f'<linearGradient id="wall" x1="0" y1="0" x2="1" y2="0.8">{wall_stops}</linearGradient>'
            f'<linearGradient id="table" x1="0" y1="0" x2="0" y2="1">{table_stops}</linearGradient>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
            f"<defs>{ground}{''.join(self._defs)}</defs>"
            f'<rect width="{SIZE}" height="{SIZE}" fill="url(#wall)"/>'
            f'<rect y="668" width="{SIZE}" height="{SIZE - 668}" fill="url(#table)"/>'
            f"{''.join(self._body)}</svg>"
        )


def at(point: Point) -> str:
    """Return a point of a thing in the document's coordinates."""
    return f"{SIZE / 2 + point[0]:.1f} {FLOOR - point[1]:.1f}"


def ellipse(centre: Point, rx: float, ry: float, fill: str, extra: str = "") -> str:
    """Return an ellipse."""
    return (
        f'<ellipse cx="{SIZE / 2 + centre[0]:.1f}" cy="{FLOOR - centre[1]:.1f}" '
        f'rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}" {extra}/>'
    )


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
    """Return path data of a smooth curve through the points (Catmull–Rom, as Bézier segments)."""
    data = [f"M{at(points[0])}"]
    for i in range(len(points) - 1):
        before, here, there = points[max(i - 1, 0)], points[i], points[i + 1]
        after = points[min(i + 2, len(points) - 1)]
        first = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
        second = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
        data.append(f"C{at(first)} {at(second)} {at(there)}")
    return " ".join(data)


def _stops(stops: Sequence[tuple[float, str, float]]) -> str:
    return "".join(
        f'<stop offset="{place}" stop-color="{colour}"'
        + (f' stop-opacity="{opacity}"/>' if opacity < 1 else "/>")
        for place, colour, opacity in stops
    )
