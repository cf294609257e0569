"""Cups, bowls, jars and vases: their profiles, handles, lids and knobs."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.canvas import FLOOR as _FLOOR
from benchmarks.pictures.canvas import SIZE, Canvas, Point, at, curve, ellipse, path, stroke
from benchmarks.pictures.palette import COLOURS, lit
from benchmarks.pictures.vessel import Look, body, brew, liquid, tube

TEA, COFFEE = "#9a5a24", "#2e1b12"
OAK = Look(COLOURS["oak"], "wood", "grain")
CLEAR = Look(COLOURS["clear"], "glass")


def knob(canvas: Canvas, colour: str, y: float, size: float, x: float = 0) -> None:
    """Draw a round knob with its middle at x, y."""
    ball = canvas.radial(
        [(0, lit(colour, 0.5), 1), (0.55, colour, 1), (1, lit(colour, -0.45), 1)], light=True
    )
    canvas.add(
        ellipse((x, y - size * 0.75), size * 0.62, size * 0.24, lit(colour, -0.6), 'fill-opacity="0.5"')
    )
    canvas.add(ellipse((x, y), size, size * 0.88, ball))


def lid(canvas: Canvas, look: Look, y: float, radius: float, *, rise: float = 46, top: float = 21) -> None:
    """Draw a domed lid with a knob; `y` is the height of its rim."""
    body(canvas, [(0, radius), (rise * 0.5, radius * 0.78), (rise, radius * 0.2)], look, y=y, open_top=False)
    knob(canvas, look.colour, y + rise + top * 0.55, top)


def ear(canvas: Canvas, look: Look, top: Point, low: Point, out: float, width: float = 26) -> None:
    """Draw a handle at the right, from `top` out and back to `low`: one pulled loop."""
    data = f"M{at(top)} C{at((top[0] + out * 1.2, top[1] + 26))} {at((low[0] + out * 1.28, low[1] - 8))} {at(low)}"
    tube(canvas, data, width, look)


def gaiwan(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 220)
    body(canvas, [(0, 120), (10, 190), (26, 230)], look)
    body(canvas, [(12, 78), (28, 96), (110, 142), (190, 200)], look, y=12)
    body(canvas, [(0, 176), (34, 128), (58, 52), (70, 48), (84, 60)], look, y=200)


def cup(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    body(canvas, [(0, 82), (10, 92), (60, 138), (150, 156), (228, 160)], look)
    liquid(canvas, (0, 214), 146, TEA)


def mug(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 165)
    ear(canvas, look, (144, 244), (144, 72), 118, 32)
    body(canvas, [(0, 136), (9, 145), (40, 151), (140, 153), (292, 150), (300, 148)], look)
    liquid(canvas, (0, 284), 136, COFFEE)


def espresso_cup(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    body(canvas, [(0, 130), (10, 200), (24, 236)], look)
    ear(canvas, look, (114, 172), (88, 84), 78, 22)
    body(canvas, [(0, 70), (12, 84), (70, 116), (176, 124)], look, y=16)
    liquid(canvas, (0, 178), 111, COFFEE)


def tumbler(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    body(canvas, [(0, 108), (8, 119), (150, 140), (314, 156), (320, 155)], look)


def glass(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    canvas.contact(0, 104)
    brew(canvas, [(16, 98), (26, 106), (100, 120), (232, 132)], "#c0701f")
    body(canvas, [(0, 104), (10, 112), (100, 128), (210, 138), (330, 146)], Look(look.colour, "glass"))


def bowl(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    body(canvas, [(0, 96), (20, 98), (34, 128), (110, 222), (172, 266), (178, 267)], look)


def deep_bowl(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 210)
    body(canvas, [(0, 92), (18, 96), (40, 150), (130, 214), (228, 232), (234, 231)], look)


def jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 190)
    body(canvas, [(0, 140), (14, 164), (110, 184), (220, 174), (270, 148)], look, open_top=False)
    body(canvas, [(0, 148), (5, 153), (30, 153), (34, 149)], OAK, y=268, open_top=False)
    knob(canvas, OAK.colour, 318, 25)


def canister(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 175)
    body(canvas, [(0, 160), (7, 166), (316, 166)], look, open_top=False)
    body(canvas, [(0, 171), (68, 171), (75, 165)], look, y=300, open_top=False)
    knob(canvas, look.colour, 392, 20)


def caddy(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 175)
    body(
        canvas,
        [(0, 118), (10, 134), (90, 172), (190, 182), (262, 150), (292, 96), (304, 90)],
        look,
        open_top=False,
    )
    body(canvas, [(0, 98), (6, 103), (44, 103), (60, 84), (64, 40)], look, y=292, open_top=False)
    knob(canvas, look.colour, 366, 18)


def sugar_bowl(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 190)
    for side in (-1, 1):
        loop = f"M{at((side * 168, 178))} C{at((side * 250, 210))} {at((side * 250, 96))} {at((side * 172, 104))}"
        tube(canvas, loop, 24, look)
    body(canvas, [(0, 108), (12, 112), (26, 140), (90, 184), (160, 178), (206, 148)], look)
    lid(canvas, look, 204, 142, rise=52, top=23)


def vase(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 170)
    draw, leaf = canvas.random, "M0 0 C-15 -12 -17 -40 0 -56 C17 -40 15 -12 0 0 Z"
    for place in range(5):
        lean, tip = (
            -132 + place * 66 + draw.uniform(-14, 14),
            596 + draw.uniform(-60, 40) - abs(place - 2) * 24,
        )
        canvas.add(stroke(curve([(lean * 0.1, 380), (lean * 0.45, 480), (lean, tip)]), "#7d6f49", 5))
        for step in range(6):
            share = 0.34 + step * 0.125
            px, py = lean * share**1.25, 396 + (tip - 396) * share
            green = lit("#8d9a78", draw.uniform(-0.32, 0.3))
            for turn in (-58, 52) if step < 5 else (-30, 8, 40):
                spin = turn + lean * 0.16 + draw.uniform(-12, 12)
                size = draw.uniform(0.75, 1.05) - step * 0.04
                canvas.push(
                    f"translate({SIZE / 2 + px:.0f} {_FLOOR - py:.0f}) rotate({spin:.0f}) scale({size:.2f})"
                )
                canvas.add(
                    path(leaf, green), stroke("M0 -3 V-48", lit(green, 0.4), 2, 'stroke-opacity="0.6"')
                )
                canvas.pop()
    body(
        canvas,
        [(0, 100), (10, 116), (70, 160), (140, 172), (210, 144), (280, 84), (330, 62), (380, 66), (392, 76)],
        look,
    )


def candle(canvas: Canvas, look: Look) -> None:
    glow = canvas.radial([(0, "#ffe2a0", 0.75), (0.4, "#ffd788", 0.25), (1, "#ffd788", 0)])
    canvas.add(ellipse((0, 470), 300, 300, glow))
    canvas.shadow(0, 190)
    loop = f"M{at((120, 40))} C{at((226, 92))} {at((230, -14))} {at((140, 10))}"
    tube(canvas, loop, 20, look)
    body(canvas, [(0, 138), (8, 156), (30, 176), (40, 178)], look)
    body(canvas, [(0, 84), (20, 74), (76, 70), (92, 76)], look, y=14)
    body(canvas, [(0, 54), (300, 50), (330, 49), (336, 45)], Look("#f3ead6", "clay"), y=92, open_top=False)
    canvas.add(ellipse((0, 426), 34, 34 * canvas.tilt, "#fff3d2"))
    canvas.add(stroke(f"M{at((0, 426))} q4 -12 2 -26", "#2b2420", 5))
    flame = f"M{at((3, 444))} C{at((34, 468))} {at((24, 506))} {at((3, 556))} C{at((-20, 506))} {at((-28, 468))} {at((3, 444))} Z"
    tones = [(0.0, "#f6b04c", 0.9), (0.45, "#ffdf96", 1.0), (0.8, "#fff8df", 1.0), (1.0, "#e9b35a", 0.9)]
    canvas.add(path(flame, canvas.linear(tones, down=True)))


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form
    for form in (
        gaiwan,
        cup,
        mug,
        espresso_cup,
        tumbler,
        glass,
        bowl,
        deep_bowl,
        jar,
        canister,
        caddy,
        sugar_bowl,
        vase,
        candle,
    )
}
