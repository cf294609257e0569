"""Bodies of revolution: anything thrown, turned, spun or blown, from its profile alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.catalog.demo.drawing.canvas import Canvas, Point, at, curve, ellipse, path, stroke
from storefront.catalog.demo.drawing.glaze import decorate
from storefront.catalog.demo.drawing.palette import lit, mix

TILT = 0.17  # how much of a circle's width is seen as its depth: the eye is a little above the table
GLOSS = {"porcelain": 0.6, "stoneware": 0.3, "glass": 0.75, "metal": 0.8, "wood": 0.12, "enamel": 0.6, "paper": 0.08,
         "cloth": 0.0, "clay": 0.16}  # fmt: skip
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


def body(
    canvas: Canvas, profile: Profile, look: Look, *, x: float = 0, y: float = 0, open_top: bool = True
) -> None:
    """Draw a body of revolution that stands at x, y; with `open_top` one looks into it."""
    right = [(x + radius, y + height) for height, radius in profile]
    left = [(x - radius, y + height) for height, radius in profile]
    foot, rim = profile[0][1], profile[-1][1]
    top = y + profile[-1][0]
    outline = (
        f"{curve(right)} A{rim:.1f} {rim * TILT:.1f} 0 0 0 {at(left[-1])} "
        f"{curve(left[::-1]).replace('M', 'L', 1)} A{foot:.1f} {foot * TILT:.1f} 0 0 0 {at(right[0])} Z"
    )
    if look.material == "glass":
        _glass(canvas, outline, left, look)
    else:
        canvas.add(path(outline, _around(canvas, look)))
        decorate(canvas, outline, profile, look.colour, look.pattern, x=x, y=y)
        canvas.add(
            path(
                outline, canvas.linear([(0, "#fff", 0.1), (0.5, "#fff", 0), (1, "#1d1712", 0.26)], down=True)
            )
        )
        _highlight(canvas, profile, look, x, y)
    if open_top:
        mouth(canvas, (x, top), rim, look)
    else:
        canvas.add(
            ellipse(
                (x, top),
                rim,
                rim * TILT,
                canvas.linear([(0, lit(look.colour, 0.4), 1), (1, lit(look.colour, -0.05), 1)]),
            )
        )


def mouth(canvas: Canvas, centre: Point, rim: float, look: Look) -> None:
    """Draw the opening of a vessel: its lip, and its inside in shadow on the side of the light."""
    lip = lit(look.colour, 0.45 if look.gloss > 0.2 else 0.25)
    glass = look.material == "glass"
    inside = canvas.linear(
        [(0, lit(look.colour, -0.5), 1), (0.6, lit(look.colour, -0.22), 1), (1, lit(look.colour, 0.08), 1)]
    )
    canvas.add(
        ellipse(centre, rim, rim * TILT, "#ffffff" if glass else lip, 'opacity="0.35"' if glass else "")
    )
    if not glass:
        canvas.add(ellipse((centre[0], centre[1] - 2), rim * 0.94, rim * TILT * 0.86, inside))
    else:
        canvas.add(
            ellipse(centre, rim, rim * TILT, "none", 'stroke="#fff" stroke-opacity="0.9" stroke-width="3"')
        )


def liquid(canvas: Canvas, centre: Point, radius: float, colour: str) -> None:
    """Draw what is in a vessel, a little below its rim."""
    fill = canvas.linear([(0, lit(colour, -0.25), 1), (0.7, colour, 1), (1, lit(colour, 0.3), 1)])
    canvas.add(ellipse(centre, radius, radius * TILT * 0.84, fill))


def tube(canvas: Canvas, data: str, width: float, look: Look) -> None:
    """Draw a handle or a wire along a line: dark edge, body, light."""
    canvas.add(stroke(data, lit(look.colour, -0.42), width))
    canvas.add(stroke(data, lit(look.colour, -0.06), width * 0.8, 'transform="translate(-1.5 -1.5)"'))
    canvas.add(
        stroke(
            data,
            lit(look.colour, 0.22 + look.gloss * 0.35),
            width * 0.24,
            f'transform="translate({-width * 0.17:.1f} {-width * 0.2:.1f})"',
        )
    )


def spout(canvas: Canvas, upper: Sequence[Point], lower: Sequence[Point], look: Look) -> None:
    """Draw a tapering spout between its upper and its lower edge, both from the body outwards."""
    tip = (upper[-1], lower[-1])
    data = f"{curve(upper)} L{at(tip[1])} {curve(lower[::-1]).replace('M', 'L', 1)} Z"
    canvas.add(
        path(
            data,
            canvas.linear(
                [(0, lit(look.colour, 0.18), 1), (0.5, look.colour, 1), (1, lit(look.colour, -0.3), 1)],
                down=True,
            ),
        )
    )
    canvas.add(
        stroke(
            curve([(px, py - 7) for px, py in upper[:-1]]),
            "#ffffff",
            5,
            f'stroke-opacity="{look.gloss * 0.5:.2f}"',
        )
    )
    middle = ((tip[0][0] + tip[1][0]) / 2, (tip[0][1] + tip[1][1]) / 2)
    canvas.add(
        ellipse(
            middle,
            abs(tip[0][0] - tip[1][0]) / 2 + 5,
            abs(tip[0][1] - tip[1][1]) / 2 + 4,
            lit(look.colour, -0.55),
        )
    )


def _around(canvas: Canvas, look: Look) -> str:
    c, shine = look.colour, look.gloss
    if look.material == "metal":
        return canvas.linear(
            [(0, lit(c, -0.5), 1), (0.12, lit(c, -0.1), 1), (0.24, lit(c, 0.75), 1), (0.36, lit(c, 0.15), 1),
             (0.62, lit(c, -0.3), 1), (0.78, lit(c, 0.3), 1), (0.9, lit(c, -0.25), 1), (1, lit(c, -0.55), 1)]
        )  # fmt: skip
    return canvas.linear(
        [(0, lit(c, -0.24), 1), (0.14, lit(c, 0.06), 1), (0.3, lit(c, 0.14 + shine * 0.2), 1), (0.52, c, 1),
         (0.8, lit(c, -0.26), 1), (0.94, lit(c, -0.42), 1), (1, lit(c, -0.34), 1)]
    )  # fmt: skip


def _highlight(canvas: Canvas, profile: Profile, look: Look, x: float, y: float) -> None:
    if look.gloss < 0.14 or look.material == "metal" or len(profile) < 3:
        return
    low, high = profile[0][0], profile[-1][0]
    inner = [
        (x - radius * 0.6, y + height)
        for height, radius in profile
        if low + 0.22 * (high - low) < height < high - 0.06 * (high - low)
    ]
    if len(inner) == 1:
        inner = [inner[0], (inner[0][0] * 0.98 + x * 0.02, (inner[0][1] + y + high) / 2)]
    if len(inner) >= 2:
        canvas.add(
            stroke(
                curve(inner),
                "#ffffff",
                profile[-1][1] * 0.1 + 6,
                f'stroke-opacity="{0.1 + look.gloss * 0.42:.2f}"',
            )
        )


def _glass(canvas: Canvas, outline: str, left: Sequence[Point], look: Look) -> None:
    tint = mix(look.colour, "#ffffff", 0.35)
    canvas.add(path(outline, canvas.linear(
        [(0, lit(look.colour, -0.3), 0.6), (0.08, tint, 0.5), (0.3, "#ffffff", 0.18), (0.7, tint, 0.2), (0.92, tint, 0.5), (1, lit(look.colour, -0.35), 0.65)]
    )))  # fmt: skip
    canvas.add(path(outline, "none", 'stroke="#fff" stroke-opacity="0.7" stroke-width="2.5"'))
    canvas.add(
        stroke(
            curve(
                [(px * 0.72, py) for px, py in left[1:]]
                if len(left) > 2
                else [(px * 0.72, py) for px, py in left]
            ),
            "#fff",
            9,
            'stroke-opacity="0.6"',
        )
    )
