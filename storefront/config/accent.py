"""Colours made of the merchant's accent colour, and their contrast with the paper in light and dark.

A colour is converted to OKLCH (lightness, chroma, hue; CSS Color 4, 9.3 and 10.9), because there a change of the
lightness leaves the hue as people see it. Contrast is that of WCAG 2.2 ("contrast ratio", "relative luminance").
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Scheme = Literal["light", "dark"]
Rgb = tuple[float, float, float]  # of sRGB, each from 0 to 1

LEAST_CONTRAST = 4.5  # of text (WCAG 2.2, 1.4.3 AA)
_DARK_LIGHTNESS = 0.76
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
# Lightness, chroma and hue of the surfaces that text in the accent colour stands on: tokens.css has the same.
PAPERS: dict[Scheme, tuple[tuple[float, float, float], ...]] = {
    "light": ((0.988, 0.003, 100), (1.0, 0.0, 0), (0.96, 0.006, 100)),
    "dark": ((0.185, 0.008, 90), (0.23, 0.009, 90), (0.22, 0.009, 90)),
}


@dataclass(frozen=True, slots=True)
class AccentColors:
    """The colours of one scheme, each as #rrggbb."""

    accent: str
    strong: str
    wash: str
    on_accent: str


def parse_hex(text: str) -> str | None:
    """Return a colour as #rrggbb; None if the text is not #rgb or #rrggbb."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        return None
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#rrggbb), from 1 to 21."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(color: str, scheme: Scheme) -> float:
    """Return the contrast of an accent colour with the surface of a scheme on which it is hardest to read."""
    wash = make_colors(color, scheme).wash
    return min(contrast(color, paper) for paper in (*(_hex(*each) for each in PAPERS[scheme]), wash))


def nearest_readable(color: str, scheme: Scheme) -> str:
    """Return the colour of the same hue whose lightness is nearest and that passes in a scheme; maybe itself."""
    lightness, chroma, hue = _oklch(color)
    step = -0.002 if scheme == "light" else 0.002
    while least_contrast(color, scheme) < LEAST_CONTRAST:  # black and white pass
        lightness += step
        color = _hex(lightness, chroma, hue)
    return color


def dark_accent(color: str) -> str:
    """Return the accent colour of the dark scheme for the one of the light scheme: lighter, of the same hue."""
    lightness, chroma, hue = _oklch(color)
    return nearest_readable(_hex(max(lightness, _DARK_LIGHTNESS), chroma, hue), "dark")


def make_colors(color: str, scheme: Scheme) -> AccentColors:
    """Return the colours of a scheme for an accent colour that is readable in it."""
    lightness, chroma, hue = _oklch(color)
    if scheme == "light":
        strong, wash = _hex(lightness * 0.8, chroma, hue), _hex(0.95, min(chroma * 0.28, 0.03), hue)
        return AccentColors(color, strong, wash, _hex(0.995, min(chroma, 0.005), hue))
    strong, wash = _hex(min(lightness + 0.07, 1), chroma, hue), _hex(0.28, min(chroma * 0.4, 0.04), hue)
    return AccentColors(color, strong, wash, _hex(0.19, min(chroma, 0.03), hue))


def _rgb(color: str) -> Rgb:
    return (int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _luminance(color: Rgb) -> float:
    red, green, blue = map(_linear, color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(color: str) -> tuple[float, float, float]:
    red, green, blue = map(_linear, _rgb(color))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a))


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """Return a colour as #rrggbb; one that no screen shows gets less chroma."""
    while chroma > 0 and not all(-0.001 <= value <= 1.001 for value in _to_linear(lightness, chroma, hue)):
        chroma = max(0.0, chroma - 0.002)
    values = (_gamma(min(max(value, 0.0), 1.0)) for value in _to_linear(lightness, chroma, hue))
    return "#" + "".join(f"{round(value * 255):02x}" for value in values)


def _to_linear(lightness: float, chroma: float, hue: float) -> Rgb:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
