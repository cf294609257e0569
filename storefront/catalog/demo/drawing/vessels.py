"""Cups, pots and jars: profiles, and what is fastened to them."""

from __future__ import annotations

from collections.abc import Callable

from storefront.catalog.demo.drawing.canvas import Canvas, Point, curve, ellipse
from storefront.catalog.demo.drawing.palette import COLOURS, lit
from storefront.catalog.demo.drawing.vessel import TILT, Look, body, brew, liquid, mouth, spout, tube

TEA, COFFEE = "#9a5a24", "#2e1b12"
OAK = Look(COLOURS["oak"], "wood", "grain")


def lid(canvas: Canvas, look: Look, y: float, radius: float, *, rise: float = 46, knob: float = 21) -> None:
    """Draw a domed lid with a knob; `y` is the height of its rim."""
    body(canvas, [(0, radius), (rise * 0.5, radius * 0.78), (rise, radius * 0.2)], look, y=y, open_top=False)
    if knob:
        canvas.add(
            ellipse(
                (0, y + rise + knob * 0.55),
                knob,
                knob * 0.86,
                canvas.radial(
                    [(0, lit(look.colour, 0.4), 1), (0.6, look.colour, 1), (1, lit(look.colour, -0.4), 1)]
                ),
            )
        )


def ear(canvas: Canvas, look: Look, top: Point, low: Point, out: float, width: float = 26) -> None:
    """Draw a handle at the right, from `top` out and back to `low`."""
    tube(
        canvas,
        curve(
            [
                top,
                (top[0] + out * 0.8, top[1] + 12),
                (top[0] + out, (top[1] + low[1]) / 2 + 8),
                (low[0] + out * 0.55, low[1] - 4),
                low,
            ]
        ),
        width,
        look,
    )


