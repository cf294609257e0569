"""Everything that is not thrown on a wheel: packets, boards, cloth and tools."""

from __future__ import annotations

import math
from collections.abc import Callable

from storefront.catalog.demo.drawing.canvas import Canvas, Point, at, curve, ellipse, path, polyline, stroke
from storefront.catalog.demo.drawing.glaze import decorate
from storefront.catalog.demo.drawing.palette import COLOURS, lit, mix
from storefront.catalog.demo.drawing.vessel import TILT, Look, body, tube

LEAVES = ("#3c4a2c", "#55602f", "#2f3524", "#6b6a38")


def slab(canvas: Canvas, corners: list[Point], look: Look, thick: float = 16) -> None:
    """Draw a flat thing from its upper face's corners (near left, near right, far right, far left)."""
    low = [(px, py - thick) for px, py in corners[:2]]
    canvas.add(path(polyline([corners[0], corners[1], low[1], low[0]]), lit(look.colour, -0.35)))
    face = polyline(corners)
    canvas.add(
        path(
            face,
            canvas.linear(
                [(0, lit(look.colour, 0.24), 1), (0.6, look.colour, 1), (1, lit(look.colour, -0.12), 1)]
            ),
        )
    )
    wide = max(abs(px) for px, _ in corners)
    decorate(
        canvas, face, [(0, wide), (corners[2][1], wide)], look.colour, look.pattern, x=0, y=corners[0][1]
    )


def label(canvas: Canvas, middle: Point, width: float, height: float, ink: str) -> None:
    """Draw a printed label with a sprig of tea on it: no letters, whatever the language."""
    x, y = middle
    canvas.add(
        path(
            polyline(
                [
                    (x - width / 2, y - height / 2),
                    (x + width / 2, y - height / 2),
                    (x + width / 2, y + height / 2),
                    (x - width / 2, y + height / 2),
                ]
            ),
            "#f6f0e2",
        )
    )
    canvas.add(
        stroke(
            curve([(x - width * 0.02, y - height * 0.28), (x, y), (x + width * 0.06, y + height * 0.22)]),
            ink,
            4,
        )
    )
    for side, up, turn in ((-1, -0.08, 32), (1, 0.02, -36), (-1, 0.14, 26), (1, 0.24, -60)):
        px, py = x + side * width * 0.11, y + height * up
        middle_at = at((px, py)).replace(" ", ",").split(",")
        canvas.add(
            ellipse(
                (px, py),
                width * 0.13,
                height * 0.055,
                ink,
                f'transform="rotate({turn} {middle_at[0]} {middle_at[1]})"',
            )
        )
    for line, length in ((0.36, 0.5), (0.42, 0.3)):
        canvas.add(
            stroke(
                f"M{at((x - width * length / 2, y - height * line))} L{at((x + width * length / 2, y - height * line))}",
                ink,
                3,
            )
        )


def leaves(
    canvas: Canvas, middle: Point, wide: float, deep: float, number: int, tones: tuple[str, ...] = LEAVES
) -> None:
    """Draw a heap of rolled leaves: curled strokes, those in front over those behind."""
    for i in range(number):
        depth = 1 - 2 * i / number
        angle, reach = canvas.random.uniform(0, math.tau), math.sqrt(canvas.random.random())
        px, py = (
            middle[0] + math.cos(angle) * wide * reach,
            middle[1] + depth * deep * math.sqrt(max(0.0, 1 - reach**2 * 0.8)) + deep * 0.9 * (1 - reach),
        )
        turn, length = canvas.random.uniform(0, math.tau), canvas.random.uniform(13, 30)
        ends = [
            (px + math.cos(turn) * length, py + math.sin(turn) * length * 0.5),
            (px + canvas.random.uniform(-7, 7), py + canvas.random.uniform(-6, 6)),
            (px - math.cos(turn) * length, py - math.sin(turn) * length * 0.5),
        ]
        tone = canvas.random.choice(tones)
        canvas.add(stroke(curve([(a, b - 2) for a, b in ends]), lit(tone, -0.5), 7.5))
        canvas.add(stroke(curve(ends), lit(tone, canvas.random.uniform(0, 0.28)), 5))


