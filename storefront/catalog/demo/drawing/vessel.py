"""Bodies of revolution: anything thrown, turned, spun or blown, from its profile alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from storefront.catalog.demo.drawing.canvas import Canvas, Point, at, curve, ellipse, path, stroke
from storefront.catalog.demo.drawing.glaze import decorate
from storefront.catalog.demo.drawing.palette import lit, mix

TILT = 0.17  # how much of a circle's width is seen as its depth: the eye is a little above the table
GLOSS = {"porcelain": 0.75, "stoneware": 0.42, "glass": 0.8, "metal": 0.8, "wood": 0.12, "enamel": 0.7, "paper": 0.08,
         "cloth": 0.0, "clay": 0.14}  # fmt: skip
Profile = Sequence[tuple[float, float]]  # (height, radius), from the foot up


@dataclass(frozen=True, slots=True)
class Look:
    """How a thing's surface looks."""

    colour: str  # hex
    material: str
    pattern: str = "plain"

    @property
    def gloss(self) -> float:
        """How strongly the light is mirrored, 0 to 1."""
        return GLOSS[self.material]


def turned(profile: Profile, steps: int = 8) -> list[tuple[float, float]]:
    """Return the profile as a fine, smooth line (Catmull–Rom through its points)."""
    fine = [(float(profile[0][0]), float(profile[0][1]))]
    for i in range(len(profile) - 1):
        a, b, c = profile[max(i - 1, 0)], profile[i], profile[i + 1]
        d = profile[min(i + 2, len(profile) - 1)]
        for step in range(1, steps + 1):
            t = step / steps
            fine.append((_between(a[0], b[0], c[0], d[0], t), max(0.0, _between(a[1], b[1], c[1], d[1], t))))
    return fine


def outline(profile: Profile, x: float, y: float) -> str:
    """Return path data of the body's silhouette, seen a little from above: all its circles together."""
    fine = turned(profile)
    widest = next((i for i in range(1, len(fine) - 1) if fine[i][1] > fine[i + 1][1]), len(fine) - 1)
    low, sides = fine[: widest + 1], fine[widest:]
    reach, rim, top = fine[widest][1], fine[-1][1], y + fine[-1][0]
    under = []
    for i in range(41):
        px = -math.cos(math.pi * i / 40) * reach
        depth = min(h - TILT * math.sqrt(max(r * r - px * px, 0)) for h, r in low if r >= abs(px) - 0.01)
        under.append((x + px, y + depth))
    left, right = [(x - r, y + h) for h, r in reversed(sides)], [(x + r, y + h) for h, r in sides]
    lower = curve(under).replace("M", "L", 1)
    return (
        f"M{at((x + rim, top))} A{rim:.1f} {rim * TILT:.1f} 0 0 0 {at((x - rim, top))} "
        + f"{' '.join(f'L{at(p)}' for p in left)} {lower} {' '.join(f'L{at(p)}' for p in right)} Z"
    )


def body(
    canvas: Canvas, profile: Profile, look: Look, *, x: float = 0, y: float = 0, open_top: bool = True
) -> None:
    """Draw a body of revolution that stands at x, y; with `open_top` one looks into it."""
    fine = turned(profile)
    shape, rim, top = outline(profile, x, y), profile[-1][1], y + profile[-1][0]
    if y <= 0 and look.material != "glass":
        canvas.contact(x, profile[0][1], y)
    if look.material == "glass":
        _glass(canvas, shape, fine, look, x, y)
    else:
        canvas.add(path(shape, _around(canvas, look)))
        decorate(canvas, shape, fine, look.colour, look.pattern, x=x, y=y)
        fall = canvas.linear(
            [(0, "#fff", 0.12), (0.35, "#fff", 0), (0.7, "#1d1712", 0.05), (0.93, "#1d1712", 0.3), (1, "#1d1712", 0.2)],
            down=True,
        )  # fmt: skip
        canvas.add(path(shape, fall))
        _window(canvas, fine, look, x, y)
    if open_top:
        mouth(canvas, (x, top), rim, look)
    elif look.material != "glass":
        face = canvas.linear([(0, lit(look.colour, 0.42), 1), (1, lit(look.colour, -0.04), 1)])
        canvas.add(ellipse((x, top), rim, rim * TILT, face))
        edge = f'stroke="{lit(look.colour, 0.6)}" stroke-width="2" stroke-opacity="0.5"'
        canvas.add(ellipse((x, top), rim - 1, rim * TILT - 1, "none", edge))