def teapot(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    ear(canvas, look, (188, 214), (196, 70), 118, 30)
    spout(canvas, [(-170, 176), (-250, 186), (-300, 262)], [(-190, 70), (-268, 122), (-326, 250)], look)
    body(canvas, [(0, 120), (14, 122), (26, 148), (70, 204), (138, 222), (204, 196), (252, 132)], look)
    lid(canvas, look, 250, 126)


def kyusu(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 210)
    tube(canvas, curve([(150, 130), (240, 190), (322, 252)]), 50, look)
    spout(canvas, [(-150, 150), (-210, 168), (-246, 214)], [(-172, 74), (-226, 116), (-264, 200)], look)
    body(canvas, [(0, 130), (12, 160), (70, 200), (130, 196), (176, 140)], look)
    lid(canvas, look, 174, 134, rise=30, knob=17)


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
    ear(canvas, look, (144, 246), (142, 76), 112, 32)
    body(canvas, [(0, 142), (10, 148), (130, 152), (300, 150)], look)
    liquid(canvas, (0, 284), 138, COFFEE)


def espresso_cup(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    body(canvas, [(0, 130), (10, 200), (24, 236)], look)
    ear(canvas, look, (112, 180), (86, 80), 74, 22)
    body(canvas, [(0, 70), (12, 84), (70, 116), (176, 124)], look, y=16)
    liquid(canvas, (0, 178), 112, COFFEE)


def tumbler(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    body(canvas, [(0, 112), (12, 122), (150, 142), (320, 156)], look)


def glass(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    canvas.contact(0, 104)
    brew(canvas, [(14, 100), (24, 106), (100, 121), (232, 133)], lit("#b8702c", 0.08))
    body(canvas, [(0, 104), (10, 112), (100, 128), (210, 138), (330, 146)], Look(look.colour, "glass"))


def bowl(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    body(canvas, [(0, 96), (20, 98), (34, 128), (110, 222), (176, 268)], look)


def deep_bowl(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 210)
    body(canvas, [(0, 92), (18, 96), (40, 150), (130, 214), (232, 232)], look)


def jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 190)
    body(canvas, [(0, 140), (14, 164), (110, 184), (220, 174), (270, 148)], look, open_top=False)
    body(canvas, [(0, 152), (34, 152)], OAK, y=268, open_top=False)
    canvas.add(
        ellipse(
            (0, 318), 24, 20, canvas.radial([(0, lit(OAK.colour, 0.3), 1), (1, lit(OAK.colour, -0.3), 1)])
        )
    )


def canister(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 175)
    body(canvas, [(0, 162), (8, 166), (316, 166)], look, open_top=False)
    body(canvas, [(0, 171), (74, 171)], look, y=300, open_top=False)


def pitcher(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 185)
    ear(canvas, look, (124, 340), (160, 120), 110, 28)
    body(canvas, [(0, 120), (14, 142), (110, 178), (230, 140), (320, 112), (376, 132)], look)
    spout(canvas, [(-92, 390), (-132, 396), (-168, 398)], [(-112, 318), (-128, 340), (-160, 384)], look)
    mouth(canvas, (0, 376), 130, look)


def kettle(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 235)
    tube(
        canvas,
        curve([(-140, 200), (-150, 330), (-70, 412), (70, 412), (150, 330), (140, 200)]),
        20,
        Look("#3a3633", "metal"),
    )
    spout(canvas, [(-170, 172), (-236, 192), (-290, 250)], [(-206, 80), (-270, 130), (-318, 236)], look)
    body(canvas, [(0, 210), (16, 226), (80, 230), (170, 180), (216, 116)], look)
    lid(canvas, look, 214, 112, rise=26, knob=18)


def gooseneck(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 200)
    tube(canvas, curve([(-150, 60), (-232, 70), (-246, 170), (-238, 270), (-300, 316)]), 26, look)
    tube(canvas, curve([(110, 264), (236, 286), (250, 190), (236, 96)]), 30, Look(COLOURS["walnut"], "wood"))
    body(canvas, [(0, 184), (10, 190), (140, 160), (256, 120)], look)
    lid(canvas, look, 256, 112, rise=20, knob=17)


def pour_over(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 170)
    canvas.contact(0, 112)
    brew(canvas, [(10, 104), (22, 116), (86, 124)], COFFEE, clear=0.94)
    body(
        canvas, [(0, 108), (10, 122), (120, 134), (190, 96)], Look(COLOURS["clear"], "glass"), open_top=False
    )
    body(canvas, [(0, 158), (14, 168)], look, y=186)
    ear(canvas, look, (150, 330), (76, 224), 84, 22)
    body(canvas, [(0, 62), (60, 106), (168, 186)], look, y=200)


def french_press(canvas: Canvas, look: Look) -> None:
    steel = Look(COLOURS["steel"], "metal")
    canvas.shadow(0, 170)
    tube(canvas, "M512 430 L512 350", 9, steel)
    ear(canvas, look, (134, 300), (134, 70), 104, 28)
    canvas.contact(0, 140)
    brew(canvas, [(10, 128), (200, 128)], COFFEE, clear=0.94)
    body(canvas, [(0, 128), (8, 134), (310, 134)], Look(COLOURS["clear"], "glass"), open_top=False)
    base = look if look.material == "metal" else Look(look.colour, "enamel")
    body(canvas, [(0, 138), (8, 141), (40, 141)], base, y=1, open_top=False)
    canvas.add(ellipse((0, 41), 134, 134 * TILT, lit(COFFEE, 0.04)))
    body(canvas, [(0, 140), (26, 138), (46, 40)], steel, y=306, open_top=False)
    canvas.add(
        ellipse(
            (0, 424), 24, 22, canvas.radial([(0, lit(look.colour, 0.4), 1), (1, lit(look.colour, -0.4), 1)])
        )
    )


def vase(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 170)
    for place in range(5):
        lean = -120 + place * 58 + canvas.random.uniform(-14, 14)
        tip = 560 + canvas.random.uniform(-50, 40)
        tube(canvas, curve([(lean * 0.2, 380), (lean * 0.5, 470), (lean, tip)]), 5, Look("#8b7a4c", "clay"))
        for step in range(7):
            canvas.add(
                ellipse(
                    (lean * (0.55 + step * 0.07), tip - 84 + step * 16),
                    11,
                    7,
                    lit("#b7a06a", canvas.random.uniform(-0.2, 0.4)),
                )
            )
    body(canvas, [(0, 96), (20, 120), (120, 176), (230, 132), (310, 62), (392, 78)], look)


def mortar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 200)
    tube(canvas, curve([(-40, 190), (60, 330), (120, 420)]), 52, look)
    body(canvas, [(0, 124), (24, 128), (60, 162), (210, 198)], look)
    canvas.add(ellipse((0, 202), 176, 22, lit(look.colour, -0.45)))
    tube(canvas, curve([(10, 214), (66, 324), (120, 420)]), 48, look)


def saucepan(canvas: Canvas, look: Look) -> None:
    canvas.shadow(-60, 220)
    tube(canvas, curve([(130, 150), (260, 178), (400, 196)]), 30, Look(COLOURS["walnut"], "wood"))
    canvas.push("translate(-70 0)")
    body(canvas, [(0, 196), (12, 208), (190, 210)], look)
    canvas.pop()


def casserole(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 270)
    for side in (-1, 1):
        tube(
            canvas,
            curve([(side * 236, 170), (side * 306, 176), (side * 306, 132), (side * 236, 132)]),
            22,
            look,
        )
    body(canvas, [(0, 220), (14, 240), (196, 252)], look, open_top=False)
    lid(canvas, look, 196, 258, rise=62, knob=26)


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form
    for form in (
        teapot, kyusu, gaiwan, cup, mug, espresso_cup, tumbler, glass, bowl, deep_bowl, jar, canister, pitcher,
        kettle, gooseneck, pour_over, french_press, vase, mortar, saucepan, casserole,
    )
}  # fmt: skip