def tea_pouch(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 190)
    front = polyline([(-172, 0), (172, 0), (160, 470), (-160, 470)])
    canvas.add(
        path(
            front,
            canvas.linear(
                [
                    (0, lit(look.colour, -0.18), 1),
                    (0.12, lit(look.colour, 0.2), 1),
                    (0.6, look.colour, 1),
                    (1, lit(look.colour, -0.32), 1),
                ]
            ),
        )
    )
    decorate(canvas, front, [(0, 172), (470, 172)], look.colour, look.pattern, x=0, y=0)
    canvas.add(path(polyline([(-160, 420), (160, 420), (160, 480), (-160, 480)]), lit(look.colour, -0.2)))
    for line in (432, 444, 456, 468):
        canvas.add(
            stroke(
                f"M{at((-154, line))} L{at((154, line))}", lit(look.colour, 0.15), 2, 'stroke-opacity="0.5"'
            )
        )
    canvas.add(
        path(f"M{at((-172, 0))} Q{at((0, 60))} {at((172, 0))} Z", lit(look.colour, -0.34), 'opacity="0.6"')
    )
    label(canvas, (0, 232), 214, 250, lit(look.colour, -0.5))


def tea_tin(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 175)
    body(canvas, [(0, 160), (380, 160)], look, open_top=False)
    body(
        canvas, [(0, 165), (70, 165), (76, 158)], Look(lit(look.colour, -0.1), "metal"), y=330, open_top=False
    )
    label(canvas, (-6, 150), 186, 210, lit(look.colour, -0.45))


def tea_loose(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 290)
    body(canvas, [(0, 150), (14, 190), (62, 300)], Look(COLOURS["chalk"], "porcelain"))
    base = look.colour
    leaves(canvas, (0, 66), 236, 34, 420, (base, lit(base, -0.3), lit(base, 0.2), mix(base, "#7a6a3a", 0.4)))


def spice_jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 140)
    body(canvas, [(6, 112), (200, 112)], Look(look.colour, "clay", "speckle"), open_top=False)
    body(
        canvas, [(0, 124), (12, 130), (230, 130), (264, 104)], Look(COLOURS["clear"], "glass"), open_top=False
    )
    body(canvas, [(0, 106), (56, 110)], Look(COLOURS["oak"], "wood", "grain"), y=258, open_top=False)
    label(canvas, (0, 122), 130, 140, lit(look.colour, -0.5))


def honey_jar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 165)
    body(canvas, [(6, 146), (230, 150)], Look(look.colour, "enamel"), open_top=False)
    body(
        canvas, [(0, 154), (16, 164), (230, 164), (270, 132)], Look(COLOURS["clear"], "glass"), open_top=False
    )
    body(canvas, [(0, 140), (52, 140)], Look(COLOURS["brass"], "metal"), y=266, open_top=False)
    label(canvas, (0, 130), 170, 150, lit(look.colour, -0.55))


def cutting_board(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 330)
    slab(canvas, [(-330, 20), (250, 20), (330, 210), (-230, 210)], look, 30)
    canvas.add(ellipse((276, 176), 20, 10, lit(look.colour, -0.6)))


def tray(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 350)
    body(canvas, [(0, 330), (40, 346)], look)
    canvas.add(
        ellipse(
            (0, 26),
            322,
            322 * TILT * 0.84,
            canvas.linear([(0, lit(look.colour, 0.1), 1), (1, lit(look.colour, -0.1), 1)]),
        )
    )


