"""Vessels that pour: teapots, kettles, jugs and coffee makers."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.canvas import Canvas, at, curve, ellipse, path, stroke
from benchmarks.pictures.palette import COLOURS, lit
from benchmarks.pictures.vessel import Look, band, body, brew, liquid, mouth, spout, tube
from benchmarks.pictures.vessels import CLEAR, COFFEE, ear, knob, lid

STEEL = Look(COLOURS["steel"], "metal")
WALNUT = Look(COLOURS["walnut"], "wood")


def teapot(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 230)
    ear(canvas, look, (186, 216), (196, 66), 128, 30)
    spout(canvas, [(-170, 176), (-250, 186), (-300, 262)], [(-190, 70), (-268, 122), (-326, 250)], look)
    body(canvas, [(0, 120), (14, 122), (26, 148), (70, 204), (138, 222), (204, 196), (252, 132)], look)
    lid(canvas, look, 250, 126)


def kyusu(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 210)
    tube(canvas, curve([(150, 130), (240, 190), (322, 252)]), 50, look)
    canvas.add(ellipse((318, 250), 13, 15, lit(look.colour, -0.65)))
    spout(canvas, [(-150, 150), (-210, 168), (-246, 214)], [(-172, 74), (-226, 116), (-264, 200)], look)
    body(canvas, [(0, 130), (12, 160), (70, 200), (130, 196), (176, 140)], look)
    lid(canvas, look, 174, 134, rise=30, top=17)


def _beak(canvas: Canvas, look: Look, rim: float, top: float, out: float, deep: float) -> None:
    """Draw the lip of a jug, pulled out to the left, and the opening behind it."""
    c, tip = look.colour, (-rim - out, top + out * 0.3)
    under = f"M{at((-rim * 0.72, top - deep * 0.2))} L{at((-rim * 0.98, top - deep))}"
    shape = (
        f"{under} C{at((-rim - out * 0.3, top - deep * 0.5))} {at((tip[0] + 8, tip[1] - 22))} {at(tip)} "
        f"C{at((-rim - out * 0.2, top + 10))} {at((-rim * 0.8, top + 8))} {at((-rim * 0.4, top + rim * canvas.tilt * 0.8))} Z"
    )
    canvas.add(
        path(shape, canvas.linear([(0, lit(c, 0.2), 1), (0.6, lit(c, 0.05), 1), (1, lit(c, -0.12), 1)]))
    )
    mouth(canvas, (0, top), rim, look)
    inner = (
        f"M{at((tip[0] + 5, tip[1] - 4))} C{at((-rim - out * 0.2, top + 4))} {at((-rim * 0.8, top + 4))} "
        f"{at((-rim * 0.5, top + rim * canvas.tilt * 0.6))} L{at((-rim * 0.5, top - rim * canvas.tilt * 0.6))} "
        f"C{at((-rim * 0.9, top - 10))} {at((-rim - out * 0.3, top - 8))} {at((tip[0] + 5, tip[1] - 4))} Z"
    )
    canvas.add(path(inner, canvas.linear([(0, lit(c, -0.2), 1), (1, lit(c, -0.5), 1)])))
    canvas.add(
        stroke(
            f"M{at((-rim * 0.7, top - rim * canvas.tilt * 0.72))} C{at((-rim, top - 12))} "
            f"{at((-rim - out * 0.4, top - 8))} {at(tip)}",
            lit(c, 0.55),
            5,
        )
    )


def pitcher(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 185)
    ear(canvas, look, (116, 346), (164, 116), 138, 28)
    body(canvas, [(0, 120), (14, 142), (60, 168), (130, 178), (220, 146), (300, 114), (376, 124)], look)
    _beak(canvas, look, 124, 376, 34, 60)


def creamer(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 160)
    ear(canvas, look, (118, 228), (134, 70), 110, 24)
    body(canvas, [(0, 96), (10, 112), (50, 138), (110, 144), (190, 120), (262, 124)], look)
    _beak(canvas, look, 124, 262, 34, 54)
    liquid(canvas, (8, 250), 104, "#f1e6d2")


def kettle(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 235)
    arch = f"M{at((-146, 186))} C{at((-190, 480))} {at((190, 480))} {at((146, 186))}"
    tube(canvas, arch, 20, Look("#3a3633", "metal"))
    spout(canvas, [(-170, 172), (-236, 192), (-290, 250)], [(-206, 80), (-270, 130), (-318, 236)], look)
    body(canvas, [(0, 206), (12, 224), (50, 236), (100, 222), (170, 176), (216, 116)], look)
    lid(canvas, look, 214, 112, rise=26, top=18)
    grip = f"M{at((-80, 392))} C{at((-30, 412))} {at((30, 412))} {at((80, 392))}"
    tube(canvas, grip, 34, WALNUT)


def gooseneck(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 200)
    neck = (
        f"M{at((-140, 62))} C{at((-262, 52))} {at((-236, 190))} {at((-244, 250))} "
        f"S{at((-270, 312))} {at((-312, 318))}"
    )
    tube(canvas, neck, 25, look)
    grip = f"M{at((104, 262))} C{at((330, 330))} {at((262, 170))} {at((244, 92))}"
    tube(canvas, grip, 31, WALNUT)
    body(canvas, [(0, 178), (8, 188), (30, 188), (140, 160), (256, 120)], look)
    lid(canvas, look, 256, 112, rise=20, top=17)


def moka_pot(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 170)
    tube(
        canvas,
        f"M{at((110, 356))} C{at((250, 400))} {at((220, 250))} {at((200, 176))}",
        34,
        Look("#2f2b2a", "enamel"),
    )
    faces = Look(look.colour, "metal", "facet")
    body(canvas, [(0, 150), (10, 156), (120, 124), (164, 118)], faces, open_top=False)
    body(canvas, [(0, 126), (26, 126)], Look(lit(look.colour, -0.2), "metal"), y=164, open_top=False)
    spout(canvas, [(-108, 372), (-140, 380), (-166, 382)], [(-104, 300), (-128, 330), (-160, 370)], look)
    body(canvas, [(0, 104), (90, 118), (184, 134)], faces, y=188)
    body(canvas, [(0, 136), (8, 136), (44, 40), (50, 30)], look, y=372, open_top=False)
    knob(canvas, "#2f2b2a", 440, 22)


def pour_over(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 170)
    canvas.contact(0, 112)
    brew(canvas, [(12, 104), (24, 117), (90, 126)], COFFEE)
    body(canvas, [(0, 108), (10, 122), (120, 134), (190, 96)], CLEAR, open_top=False)
    body(canvas, [(0, 150), (6, 166), (14, 168)], look, y=186)
    ear(canvas, look, (148, 332), (84, 228), 112, 22)
    body(canvas, [(0, 62), (60, 106), (164, 184), (170, 185)], look, y=200)


def french_press(canvas: Canvas, look: Look) -> None:
    frame = look if look.material == "metal" else Look(look.colour, "enamel")
    canvas.shadow(0, 170)
    tube(canvas, f"M{at((0, 420))} L{at((0, 340))}", 9, STEEL)
    ear(canvas, frame, (138, 296), (138, 62), 130, 28)
    canvas.contact(0, 140)
    brew(canvas, [(8, 128), (214, 130)], COFFEE)
    body(canvas, [(0, 130), (4, 134), (310, 134)], CLEAR, open_top=False)
    band(canvas, frame, 139, 4, 46)
    band(canvas, frame, 139, 284, 306)
    body(canvas, [(0, 142), (18, 140), (38, 110), (48, 40)], STEEL, y=304, open_top=False)
    knob(canvas, look.colour, 424, 25)


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form
    for form in (
        teapot,
        kyusu,
        pitcher,
        creamer,
        kettle,
        gooseneck,
        moka_pot,
        pour_over,
        french_press,
    )
}
