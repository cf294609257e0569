"""Lines over the last hour, drawn as SVG on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in a box of WIDTH × HEIGHT.

    Attributes:
        title: what is drawn.
        unit: of its numbers: "a minute", "ms", "%", "MB", "open".
        top: the number at the top of the scale.
        lines: (name, points of an SVG polyline, the last value), at most three.
    """

    title: str
    unit: str
    top: float
    lines: list[tuple[str, str, float]]
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    title: str, unit: str, lines: Mapping[str, Sequence[float | None]], top: float | None = None
) -> Chart:
    """Return a chart of values by minute, the oldest first; where there is no value a line keeps its height."""
    filled = {name: _filled(values) for name, values in lines.items()}
    highest = max((value for values in filled.values() for value in values), default=0)
    top = top or _round_up(highest)
    drawn = [(name, _points(values, top), values[-1] if values else 0.0) for name, values in filled.items()]
    return Chart(title, unit, top, drawn)


def _filled(values: Sequence[float | None]) -> list[float]:
    filled: list[float] = []
    last = next((value for value in values if value is not None), 0.0)
    for value in values:
        last = last if value is None else value
        filled.append(float(last))
    return filled


def _round_up(value: float) -> float:
    scale = 1.0
    while True:
        for step in _STEPS:
            if step * scale >= value:
                return step * scale
        scale *= 10


def _points(values: Sequence[float], top: float) -> str:
    step = WIDTH / max(1, len(values) - 1)
    return " ".join(f"{i * step:.1f},{HEIGHT - min(v / top, 1) * HEIGHT:.1f}" for i, v in enumerate(values))