def tea_towel(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 260)
    for step in range(3):
        y, wide = 34 + step * 52, 270 - step * 8
        fold = polyline([(-wide, y), (wide, y), (wide + 52, y + 150), (-wide + 52, y + 150)])
        canvas.add(
            path(
                f"M{at((-wide, y))} Q{at((-wide - 22, y - 24))} {at((-wide, y - 44))} L{at((wide, y - 44))} Q{at((wide + 14, y - 24))} {at((wide, y))} Z",
                canvas.linear(
                    [
                        (0, lit(look.colour, 0.1), 1),
                        (0.5, lit(look.colour, -0.18), 1),
                        (1, lit(look.colour, -0.4), 1),
                    ],
                    down=True,
                ),
            )
        )
        canvas.add(
            path(
                fold,
                canvas.linear(
                    [
                        (0, lit(look.colour, 0.28), 1),
                        (0.5, lit(look.colour, 0.06), 1),
                        (1, lit(look.colour, -0.16), 1),
                    ]
                ),
            )
        )
    _weave(canvas, fold, look)


def napkins(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 240)
    for step in range(4):
        y = 14 + step * 26
        shift = canvas.random.uniform(-10, 10)
        slab(
            canvas,
            [(-240 + shift, y), (200 + shift, y), (262 + shift, y + 150), (-178 + shift, y + 150)],
            Look(lit(look.colour, 0.04 * step), "cloth"),
            22,
        )
    _weave(canvas, polyline([(-240, y), (200, y), (262, y + 150), (-178, y + 150)]), look)


def apron(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 220, -4)
    tube(
        canvas,
        curve([(-96, 520), (-60, 610), (60, 610), (96, 520)]),
        13,
        Look(lit(look.colour, -0.2), "cloth"),
    )
    shape = f"M{at((-104, 530))} L{at((104, 530))} Q{at((120, 420))} {at((226, 350))} Q{at((236, 160))} {at((214, 6))} Q{at((0, -16))} {at((-214, 6))} Q{at((-236, 160))} {at((-226, 350))} Q{at((-120, 420))} {at((-104, 530))} Z"
    canvas.add(
        path(
            shape,
            canvas.linear(
                [
                    (0, lit(look.colour, -0.1), 1),
                    (0.25, lit(look.colour, 0.18), 1),
                    (0.5, look.colour, 1),
                    (0.7, lit(look.colour, 0.1), 1),
                    (1, lit(look.colour, -0.25), 1),
                ]
            ),
        )
    )
    _weave(canvas, shape, look)
    for fold in (-120, -40, 70, 150):
        canvas.add(
            stroke(
                curve([(fold * 0.6, 330), (fold, 150), (fold * 1.1, 10)]),
                lit(look.colour, -0.5),
                10,
                'stroke-opacity="0.16"',
            )
        )
    canvas.add(
        path(
            polyline([(-110, 120), (110, 120), (110, 250), (-110, 250)]),
            lit(look.colour, -0.05),
            f'stroke="{lit(look.colour, -0.45)}" stroke-width="3" stroke-dasharray="9 6"',
        )
    )


def runner(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 380)
    cloth = polyline([(-420, -60), (240, -60), (420, 190), (-160, 190)])
    canvas.add(path(cloth, canvas.linear([(0, lit(look.colour, 0.22), 1), (1, lit(look.colour, -0.14), 1)])))
    _weave(canvas, cloth, look)
    for i in range(34):
        x = -420 + 660 * i / 33
        canvas.add(stroke(f"M{at((x, -60))} L{at((x - 6, -86))}", lit(look.colour, 0.1), 3))


def whisk(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 140)
    for ring, tone in ((0.72, -0.4), (1.0, -0.1)):
        for i in range(44):
            angle = math.pi * i / 43
            x = math.cos(angle) * 150 * ring
            canvas.add(
                stroke(
                    curve([(math.cos(angle) * 66, 190), (x * 1.05, 110), (x * 0.92, 12)]),
                    lit(look.colour, tone + 0.2 * math.sin(angle)),
                    4.2,
                )
            )
    body(canvas, [(0, 70), (30, 66), (190, 60)], look, y=186)
    canvas.add(stroke(f"M{at((-70, 200))} Q{at((0, 184))} {at((70, 200))}", "#2b2420", 9))


