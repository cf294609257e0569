"""The last hour as two areas: what was answered from the cache, and what had to be built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from storefront.cache.hit_rates import HITS

WIDTH, HEIGHT = 600, 120


@dataclass(frozen=True, slots=True)
class Chart:
    """Points of two SVG polygons in a box of WIDTH × HEIGHT, and the number at the top of the scale."""

    all: str
    built: str
    top: int
    width: int = WIDTH
    height: int = HEIGHT


def chart(minutes: Sequence[Counter[str]]) -> Chart:
    """Return the areas for counts by minute, the oldest first."""
    built = [minute["miss"] + minute["alone"] + minute["away"] for minute in minutes]
    whole = [sum(minute[name] for name in HITS) + below for minute, below in zip(minutes, built, strict=True)]
    top = max([1, *whole])
    return Chart(_area(whole, top), _area(built, top), top)


def _area(values: Sequence[int], top: int) -> str:
    step = WIDTH / max(1, len(values) - 1)
    points = [f"{i * step:.1f},{HEIGHT - value / top * HEIGHT:.1f}" for i, value in enumerate(values)]
    return " ".join([f"0,{HEIGHT}", *points, f"{WIDTH},{HEIGHT}"])
