"""Bodies of revolution, drawn from their profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.pictures.canvas import LEVEL, SHADE, Canvas, Point, at, curve, ellipse, path, stroke
from benchmarks.pictures.glaze import decorate
from benchmarks.pictures.palette import lit, mix

GLOSS = {
    "porcelain": 0.75,
    "stoneware": 0.42,
    "glass": 0.8,
    "metal": 0.8,
    "wood": 0.12,
    "enamel": 0.7,
    "paper": 0.08,
    "cloth": 0.0,
    "clay": 0.14,
}
Profile = Sequence[tuple[float, float]]  # (height, radius), from the foot up


@dataclass(frozen=True, slots=True)
class Look:
    """The look of a thing's surface."""

    colour: str  # hex
    material: str
    pattern: str = "plain"

    @property
    def gloss(self) -> float:
        """How strongly the surface reflects the light, 0 to 1."""
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


def outline(profile: Profile, x: float, y: float, tilt: float = LEVEL) -> str:
    """Return path data of the body's silhouette from slightly above: the union of its circles."""
    fine = turned(profile)
    widest = next((i for i in range(1, len(fine) - 1) if fine[i][1] > fine[i + 1][1]), len(fine) - 1)
    low, sides = fine[: widest + 1], fine[widest:]
    reach, rim, top = fine[widest][1], fine[-1][1], y + fine[-1][0]
    under = []
    for i in range(41):
        px = -math.cos(math.pi * i / 40) * reach
        depth = min(h - tilt * math.sqrt(max(r * r - px * px, 0)) for h, r in low if r >= abs(px) - 0.01)
        under.append((x + px, y + depth))
    left, right = [(x - r, y + h) for h, r in reversed(sides)], [(x + r, y + h) for h, r in sides]
    lower = curve(under).replace("M", "L", 1)
    return (
        f"M{at((x + rim, top))} A{rim:.1f} {rim * tilt:.1f} 0 0 0 {at((x - rim, top))} "
        + f"{' '.join(f'L{at(p)}' for p in left)} {lower} {' '.join(f'L{at(p)}' for p in right)} Z"
    )


def body(
    canvas: Canvas, profile: Profile, look: Look, *, x: float = 0, y: float = 0, open_top: bool = True
) -> None:
    """Draw a body of revolution that stands at x, y; with `open_top` its inside is visible."""
    fine = turned(profile)
    shape, rim, top = outline(profile, x, y, canvas.tilt), profile[-1][1], y + profile[-1][0]
    if y <= 0 and look.material != "glass":
        canvas.contact(x, profile[0][1], y)
    if look.material == "glass":
        _glass(canvas, shape, fine, look, x, y)
    else:
        canvas.add(path(shape, _around(canvas, look)))
        decorate(canvas, shape, fine, look.colour, look.pattern, x=x, y=y)
        fall = canvas.linear(
            [
                (0, "#fff", 0.12),
                (0.35, "#fff", 0),
                (0.7, "#1d1712", 0.05),
                (0.93, "#1d1712", 0.3),
                (1, "#1d1712", 0.2),
            ],
            down=True,
        )
        canvas.add(path(shape, fall))
        _window(canvas, fine, look, x, y)
    if open_top:
        mouth(canvas, (x, top), rim, look)
    elif look.material != "glass":
        face = canvas.linear([(0, lit(look.colour, 0.42), 1), (1, lit(look.colour, -0.04), 1)])
        canvas.add(ellipse((x, top), rim, rim * canvas.tilt, face))
        edge = f'stroke="{lit(look.colour, 0.6)}" stroke-width="2" stroke-opacity="0.5"'
        canvas.add(ellipse((x, top), rim - 1, rim * canvas.tilt - 1, "none", edge))


def mouth(canvas: Canvas, centre: Point, rim: float, look: Look) -> None:
    """Draw the opening of a vessel: its lip, and its inside in shadow on the side of the light."""
    if look.material == "glass":
        ring = 'stroke="#fff" stroke-opacity="0.95" stroke-width="3.5"'
        canvas.add(ellipse(centre, rim, rim * canvas.tilt, "#ffffff", 'opacity="0.22"'))
        canvas.add(ellipse(centre, rim, rim * canvas.tilt, "none", ring))
        return
    c, shine = look.colour, 0.3 + look.gloss * 0.35
    lip = canvas.linear([(0, lit(c, shine + 0.2), 1), (0.5, lit(c, shine), 1), (1, lit(c, 0.05), 1)])
    inside = canvas.linear([(0, lit(c, -0.58), 1), (0.45, lit(c, -0.34), 1), (1, lit(c, 0.02), 1)])
    canvas.add(ellipse(centre, rim, rim * canvas.tilt, lip))
    canvas.add(ellipse((centre[0], centre[1] - 1), rim - 9, rim * canvas.tilt - 4.5, inside))


def liquid(canvas: Canvas, centre: Point, radius: float, colour: str) -> None:
    """Draw the content of a vessel, slightly below its rim."""
    fill = canvas.linear([(0, lit(colour, -0.4), 1), (0.6, colour, 1), (1, lit(colour, 0.28), 1)])
    deep = radius * canvas.tilt * 0.86
    canvas.add(ellipse(centre, radius, deep, fill))
    edge = f'stroke="{lit(colour, 0.5)}" stroke-width="2" stroke-opacity="0.35"'
    canvas.add(ellipse(centre, radius - 2, deep - 2, "none", edge))
    glint = canvas.linear([(0, "#fff", 0.55), (1, "#fff", 0)])
    canvas.add(ellipse((centre[0] - radius * 0.3, centre[1] + deep * 0.3), radius * 0.36, deep * 0.22, glint))