def scoop(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 240)
    canvas.push("rotate(-24 512 700)")
    tube(canvas, curve([(20, 90), (180, 108), (380, 112)]), 32, look)
    canvas.pop()
    body(canvas, [(0, 70), (30, 120), (86, 158)], look, x=-110)
    leaves(canvas, (-110, 88), 112, 14, 110)


def spoons(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 270)
    for place, length in ((-190, 470), (-20, 520), (150, 440)):
        canvas.push(f"rotate({8 - place * 0.02:.1f} {512 + place} 700)")
        tube(canvas, curve([(place, 80), (place + 4, 240), (place + 2, length)]), 22, look)
        canvas.add(
            ellipse(
                (place, 60),
                62,
                80,
                canvas.linear([(0, lit(look.colour, 0.3), 1), (1, lit(look.colour, -0.25), 1)]),
            )
        )
        canvas.add(ellipse((place + 6, 56), 42, 58, lit(look.colour, -0.32), 'opacity="0.7"'))
        canvas.pop()


def knife(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 330)
    canvas.push("rotate(-16 512 640)")
    blade = f"M{at((-390, 96))} Q{at((-180, 22))} {at((90, 26))} L{at((90, 132))} L{at((-250, 136))} Q{at((-340, 130))} {at((-390, 96))} Z"
    canvas.add(
        path(
            blade,
            canvas.linear(
                [(0, "#eef1f2", 1), (0.5, "#aab2b6", 1), (0.52, "#d5dadc", 1), (1, "#8d969a", 1)], down=True
            ),
        )
    )
    canvas.add(
        stroke(f"M{at((-372, 92))} Q{at((-180, 34))} {at((88, 40))}", "#ffffff", 3, 'stroke-opacity="0.8"')
    )
    tube(canvas, curve([(104, 88), (240, 84), (370, 100)]), 62, look)
    for rivet in (160, 240, 320):
        canvas.add(ellipse((rivet, 90), 8, 8, "#d9c79a"))
    canvas.pop()


def rolling_pin(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 340)
    canvas.push("rotate(-18 512 690)")
    tube(canvas, curve([(-400, 80), (400, 80)]), 36, look)
    canvas.add(
        path(
            polyline([(-270, 20), (270, 20), (270, 140), (-270, 140)]),
            canvas.linear(
                [(0, lit(look.colour, 0.35), 1), (0.4, look.colour, 1), (1, lit(look.colour, -0.45), 1)],
                down=True,
            ),
            'stroke-linejoin="round"',
        )
    )
    decorate(
        canvas,
        polyline([(-270, 20), (270, 20), (270, 140), (-270, 140)]),
        [(0, 270), (120, 270)],
        look.colour,
        "grain",
        x=0,
        y=20,
    )
    canvas.pop()


def candle(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 160)
    body(canvas, [(0, 58), (330, 46)], Look("#f3ead6", "paper"), y=90, open_top=False)
    canvas.add(stroke(f"M{at((0, 426))} L{at((3, 452))}", "#2b2420", 5))
    canvas.add(
        path(
            f"M{at((3, 446))} Q{at((34, 486))} {at((3, 538))} Q{at((-26, 486))} {at((3, 446))} Z",
            canvas.radial([(0, "#fff7d8", 1), (0.6, "#ffd27a", 1), (1, "#f0a040", 0.85)]),
        )
    )
    body(canvas, [(0, 140), (14, 156), (50, 150), (70, 70), (110, 66)], look)


def gift_box(canvas: Canvas, look: Look) -> None:
    canvas.shadow(20, 270)
    side = lit(look.colour, -0.28)
    canvas.add(path(polyline([(150, 0), (290, 70), (290, 280), (150, 220)]), side))
    canvas.add(
        path(
            polyline([(-290, 0), (150, 0), (150, 220), (-290, 220)]),
            canvas.linear([(0, lit(look.colour, 0.16), 1), (1, lit(look.colour, -0.06), 1)]),
        )
    )
    canvas.add(path(polyline([(-290, 220), (150, 220), (290, 280), (-150, 280)]), lit(look.colour, 0.3)))
    band = "#efe6d2" if look.colour < "#aaaaaa" else "#7b3f32"
    canvas.add(path(polyline([(-100, 0), (-50, 0), (-50, 220), (90, 280), (40, 280), (-100, 220)]), band))
    for side_x, lean in ((-70, -1), (-70, 1)):
        canvas.add(
            path(
                f"M{at((side_x + 68, 246))} Q{at((side_x + 68 + lean * 150, 350))} {at((side_x + 68 + lean * 120, 250))} Q{at((side_x + 68 + lean * 70, 226))} {at((side_x + 68, 246))} Z",
                lit(band, -0.08),
            )
        )