def mouth(canvas: Canvas, centre: Point, rim: float, look: Look) -> None:
    """Draw the opening of a vessel: its lip, and its inside in shadow on the side of the light."""
    if look.material == "glass":
        ring = 'stroke="#fff" stroke-opacity="0.95" stroke-width="3.5"'
        canvas.add(ellipse(centre, rim, rim * TILT, "#ffffff", 'opacity="0.22"'))
        canvas.add(ellipse(centre, rim, rim * TILT, "none", ring))
        return
    c, shine = look.colour, 0.3 + look.gloss * 0.35
    lip = canvas.linear([(0, lit(c, shine + 0.2), 1), (0.5, lit(c, shine), 1), (1, lit(c, 0.05), 1)])
    inside = canvas.linear([(0, lit(c, -0.58), 1), (0.45, lit(c, -0.34), 1), (1, lit(c, 0.02), 1)])
    canvas.add(ellipse(centre, rim, rim * TILT, lip))
    canvas.add(ellipse((centre[0], centre[1] - 1), rim - 9, rim * TILT - 4.5, inside))


def liquid(canvas: Canvas, centre: Point, radius: float, colour: str) -> None:
    """Draw what is in a vessel, a little below its rim."""
    fill = canvas.linear([(0, lit(colour, -0.35), 1), (0.6, colour, 1), (1, lit(colour, 0.28), 1)])
    canvas.add(ellipse(centre, radius, radius * TILT * 0.84, fill))
    glint = canvas.linear([(0, "#fff", 0.5), (1, "#fff", 0)])
    canvas.add(
        ellipse((centre[0] - radius * 0.35, centre[1] + 2), radius * 0.34, radius * TILT * 0.22, glint)
    )


def brew(canvas: Canvas, profile: Profile, colour: str, *, clear: float = 0.85) -> None:
    """Draw a drink that is seen through the glass around it; `clear` is how much of the light it keeps."""
    shape, top, rim = outline(profile, 0, 0), profile[-1][0], profile[-1][1]
    tones = [(0.0, lit(colour, -0.4), clear), (0.3, lit(colour, 0.3), clear), (0.7, colour, clear)]
    canvas.add(path(shape, canvas.linear([*tones, (1, lit(colour, -0.5), clear)])))
    face = canvas.linear([(0, lit(colour, -0.1), 1), (0.5, lit(colour, 0.3), 1), (1, lit(colour, 0.1), 1)])
    canvas.add(ellipse((0, top), rim, rim * TILT, face))


def tube(canvas: Canvas, data: str, width: float, look: Look) -> None:
    """Draw a handle or a wire along a line: dark edge, body, light."""
    c, shine = look.colour, look.gloss
    canvas.add(stroke(data, lit(c, -0.46), width))
    canvas.add(stroke(data, lit(c, -0.2), width * 0.86, 'transform="translate(-1 -1)"'))
    canvas.add(
        stroke(
            data, lit(c, 0.04), width * 0.58, f'transform="translate({-width * 0.08:.1f} {-width * 0.1:.1f})"'
        )
    )
    move = f'transform="translate({-width * 0.17:.1f} {-width * 0.2:.1f})"'
    canvas.add(stroke(data, lit(c, 0.25 + shine * 0.4), width * 0.16, move))


