"""Tools, seen from above. The centre is 0, 0; y points down."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.pictures.above import grain, leaves, plank
from benchmarks.pictures.canvas import Canvas, oval, path, stroke
from benchmarks.pictures.palette import lit
from benchmarks.pictures.vessel import Look

_TEA = ("#3c4a2c", "#55602f", "#2f3524", "#6b6a38")


def _round(canvas: Canvas, colour: str) -> str:
    # Light on a rod: brightest a third from the top, with some reflection from the table.
    return canvas.linear(
        [
            (0, lit(colour, -0.1), 1),
            (0.26, lit(colour, 0.36), 1),
            (0.5, colour, 1),
            (0.9, lit(colour, -0.45), 1),
            (1, lit(colour, -0.3), 1),
        ],
        down=True,
    )


def _wood(canvas: Canvas, shape: str, look: Look, width: float, height: float) -> None:
    canvas.add(path(shape, _round(canvas, look.colour)))
    canvas.clip(shape)
    grain(canvas, look.colour, width, height)
    canvas.pop()


def knife(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(-32) translate(-20 0)")
    blade = "M-430 52 C-330 -6 -230 -46 -60 -58 L96 -60 L96 62 L70 66 C-120 78 -300 72 -430 52 Z"
    handle = "M96 -44 C180 -54 250 -34 330 -40 Q420 -48 430 -10 Q436 34 392 44 C330 36 240 40 96 36 Z"
    canvas.lift(blade, 1)
    canvas.lift(handle, 1.6)
    canvas.add(
        path(
            blade,
            canvas.linear(
                [
                    (0, "#dfe4e6", 1),
                    (0.35, "#f6f8f8", 1),
                    (0.62, "#aeb7bb", 1),
                    (0.64, "#d9dee0", 1),
                    (1, "#98a2a7", 1),
                ],
                down=True,
            ),
        )
    )
    canvas.add(stroke("M-418 50 C-300 66 -120 72 70 60", "#ffffff", 3, 'stroke-opacity="0.9"'))
    canvas.add(
        path(
            plank(26, 112, 4, 96, 0),
            canvas.linear([(0, "#8f999e", 1), (0.4, "#e8ecee", 1), (1, "#7f898e", 1)], down=True),
        )
    )
    _wood(canvas, handle, look, 860, 90)
    for x in (170, 262, 354):
        canvas.add(oval(x, -2, 10, 10, "#8c6f38"), oval(x - 1, -3, 8, 8, "#e2c988"))
    canvas.pop()


def rolling_pin(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(-28)")
    pin = plank(560, 138, 22)
    for side in (-1, 1):
        grip = plank(150, 54, 26, side * 352, 0)
        canvas.lift(grip, 1.5)
        canvas.add(
            path(plank(40, 34, 6, side * 285, 0), lit(look.colour, -0.5)),
            path(grip, _round(canvas, lit(look.colour, -0.12))),
        )
    canvas.lift(pin, 2)
    _wood(canvas, pin, look, 560, 136)
    canvas.add(stroke("M-256 -30 H256", "#ffffff", 10, 'stroke-opacity="0.2"'))
    canvas.pop()


def spoons(canvas: Canvas, look: Look) -> None:
    for x, turn, tone in ((-210, -13, -0.05), (0, 2, 0.05), (210, 15, 0)):
        wood = Look(lit(look.colour, tone), "wood")
        stem = "M-15 -60 C-13 60 -20 240 -22 330 Q0 366 22 330 C20 240 13 60 15 -60 Z"
        canvas.push(f"translate({x} 60) rotate({turn})")
        canvas.lift(stem, 1.2)
        canvas.add(
            path(
                stem,
                canvas.linear(
                    [
                        (0, lit(wood.colour, 0.1), 1),
                        (0.3, lit(wood.colour, 0.34), 1),
                        (1, lit(wood.colour, -0.36), 1),
                    ]
                ),
            )
        )
        head = "M0 -330 C92 -330 110 -220 92 -150 C76 -84 40 -52 0 -44 C-40 -52 -76 -84 -92 -150 C-110 -220 -92 -330 0 -330 Z"
        canvas.lift(head, 1.4)
        canvas.add(
            path(
                head,
                canvas.linear(
                    [(0, lit(wood.colour, 0.36), 1), (0.6, wood.colour, 1), (1, lit(wood.colour, -0.28), 1)],
                    slant=1,
                ),
            )
        )
        hollow = canvas.linear(
            [
                (0, lit(wood.colour, -0.46), 1),
                (0.6, lit(wood.colour, -0.1), 1),
                (1, lit(wood.colour, 0.24), 1),
            ],
            slant=1,
        )
        canvas.add(oval(0, -198, 74, 104, hollow))
        for i in range(-3, 4):
            canvas.add(
                stroke(
                    f"M{i * 18} -282 C{i * 23} -230 {i * 22} -170 {i * 12} -112",
                    lit(wood.colour, -0.5),
                    1.6,
                    'stroke-opacity="0.25"',
                )
            )
        canvas.pop()


def scoop(canvas: Canvas, look: Look) -> None:
    canvas.push("rotate(-30) translate(-60 0)")
    stem = "M60 -30 C170 -24 300 -20 400 -30 Q440 -30 440 0 Q440 30 400 30 C300 20 170 24 60 30 Z"
    canvas.lift(stem, 1.6)
    _wood(canvas, stem, look, 860, 64)
    canvas.add(oval(404, 0, 11, 11, lit(look.colour, -0.6)))
    cup = "M-330 0 C-330 -150 -180 -170 -80 -150 C20 -128 80 -70 80 0 C80 70 20 128 -80 150 C-180 170 -330 150 -330 0 Z"
    canvas.lift(cup, 2)
    canvas.add(
        path(
            cup,
            canvas.linear(
                [(0, lit(look.colour, 0.36), 1), (0.5, look.colour, 1), (1, lit(look.colour, -0.3), 1)],
                slant=1,
            ),
        )
    )
    canvas.add(path(cup, lit(look.colour, -0.5), 'transform="translate(-14 0) scale(0.86)"'))
    leaves(canvas, 112, 150, _TEA, -150, 0)
    canvas.pop()
    for x, y in ((-330, 330), (-372, 284), (-290, 372), (-240, 348)):
        leaves(canvas, 14, 3, _TEA, x, y)


def scale(canvas: Canvas, look: Look) -> None:
    shape = plank(480, 620, 44)
    canvas.push("rotate(-8)")
    canvas.lift(shape, 2)
    canvas.add(
        path(
            shape,
            canvas.linear(
                [(0, lit(look.colour, 0.26), 1), (0.6, look.colour, 1), (1, lit(look.colour, -0.3), 1)],
                slant=1,
            ),
        )
    )
    canvas.add(
        path(
            plank(474, 614, 42),
            "none",
            f'stroke="{lit(look.colour, 0.6)}" stroke-width="3" stroke-opacity="0.4"',
        )
    )
    pan = plank(410, 410, 26, 0, -70)
    canvas.lift(pan, 0.8)
    canvas.add(
        path(
            pan,
            canvas.linear(
                [(0, "#e6eaeb", 1), (0.35, "#c3cacd", 1), (0.5, "#dfe4e5", 1), (1, "#9aa4a8", 1)], slant=0.8
            ),
        )
    )
    for y in range(-266, 130, 6):
        canvas.add(stroke(f"M-196 {y} H196", "#ffffff", 1, 'stroke-opacity="0.18"'))
    canvas.add(path(plank(250, 92, 14, -70, 214), "#141b19"))
    for place, bars in enumerate((0b1101101, 0b1111110, 0b0110000)):
        _digit(canvas, -164 + place * 52 + (16 if place == 2 else 0), 184, bars)
    canvas.add(oval(-54, 242, 4, 4, "#b9f0d6"))
    for x in (104, 168):
        canvas.add(
            oval(x, 214, 23, 23, lit(look.colour, -0.5)), oval(x - 1, 212, 21, 21, lit(look.colour, 0.16))
        )
    canvas.pop()


def _digit(canvas: Canvas, x: float, y: float, bars: int) -> None:
    # A seven-segment display: segments a to g from the highest bit.
    lines = ("h24", "M24 2 v24", "M24 32 v24", "M0 58 h24", "M0 32 v24", "M0 2 v24", "M0 29 h24")
    canvas.push(f"translate({x} {y})")
    for place, line in enumerate(lines):
        on = bars >> (6 - place) & 1
        canvas.add(stroke(line if line[0] == "M" else f"M0 0 {line}", "#b9f0d6" if on else "#22302b", 5))
    canvas.pop()


FORMS: dict[str, Callable[[Canvas, Look], None]] = {
    form.__name__: form for form in (knife, rolling_pin, spoons, scoop, scale)
}