def grinder(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 150)
    steel = Look(COLOURS["steel"], "metal")
    body(canvas, [(0, 112), (10, 118), (150, 112), (176, 104)], look, open_top=False)
    body(canvas, [(0, 104), (12, 108), (180, 108), (216, 60)], steel, y=176, open_top=False)
    tube(canvas, curve([(0, 396), (6, 420), (120, 434), (236, 440)]), 16, steel)
    body(canvas, [(0, 26), (40, 34), (80, 22)], Look(COLOURS["walnut"], "wood"), x=236, y=440, open_top=False)


def scale(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 300)
    slab(canvas, [(-270, 26), (230, 26), (300, 190), (-200, 190)], look, 44)
    slab(canvas, [(-180, 74), (190, 74), (244, 182), (-126, 182)], Look(COLOURS["steel"], "metal"), 10)
    canvas.add(path(polyline([(-210, 38), (-60, 38), (-52, 60), (-200, 60)]), "#17201d"))
    for bar in range(4):
        canvas.add(stroke(f"M{at((-178 + bar * 30, 43))} L{at((-174 + bar * 30, 55))}", "#a8e0c8", 6))


def trivet(canvas: Canvas, look: Look) -> None:
    canvas.shadow(0, 270)
    body(canvas, [(0, 268), (26, 272)], look, open_top=False)
    for radius in (226, 170, 112, 56):
        canvas.add(
            ellipse(
                (0, 26),
                radius,
                radius * TILT,
                "none",
                f'stroke="{lit(look.colour, -0.42)}" stroke-width="13" stroke-opacity="0.75"',
            )
        )


def _weave(canvas: Canvas, outline: str, look: Look) -> None:
    clip = canvas.define(f'<clipPath id="{{id}}"><path d="{outline}"/></clipPath>')
    canvas.add(f'<g clip-path="{clip}" fill="none">')
    dark = look.colour < "#888888"
    for i in range(90):
        tone = lit(look.colour, 0.3 if dark else -0.3)
        canvas.add(
            stroke(
                f"M{at((-470 + i * 11, -100))} L{at((-330 + i * 11, 560))}", tone, 1.6, 'stroke-opacity="0.2"'
            )
        )
    if look.pattern == "stripe":
        for place, width in ((-250, 22), (-214, 6), (180, 6), (216, 22)):
            canvas.add(
                stroke(
                    f"M{at((place - 30, -100))} L{at((place + 110, 560))}",
                    lit(look.colour, 0.7 if dark else -0.5),
                    width,
                    'stroke-opacity="0.8"',
                )
            )
    elif look.pattern == "check":
        for i in range(-5, 6):
            for start, end in (
                ((i * 84 - 60, -100), (i * 84 + 90, 560)),
                ((-480, i * 46 + 150), (480, i * 46 + 150)),
            ):
                canvas.add(
                    stroke(
                        f"M{at(start)} L{at(end)}",
                        lit(look.colour, 0.55 if dark else -0.4),
                        20,
                        'stroke-opacity="0.34"',
                    )
                )
    canvas.add("</g>")


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form
    for form in (
        tea_pouch, tea_tin, tea_loose, spice_jar, honey_jar, cutting_board, tray, tea_towel, napkins, apron, runner, whisk,
        scoop, spoons, knife, rolling_pin, candle, gift_box, grinder, scale, trivet,
    )
}  # fmt: skip
