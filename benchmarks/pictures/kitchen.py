"""Standing kitchen things: pots, pans and tools of the stove."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.canvas import FLOOR, SHADE, SIZE, Canvas, at, curve, ellipse, path, stroke
from benchmarks.pictures.palette import COLOURS, lit
from benchmarks.pictures.pouring import STEEL, WALNUT
from benchmarks.pictures.vessel import Look, body, tube
from benchmarks.pictures.vessels import knob


def saucepan(canvas: Canvas, look: Look) -> None:
    canvas.shadow(-60, 220)
    canvas.push("translate(-70 0)")
    tube(canvas, f"M{at((190, 158))} L{at((280, 174))}", 17, STEEL)
    tube(canvas, curve([(270, 172), (350, 186), (452, 196)]), 35, WALNUT)
    canvas.add(ellipse((440, 195), 11, 8, lit(WALNUT.colour, -0.6)))
    body(canvas, [(0, 190), (10, 205), (180, 210), (192, 214)], look)
    for px, py in ((176, 150), (184, 128)):
        knob(canvas, look.colour, py, 7, px)
    canvas.pop()


def casserole(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 270)
    for side in (-1, 1):
        loop = f"M{at((side * 238, 182))} C{at((side * 336, 196))} {at((side * 330, 116))} {at((side * 240, 128))}"
        tube(canvas, loop, 27, look)
    body(canvas, [(0, 214), (12, 238), (60, 250), (196, 252)], look, open_top=False)
    canvas.add(ellipse((0, 194), 255, 255 * canvas.tilt, SHADE, 'fill-opacity="0.35"'))
    body(canvas, [(0, 256), (10, 259), (22, 252), (46, 190), (66, 60)], look, y=198, open_top=False)
    knob(canvas, COLOURS["brass"], 286, 27)


def mortar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 200)
    body(canvas, [(0, 120), (10, 130), (26, 132), (60, 162), (140, 188), (206, 200), (212, 199)], look)
    canvas.add(ellipse((14, 196), 96, 96 * canvas.tilt, SHADE, 'fill-opacity="0.4"'))
    pestle = (
        f"M{at((-10, 196))} C{at((26, 262))} {at((84, 392))} {at((100, 432))} "
        f"C{at((112, 462))} {at((160, 446))} {at((150, 410))} C{at((130, 356))} {at((78, 250))} {at((58, 190))} "
        f"C{at((44, 172))} {at((-4, 172))} {at((-10, 196))} Z"
    )
    c = look.colour
    tones = [
        (0.0, lit(c, 0.0), 1.0),
        (0.35, lit(c, 0.34), 1.0),
        (0.7, lit(c, -0.06), 1.0),
        (1.0, lit(c, -0.45), 1.0),
    ]
    canvas.add(path(pestle, canvas.linear(tones, slant=0.4)))
    canvas.add(stroke(curve([(22, 238), (70, 344), (112, 428)]), "#ffffff", 9, 'stroke-opacity="0.3"'))


def grinder(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 165)
    body(canvas, [(0, 104), (8, 114), (150, 112), (172, 106)], look, open_top=False)
    body(canvas, [(0, 106), (10, 109), (180, 109), (204, 92), (216, 60)], STEEL, y=174, open_top=False)
    tube(canvas, curve([(0, 392), (4, 424), (60, 436), (226, 444)]), 16, STEEL)
    canvas.push("translate(236 0)")
    body(
        canvas,
        [(0, 22), (20, 34), (48, 36), (76, 24), (82, 12)],
        Look(COLOURS["walnut"], "wood"),
        y=440,
        open_top=False,
    )
    canvas.pop()


def whisk(canvas: Canvas, look: Look) -> None:
    # Tines up: a bamboo cane split into a hundred tines, bent outwards, with thread between them.
    canvas.shadow(0, 90)
    body(canvas, [(0, 60), (4, 63), (170, 60), (176, 60)], Look(look.colour, "wood"), open_top=False)
    for height in (30, 118):
        node = f"M{at((-62, height))} Q{at((0, height - 21))} {at((62, height))}"
        canvas.add(stroke(node, lit(look.colour, -0.4), 7, 'stroke-opacity="0.6"'))
        canvas.add(stroke(node, lit(look.colour, 0.45), 3, 'stroke-opacity="0.6" transform="translate(0 4)"'))
    lines: dict[str, list[str]] = {}
    for back, wide, top in ((True, 126, 420), (False, 134, 404), (True, 74, 366), (False, 70, 380)):
        for i in range(33):
            # Tines stand around a circle: they look closer together at its sides.
            place = -1 + 2 * i / 32
            place = place * (1.5 - 0.5 * place * place)
            lift = (1 - place * place) ** 0.5 * 15 * (1 if back else -1)
            tone = lit(look.colour, (-0.3 if back else 0.04) - 0.2 * place)
            line = [
                (place * 56, 164 + lift * 0.4),
                (place * wide * 1.02, 270 + lift),
                (place * wide, top + lift),
            ]
            lines.setdefault(tone, []).append(curve(line))
    for tone, several in lines.items():
        canvas.add(stroke(" ".join(several), tone, 3.6))
    for height, wide in ((196, 74), (204, 79)):
        band = f"M{at((-wide, height))} Q{at((0, height - 26))} {at((wide, height))}"
        canvas.add(stroke(band, "#2b2420", 5), stroke(band, "#7a6a58", 1.5, 'transform="translate(0 -1.5)"'))


def baking_dish(canvas: Canvas, look: Look) -> None:
    c, deep = look.colour, canvas.tilt * 2.7
    canvas.shadow(0, 300)
    canvas.push(f"translate({SIZE / 2} {FLOOR})")
    back, front, left, right = -112 - 150 * deep, -112 + 130 * deep, -270, 270
    for side in (-1, 1):
        grip = f"M{side * 292} {back + 40:.0f} C{side * 372} {back + 36:.0f} {side * 392} {front - 34:.0f} {side * 310} {front - 34:.0f}"
        canvas.add(
            stroke(grip, lit(c, -0.35), 30), stroke(grip, lit(c, 0.1), 22, 'transform="translate(0 -4)"')
        )
    wall = (
        f"M{left - 46} {front - 20:.0f} L{left - 18} {front + 82:.0f} Q{left - 12} {front + 108:.0f} {left + 20} {front + 108:.0f} "
        f"H{right - 20} Q{right + 12} {front + 108:.0f} {right + 18} {front + 82:.0f} L{right + 46} {front - 20:.0f} Z"
    )
    canvas.add(path(wall, SHADE, 'fill-opacity="0.3" transform="translate(6 9)"'))
    canvas.add(
        path(
            wall,
            canvas.linear([(0, lit(c, -0.2), 1), (0.2, lit(c, 0.14), 1), (0.6, c, 1), (1, lit(c, -0.42), 1)]),
        )
    )
    canvas.add(path(wall, canvas.linear([(0, "#fff", 0.16), (0.4, "#fff", 0), (1, SHADE, 0.3)], down=True)))

    def rounded(inset: float) -> str:
        near, far = 50 - inset, 14 - inset
        return (
            f"M{left - far + 24:.0f} {back + inset * 0.5:.0f} H{right + far - 24:.0f} Q{right + far + 6:.0f} {back + inset * 0.5:.0f} "
            f"{right + far + 8:.0f} {back + 22:.0f} L{right + near:.0f} {front - 26:.0f} Q{right + near:.0f} {front - inset * 0.6:.0f} "
            f"{right + near - 36:.0f} {front - inset * 0.6:.0f} H{left - near + 36:.0f} Q{left - near:.0f} {front - inset * 0.6:.0f} "
            f"{left - near:.0f} {front - 26:.0f} L{left - far - 8:.0f} {back + 22:.0f} Q{left - far - 6:.0f} {back + inset * 0.5:.0f} "
            f"{left - far + 24:.0f} {back + inset * 0.5:.0f} Z"
        )

    canvas.add(path(rounded(0), canvas.linear([(0, lit(c, 0.5), 1), (1, lit(c, 0.2), 1)])))
    canvas.add(
        path(
            rounded(15),
            canvas.linear([(0, lit(c, -0.4), 1), (0.6, lit(c, -0.14), 1), (1, lit(c, 0.06), 1)], slant=0.5),
        )
    )
    shine = f"M{left + 6} {front + 16:.0f} L{left + 24} {front + 86:.0f} L{left + 74} {front + 86:.0f} L{left + 66} {front + 16:.0f} Z"
    canvas.add(path(shine, "#ffffff", f'fill-opacity="{look.gloss * 0.5:.2f}"'))
    canvas.pop()


def timer(canvas: Canvas, look: Look) -> None:
    # A kitchen timer from the front: a dial in a round case with a flattened foot.
    c = look.colour
    canvas.shadow(0, 170)
    canvas.contact(0, 96)
    case = canvas.radial([(0, lit(c, 0.36), 1), (0.6, c, 1), (1, lit(c, -0.4), 1)], light=True)
    canvas.add(
        path(
            f"M{at((-96, 0))} Q{at((0, -24))} {at((96, 0))} L{at((140, 80))} L{at((-140, 80))} Z",
            lit(c, -0.4),
        )
    )
    canvas.add(ellipse((10, 196), 200, 200, lit(c, -0.5)), ellipse((0, 198), 200, 200, case))
    face = canvas.linear([(0, "#fffdf6", 1), (1, "#d9d2c4", 1)], slant=1)
    canvas.add(ellipse((0, 198), 168, 168, lit(c, -0.5)), ellipse((0, 197), 164, 164, face))
    canvas.push(f"translate({SIZE / 2} {FLOOR - 197})")
    for minute in range(60):
        long, wide = (30, 6) if minute % 15 == 0 else (20, 4) if minute % 5 == 0 else (9, 2.4)
        canvas.add(stroke(f"M0 -150 V{-150 + long}", "#3a3531", wide, f'transform="rotate({minute * 6})"'))
    canvas.add(path("M0 0 L0 -116 A116 116 0 0 1 113 -26 Z", lit(c, 0.2), 'fill-opacity="0.75"'))
    canvas.add(
        stroke("M4 8 L116 -18", SHADE, 12, 'stroke-opacity="0.25"'), stroke("M0 0 L113 -26", "#3a3531", 9)
    )
    canvas.pop()
    knob(canvas, c, 197, 50)
    canvas.add(
        stroke(
            f"M{at((-168, 250))} A176 176 0 0 1 {at((-60, 362))}",
            "#ffffff",
            12,
            f'stroke-opacity="{look.gloss * 0.8:.2f}"',
        )
    )


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form for form in (saucepan, casserole, mortar, grinder, whisk, baking_dish, timer)
}
