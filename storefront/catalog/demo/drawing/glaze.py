"""What a potter, a weaver or a tree does to a surface."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from storefront.catalog.demo.drawing.canvas import FLOOR, SIZE, Canvas, at, ellipse
from storefront.catalog.demo.drawing.palette import lit

Profile = Sequence[tuple[float, float]]
RAW = "#b08c68"  # unglazed stoneware


def decorate(
    canvas: Canvas, outline: str, profile: Profile, colour: str, pattern: str, *, x: float, y: float
) -> None:
    """Draw a pattern inside the outline of a body; `plain` draws nothing."""
    if pattern == "plain":
        return
    clip = canvas.define(f'<clipPath id="{{id}}"><path d="{outline}"/></clipPath>')
    canvas.add(f'<g clip-path="{clip}">')
    high, wide = profile[-1][0], max(radius for _, radius in profile)
    PATTERNS[pattern](canvas, x, y, high, wide, colour)
    canvas.add("</g>")


def _dip(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    # The foot was never dipped: raw clay under a wavering line, a little thicker where the glaze ran.
    edge, steps = high * canvas.random.uniform(0.24, 0.34), 14
    points = [
        (
            x - wide + 2 * wide * i / steps,
            y + edge + canvas.random.uniform(-7, 7) - 10 * math.cos((i / steps - 0.5) * math.pi),
        )
        for i in range(steps + 1)
    ]
    data = "M" + " L".join(at(p) for p in points)
    raw = canvas.linear(
        [(0, lit(RAW, -0.3), 1), (0.3, lit(RAW, 0.2), 1), (0.6, RAW, 1), (1, lit(RAW, -0.45), 1)]
    )
    canvas.add(f'<path d="{data} L{at((x + wide, y - 90))} L{at((x - wide, y - 90))} Z" fill="{raw}"/>')
    canvas.add(
        f'<path d="{data}" fill="none" stroke="{lit(colour, -0.3)}" stroke-width="5" stroke-opacity="0.6"/>'
    )


def _speckle(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    dark = lit(colour, -0.6)
    for _ in range(150):
        px, py = canvas.random.uniform(-wide, wide), canvas.random.uniform(-30, high)
        size = canvas.random.choice((1.1, 1.4, 1.8, 2.6, 3.6))
        canvas.add(
            ellipse(
                (x + px, y + py), size, size * 0.9, dark, f'opacity="{canvas.random.uniform(0.3, 0.75):.2f}"'
            )
        )


def _rings(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    # Throwing rings: a line of shadow with one of light above it, bent as the body is round.
    for i in range(1, int(high // 26) + 1):
        py = y + i * 26 + canvas.random.uniform(-3, 3)
        for shift, tone, opacity in ((0, lit(colour, -0.5), 0.28), (3, "#ffffff", 0.22)):
            canvas.add(
                f'<path d="M{at((x - wide, py + shift + 14))} Q{at((x, py + shift - wide * 0.22))} {at((x + wide, py + shift + 14))}" fill="none" stroke="{tone}" stroke-width="2.5" stroke-opacity="{opacity}"/>'
            )


def _drip(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    # A second glaze over the shoulder, run down in tongues.
    tone, steps = lit(colour, -0.45), 11
    data = f"M{at((x - wide - 5, y + high + 90))} L{at((x - wide - 5, y + high * 0.66))}"
    for i in range(steps):
        left, right = x - wide + 2 * wide * i / steps, x - wide + 2 * wide * (i + 1) / steps
        low = y + high * canvas.random.uniform(0.38, 0.68)
        data += f" C{at((left, low))} {at((right, low))} {at((right, y + high * 0.7))}"
    fill = canvas.linear(
        [(0, lit(tone, -0.2), 0.9), (0.3, lit(tone, 0.25), 0.9), (0.6, tone, 0.9), (1, lit(tone, -0.4), 0.92)]
    )
    canvas.add(f'<path d="{data} L{at((x + wide + 5, y + high + 90))} Z" fill="{fill}"/>')


def _brush(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    # One turn of a loaded brush; the hairs leave their tracks.
    light = colour < "#888888"
    for i in range(9):
        py = y + high * 0.42 + i * high * 0.024
        canvas.add(
            f'<path d="M{at((x - wide, py + 12))} Q{at((x - wide * 0.1, py - wide * 0.2))} {at((x + wide * canvas.random.uniform(0.5, 0.95), py + canvas.random.uniform(-4, 16)))}" fill="none" stroke="{"#f2ead9" if light else lit(colour, -0.5)}" stroke-width="{canvas.random.uniform(3, 7):.1f}" stroke-opacity="{canvas.random.uniform(0.45, 0.85):.2f}" stroke-linecap="round"/>'
        )


def _stripe(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    tone = lit(colour, -0.42) if colour > "#777777" else lit(colour, 0.6)
    for share, width in ((0.16, 16), (0.24, 5), (0.76, 5), (0.84, 16)):
        py = y + high * share
        canvas.add(
            f'<path d="M{at((x - wide, py + 10))} Q{at((x, py - wide * 0.24))} {at((x + wide, py + 10))}" fill="none" stroke="{tone}" stroke-width="{width}" stroke-opacity="0.75"/>'
        )


def _grain(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    for i in range(26):
        py = y - 40 + (high + 60) * i / 26 + canvas.random.uniform(-5, 5)
        bend = canvas.random.uniform(-14, 14)
        canvas.add(
            f'<path d="M{at((x - wide, py))} Q{at((x + canvas.random.uniform(-0.5, 0.5) * wide, py + bend))} {at((x + wide, py + bend / 3))}" fill="none" stroke="{lit(colour, -0.4)}" stroke-width="{canvas.random.uniform(1, 2.6):.1f}" stroke-opacity="{canvas.random.uniform(0.14, 0.4):.2f}"/>'
        )


def _crackle(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:
    for _ in range(46):
        px, py = x + canvas.random.uniform(-wide, wide), y + canvas.random.uniform(0, high)
        points = [(px, py)]
        for _ in range(4):
            px, py = px + canvas.random.uniform(-42, 42), py + canvas.random.uniform(-36, 36)
            points.append((px, py))
        canvas.add(
            f'<path d="M{" L".join(at(p) for p in points)}" fill="none" stroke="{lit(colour, -0.55)}" stroke-width="1.1" stroke-opacity="0.38"/>'
        )


def _facet(canvas: Canvas, x: float, y: float, high: float, wide: float, colour: str) -> None:  # noqa: ARG001
    for i in range(9):
        place = math.sin((i / 9 - 0.5) * math.pi) * wide
        end = math.sin(((i + 1) / 9 - 0.5) * math.pi) * wide
        tone, opacity = ("#ffffff", 0.12) if i % 2 else ("#1d1712", 0.1)
        canvas.add(
            f'<rect x="{SIZE / 2 + x + place:.1f}" y="{FLOOR - y - high:.1f}" width="{end - place:.1f}" height="{high + 80:.1f}" fill="{tone}" opacity="{opacity}"/>'
        )


PATTERNS: dict[str, Callable[[Canvas, float, float, float, float, str], None]] = {
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
