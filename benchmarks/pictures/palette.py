"""Colours of the demo's products, and their changes by light and shadow."""

from __future__ import annotations

import math
from zlib import crc32

COLOURS = {
    "chalk": "#ece7dc",
    "oat": "#d9c7a5",
    "sand": "#c9ab80",
    "ochre": "#c08a35",
    "rust": "#a8542f",
    "clay": "#b66a4a",
    "blush": "#d9a79a",
    "plum": "#6d4458",
    "iron": "#4a4540",
    "charcoal": "#33353a",
    "slate": "#5d6a74",
    "indigo": "#33466b",
    "cobalt": "#2c5aa0",
    "sky": "#9db9c9",
    "celadon": "#a9c0a6",
    "moss": "#6f7d4b",
    "fern": "#4a6b4f",
    "pine": "#2f4d43",
    "steel": "#b9bec2",
    "brass": "#c3a15a",
    "copper": "#b8734f",
    "beech": "#d8b88c",
    "walnut": "#6f4a32",
    "oak": "#b98d5c",
    "bamboo": "#d9c188",
    "clear": "#dbe6e4",
}


# Colours of the background paper; `backdrop` selects one that contrasts with the thing.
PAPERS = ("#e9e2d6", "#e3d2c3", "#d5dccd", "#d3dde0", "#e9d7d0", "#e8ddc2", "#dad8d2")


def backdrop(colour: str, name: str) -> str:
    """Return a background for a thing of this colour: one that contrasts, always the same for the same name."""
    far = sorted(PAPERS, key=lambda paper: -distance(paper, colour))[:4]
    return far[crc32(name.encode()) % len(far)]


def distance(first: str, second: str) -> float:
    """Return the perceived difference of two colours, with the eye's weights of red, green and blue."""
    parts = [int(first[i : i + 2], 16) - int(second[i : i + 2], 16) for i in (1, 3, 5)]
    return math.sqrt(sum(weight * part * part for weight, part in zip((2, 4, 3), parts, strict=True)))


def mix(first: str, second: str, share: float) -> str:
    """Return a mixture of two colours; `share` (0 to 1) is that of the second."""
    return "#" + "".join(
        f"{round(int(first[i : i + 2], 16) * (1 - share) + int(second[i : i + 2], 16) * share):02x}"
        for i in (1, 3, 5)
    )


def lit(colour: str, amount: float) -> str:
    """Return the colour in more light (amount above 0) or in shadow (below 0); shadows are slightly warm."""
    return mix(colour, "#fffaf0", amount) if amount >= 0 else mix(colour, "#1d1712", -amount)


def hex_of(name: str) -> str:
    """Return the colour's hex form.

    Raises:
        ValueError: there is no such colour; the text lists those there are.
    """
    if name not in COLOURS:
        raise ValueError(f"there is no colour {name!r}; there are: {', '.join(COLOURS)}")
    return COLOURS[name]