def brew(canvas: Canvas, profile: Profile, colour: str) -> None:
    """Draw a drink in a glass, and the light that falls through it onto the table."""
    shape, top, rim = outline(profile, 0, 0, canvas.tilt), profile[-1][0], profile[-1][1]
    foot = profile[0][1]
    warm = lit(colour, 0.3)
    canvas.add(
        ellipse((foot * 0.9, -6), foot * 0.8, foot * 0.15, canvas.radial([(0, warm, 0.8), (1, warm, 0)]))
    )
    tones = [
        (0.0, lit(colour, -0.5), 1.0),
        (0.12, lit(colour, -0.12), 1.0),
        (0.3, lit(colour, 0.2), 0.96),
        (0.62, colour, 0.97),
        (0.86, lit(colour, 0.12), 0.97),
        (1.0, lit(colour, -0.5), 1.0),
    ]
    canvas.add(path(shape, canvas.linear(tones)))
    depth = canvas.linear(
        [(0, SHADE, 0.24), (0.4, SHADE, 0), (1, "#fff3d0", 0.2 if colour > "#666666" else 0.05)], down=True
    )
    canvas.add(path(shape, depth))
    face = canvas.linear([(0, lit(colour, -0.2), 1), (0.5, lit(colour, 0.26), 1), (1, lit(colour, 0.06), 1)])
    canvas.add(ellipse((0, top), rim, rim * canvas.tilt, face))


def band(canvas: Canvas, look: Look, radius: float, low: float, high: float) -> None:
    """Draw the near half of a ring around a body, from one height to another."""
    deep = radius * canvas.tilt
    data = (
        f"M{at((-radius, high))} A{radius:g} {deep:.1f} 0 0 0 {at((radius, high))} L{at((radius, low))} "
        f"A{radius:g} {deep:.1f} 0 0 1 {at((-radius, low))} Z"
    )
    canvas.add(path(data, _around(canvas, look)))
    edge = f"M{at((-radius, high))} A{radius:g} {deep:.1f} 0 0 0 {at((radius, high))}"
    canvas.add(stroke(edge, lit(look.colour, 0.6), 2, 'stroke-opacity="0.6"'))


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
            [
                (0, lit(c, -0.55), 1),
                (0.06, lit(c, -0.2), 1),
                (0.16, lit(c, 0.1), 1),
                (0.25, lit(c, 0.78), 1),
                (0.33, lit(c, 0.5), 1),
                (0.4, lit(c, 0.02), 1),
                (0.62, lit(c, -0.36), 1),
                (0.76, lit(c, -0.14), 1),
                (0.84, lit(c, 0.26), 1),
                (0.92, lit(c, -0.3), 1),
                (1, lit(c, -0.6), 1),
            ]
        )
    return canvas.linear(
        [
            (0, lit(c, -0.34), 1),
            (0.07, lit(c, -0.14), 1),
            (0.2, lit(c, 0.1), 1),
            (0.32, lit(c, 0.16 + shine * 0.1), 1),
            (0.5, lit(c, 0.01), 1),
            (0.74, lit(c, -0.27), 1),
            (0.92, lit(c, -0.47), 1),
            (0.97, lit(c, -0.44), 1),
            (1, lit(c, -0.3), 1),
        ]
    )


def _window(canvas: Canvas, fine: Profile, look: Look, x: float, y: float) -> None:
    """Draw the reflection of the studio's window: it follows the wall, and a matt glaze blurs it."""
    if look.gloss < 0.13 or look.material == "metal":
        return
    low, high = fine[0][0], fine[-1][0]
    span = [
        (h, r) for h, r in fine if low + 0.36 * (high - low) <= h <= high - 0.06 * (high - low) and r > 24
    ]
    if len(span) < 3:
        return
    crisp = look.gloss > 0.6 and high - low > 0.5 * max(r for _, r in fine)
    strong = 0.12 + look.gloss if crisp else look.gloss * 0.34
    pane = canvas.linear(
        [(0, "#fff", min(0.85, strong)), (0.5, "#fff", strong * 0.5), (1, "#fff", 0)], down=True
    )
    panes = (
        ((0.76, 0.57), (0.52, 0.47)) if crisp else tuple((0.84 - i * 0.05, 0.38 + i * 0.05) for i in range(4))
    )
    for outer, inner in panes:
        edge = [(x - r * outer, y + h - r * canvas.tilt * 0.6) for h, r in span]
        back = [(x - r * inner, y + h - r * canvas.tilt * 0.85) for h, r in reversed(span)]
        canvas.add(path(f"{curve(edge)} {curve(back).replace('M', 'L', 1)} Z", pane))


def _glass(canvas: Canvas, shape: str, fine: Profile, look: Look, x: float, y: float) -> None:
    tint, dark = mix(look.colour, "#ffffff", 0.5), lit(look.colour, -0.45)
    canvas.add(
        path(
            shape,
            canvas.linear(
                [
                    (0, dark, 0.6),
                    (0.035, tint, 0.5),
                    (0.1, "#ffffff", 0.3),
                    (0.24, "#ffffff", 0.06),
                    (0.7, tint, 0.05),
                    (0.88, "#ffffff", 0.22),
                    (0.96, tint, 0.5),
                    (1, dark, 0.65),
                ]
            ),
        )
    )
    canvas.add(path(shape, "none", f'stroke="{dark}" stroke-opacity="0.4" stroke-width="2"'))
    foot = fine[0][1]
    base = canvas.linear([(0, dark, 0.45), (0.4, "#fff", 0.8), (1, dark, 0.45)])
    middle = (x, y + fine[0][0] + 8)
    canvas.add(ellipse(middle, foot * 0.94, foot * canvas.tilt * 0.84, base, 'fill-opacity="0.26"'))
    _window(canvas, fine, Look(look.colour, "porcelain"), x, y)
