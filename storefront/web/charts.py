"""Charts of the last hour for staff pages, drawn as SVG on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 600, 120
_STEPS = (1, 2, 5)

# Values by minute, the oldest first; None where there is no value.
Values = Sequence[float | None]


class Series(NamedTuple):
    """One line or area: its name, the points of an SVG polyline or polygon, and its last value."""

    name: str
    points: str
    last: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Up to three lines, or stacked areas, in a box of WIDTH × HEIGHT.

    Attributes:
        title: what the chart shows.
        unit: of its values: "a minute", "ms", "%", "MB", "open".
        top: the value at the top of the scale.
        series: in the order in which they are drawn.
        stacked: whether the series are areas, each on top of those that follow it.
    """

    title: str
    unit: str
    top: float
    series: list[Series]
    stacked: bool = False
    width: int = WIDTH
    height: int = HEIGHT


def draw_lines(title: str, unit: str, values: Mapping[str, Values], top: float | None = None) -> Chart:
    """Return a chart with a line for each name. Where there is no value, a line keeps its height."""
    filled = {name: _fill_gaps(line) for name, line in values.items()}
    top = top or _round_up(max((value for line in filled.values() for value in line), default=0))
    series = [Series(name, " ".join(_points(line, top)), _last(line)) for name, line in filled.items()]
    return Chart(title, unit, top, series)


def draw_areas(title: str, unit: str, values: Mapping[str, Values]) -> Chart:
    """Return a chart with an area for each name; the last name is at the bottom, the first one on top of all."""
    filled = {name: _fill_gaps(area) for name, area in values.items()}
    areas = list(filled.values())
    heights = [[sum(minute) for minute in zip(*areas[place:], strict=True)] for place in range(len(areas))]
    top = _round_up(max(heights[0], default=0))
    series = [
        Series(name, " ".join([f"0,{HEIGHT}", *_points(height, top), f"{WIDTH},{HEIGHT}"]), _last(area))
        for (name, area), height in zip(filled.items(), heights, strict=True)
    ]
    return Chart(title, unit, top, series, stacked=True)


def _fill_gaps(values: Values) -> list[float]:
    filled: list[float] = []
    last = next((value for value in values if value is not None), 0.0)
    for value in values:
        last = last if value is None else value
        filled.append(float(last))
    return filled


def _last(values: Sequence[float]) -> float:
    return values[-1] if values else 0.0


def _round_up(value: float) -> float:
    scale = 1.0
    while True:
        for step in _STEPS:
            if step * scale >= value:
                return step * scale
        scale *= 10


def _points(values: Sequence[float], top: float) -> list[str]:
    step = WIDTH / max(1, len(values) - 1)
    return [f"{i * step:.1f},{HEIGHT - min(v / top, 1) * HEIGHT:.1f}" for i, v in enumerate(values)]