def spout(canvas: Canvas, upper: Sequence[Point], lower: Sequence[Point], look: Look) -> None:
    """Draw a tapering spout between its upper and its lower edge, both from the body outwards."""
    tip = (upper[-1], lower[-1])
    data = f"{curve(upper)} L{at(tip[1])} {curve(lower[::-1]).replace('M', 'L', 1)} Z"
    stops = [(0.0, lit(look.colour, 0.2), 1.0), (0.5, look.colour, 1.0), (1.0, lit(look.colour, -0.4), 1.0)]
    canvas.add(path(data, canvas.linear(stops, down=True)))
    glint = curve([(px + 2, py - 9) for px, py in upper[:-1]])
    canvas.add(stroke(glint, "#ffffff", 6, f'stroke-opacity="{look.gloss * 0.55:.2f}"'))
    middle = ((tip[0][0] + tip[1][0]) / 2, (tip[0][1] + tip[1][1]) / 2)
    rx, ry = abs(tip[0][0] - tip[1][0]) / 2 + 5, abs(tip[0][1] - tip[1][1]) / 2 + 4
    canvas.add(ellipse(middle, rx, ry, lit(look.colour, 0.35)))
    canvas.add(ellipse(middle, rx - 4, ry - 3.4, lit(look.colour, -0.6)))


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _around(canvas: Canvas, look: Look) -> str:
    c, shine = look.colour, look.gloss
    if look.material == "metal":
        return canvas.linear(
            [(0, lit(c, -0.55), 1), (0.06, lit(c, -0.2), 1), (0.16, lit(c, 0.1), 1), (0.25, lit(c, 0.78), 1),
             (0.33, lit(c, 0.5), 1), (0.4, lit(c, 0.02), 1), (0.62, lit(c, -0.36), 1), (0.76, lit(c, -0.14), 1),
             (0.84, lit(c, 0.26), 1), (0.92, lit(c, -0.3), 1), (1, lit(c, -0.6), 1)]
        )  # fmt: skip
    return canvas.linear(
        [(0, lit(c, -0.34), 1), (0.07, lit(c, -0.14), 1), (0.2, lit(c, 0.1), 1), (0.32, lit(c, 0.16 + shine * 0.1), 1),
         (0.5, lit(c, 0.01), 1), (0.74, lit(c, -0.27), 1), (0.92, lit(c, -0.47), 1), (0.97, lit(c, -0.44), 1),
         (1, lit(c, -0.3), 1)]
    )  # fmt: skip


def _window(canvas: Canvas, fine: Profile, look: Look, x: float, y: float) -> None:
    """Draw the studio's window where the glaze mirrors it: it follows the wall of the body."""
    if look.gloss < 0.13 or look.material == "metal":
        return
    low, high = fine[0][0], fine[-1][0]
    span = [(h, r) for h, r in fine if low + 0.4 * (high - low) <= h <= high - 0.07 * (high - low) and r > 24]
    if len(span) < 3:
        return
    pane = canvas.linear([(0, "#fff", min(0.9, 0.12 + look.gloss)), (1, "#fff", 0.04)], down=True)
    for outer, inner in ((0.78, 0.56), (0.51, 0.45)):
        edge = [(x - r * outer, y + h - r * TILT * 0.6) for h, r in span]
        back = [(x - r * inner, y + h - r * TILT * 0.85) for h, r in reversed(span)]
        canvas.add(path(f"{curve(edge)} {curve(back).replace('M', 'L', 1)} Z", pane))


def _glass(canvas: Canvas, shape: str, fine: Profile, look: Look, x: float, y: float) -> None:
    tint, dark = mix(look.colour, "#ffffff", 0.4), lit(look.colour, -0.42)
    canvas.add(path(shape, canvas.linear(
        [(0, dark, 0.75), (0.05, tint, 0.6), (0.14, "#ffffff", 0.34), (0.3, "#ffffff", 0.12), (0.7, tint, 0.14),
         (0.88, "#ffffff", 0.36), (0.95, tint, 0.6), (1, dark, 0.8)]
    )))  # fmt: skip
    canvas.add(path(shape, "none", f'stroke="{dark}" stroke-opacity="0.45" stroke-width="2"'))
    foot = fine[0][1]
    base = canvas.linear([(0, dark, 0.5), (0.4, "#fff", 0.7), (1, dark, 0.5)])
    canvas.add(ellipse((x, y + fine[0][0] + 9), foot * 0.94, foot * TILT * 0.8, base, 'opacity="0.5"'))
    _window(canvas, fine, Look(look.colour, "porcelain"), x, y)
