"""The views: a thing alone, a close-up from higher, and together with related things."""

from __future__ import annotations

from benchmarks.pictures import cloth, kitchen, laid, packets, pouring, tools, vessels
from benchmarks.pictures.canvas import FLOOR, LEVEL, SHADE, Canvas, Point, path, stroke
from benchmarks.pictures.fit import BESIDE, FIT
from benchmarks.pictures.palette import COLOURS, distance, lit, mix
from benchmarks.pictures.vessel import Look

STANDING = pouring.FORMS | vessels.FORMS | kitchen.FORMS | packets.FORMS
LYING = laid.FORMS | cloth.FORMS | tools.FORMS
HIGHER = 0.36  # tilt of the camera in a close-up

# Companions of a thing, one behind it and one before it. A form without companions is shown three times.
_COMPANY = {
    "teapot": ("cup", "cup"),
    "kyusu": ("caddy", "cup"),
    "gaiwan": ("tea_tin", "cup"),
    "kettle": ("teapot", "cup"),
    "gooseneck": ("pour_over", "mug"),
    "moka_pot": ("creamer", "espresso_cup"),
    "pour_over": ("gooseneck", "mug"),
    "french_press": ("sugar_bowl", "mug"),
    "pitcher": ("tumbler", "tumbler"),
    "creamer": ("sugar_bowl", "espresso_cup"),
    "sugar_bowl": ("creamer", "espresso_cup"),
    "caddy": ("gaiwan", "cup"),
    "tea_pouch": ("tea_tin", "cup"),
    "tea_tin": ("teapot", "cup"),
    "honey_jar": ("teapot", "cup"),
    "whisk": ("tea_tin", "deep_bowl"),
    "grinder": ("moka_pot", "espresso_cup"),
    "mortar": ("spice_jar", "spice_jar"),
    "casserole": ("pitcher", "spice_jar"),
    "saucepan": ("canister", "spice_jar"),
    "vase": ("candle", "cup"),
    "candle": ("vase", "bowl"),
    "baking_dish": ("pitcher", "mortar"),
    "timer": ("jar", "spice_jar"),
    "glass": ("teapot", "glass"),
}
_MADE_OF = {
    "kettle": ("metal", "charcoal"),
    "gooseneck": ("metal", "steel"),
    "moka_pot": ("metal", "steel"),
    "tea_tin": ("metal", "brass"),
    "canister": ("metal", "copper"),
    "spice_jar": ("glass", "ochre"),
    "cutting_board": ("wood", "oak"),
    "tray": ("wood", "oak"),
    "spoons": ("wood", "beech"),
    "knife": ("wood", "walnut"),
    "scoop": ("wood", "walnut"),
    "tea_loose": ("porcelain", "moss"),
    "glass": ("glass", "clear"),
}
# Companions of a flat thing: form, size, place, rotation. "" is the thing itself, "-" a paler copy.
_LAID: dict[str, list[tuple[str, float, float, float, float]]] = {
    "plate": [("napkins", 0.72, 700, 330, 12), ("", 0.9, 450, 560, 0), ("-", 0.62, 450, 556, 0)],
    "platter": [("napkins", 0.72, 690, 330, 12), ("", 0.92, 480, 570, 0)],
    "tea_loose": [("tray", 0.96, 470, 520, 20), ("", 0.68, 400, 470, 0), ("scoop", 0.5, 700, 720, 16)],
    "tray": [("", 1.02, 490, 520, 0), ("plate", 0.42, 390, 420, 0), ("plate", 0.36, 620, 630, 0)],
    "trivet": [("napkins", 0.8, 640, 360, 8), ("", 0.86, 440, 590, 0)],
    "skillet": [("tea_towel", 0.8, 690, 430, 22), ("", 0.98, 470, 560, 0)],
    "cutting_board": [
        ("tea_towel", 0.74, 720, 330, 24),
        ("", 1.0, 480, 560, 0),
        ("knife", 0.72, 500, 560, 22),
    ],
    "knife": [("cutting_board", 1.12, 512, 520, 6), ("", 0.9, 500, 520, 0)],
    "rolling_pin": [("tea_towel", 0.98, 560, 500, 14), ("", 0.92, 500, 540, 0)],
    "spoons": [("tea_towel", 1.0, 560, 540, 12), ("", 0.86, 500, 520, 0)],
    "scoop": [("tray", 0.98, 540, 500, 0), ("", 0.86, 500, 540, 0)],
    "scale": [("napkins", 0.74, 730, 330, 10), ("", 0.9, 440, 560, 0), ("scoop", 0.52, 760, 760, 0)],
    "gift_box": [("", 0.94, 470, 560, 0), ("-", 0.5, 715, 330, 20)],
    "tea_towel": [("-", 0.88, 640, 440, 18), ("", 0.92, 430, 570, 0)],
    "napkins": [("-", 0.8, 660, 380, 20), ("", 0.92, 430, 590, 0)],
    "apron": [("-", 0.84, 690, 500, 9), ("", 0.9, 400, 540, 0)],
    "runner": [("", 1.0, 512, 512, 0), ("plate", 0.56, 450, 480, 0), ("spoons", 0.4, 790, 640, 24)],
}


def sheet(view: str, form: str, ground: str, seed: str) -> Canvas:
    """Return the empty sheet for a view of a form."""
    if form in LYING:
        return Canvas(ground, seed, above=True)
    if view == "detail":
        return Canvas(ground, seed, tilt=HIGHER, horizon=0.3)
    return Canvas(ground, seed, horizon=0.56 if view == "set" else 0.635)


def front(canvas: Canvas, form: str, look: Look) -> None:
    """Draw the thing alone."""
    if form in LYING:
        _lay(canvas, form, look, 512, 512, 1.04)
    else:
        _stand(canvas, form, look, 512, max(552 - FIT[form][2], 728), 1.02)


def detail(canvas: Canvas, form: str, look: Look) -> None:
    """Draw the thing closer; a standing thing also from higher."""
    if form in LYING:
        _lay(canvas, form, look, 690, 680, 1.7)
    else:
        up = FIT[form][2] * 1.34
        _stand(canvas, form, look, 560, max(560 + up * 0.94, 690), 1.34)


def together(canvas: Canvas, form: str, look: Look) -> None:
    """Draw the thing with its companions: on a cloth if it stands, from above if it lies."""
    pale = Look(mix(look.colour, "#efe7d8", 0.58), look.material, look.pattern)
    if form in LYING:
        for other, size, x, y, turn in _LAID[form]:
            its = look if not other else pale if other == "-" else _own(other, look)
            _lay(canvas, form if other in ("", "-") else other, its, x, y, size, turn)
        return
    _linen(canvas, look)
    behind, before = _COMPANY.get(form, ("", ""))
    if not behind:
        brown = Look(mix(look.colour, "#7a5a44", 0.4), look.material, look.pattern)
        _stand(canvas, form, brown, 745, 690, 0.46)
        _stand(canvas, form, look, 395, 742, 0.7)
        _stand(canvas, form, pale, 690, 828, 0.5)
        return
    grow = 0.74 / BESIDE.get(form, 0.74)
    _stand(canvas, behind, _own(behind, look), 735, 682, min(BESIDE[behind] * grow, 0.82))
    _stand(canvas, form, look, 385, 752, 0.78)
    _stand(canvas, before, _own(before, look), 700, 832, min(BESIDE[before] * grow, 0.52))


def _stand(canvas: Canvas, form: str, look: Look, x: float, foot: float, size: float) -> None:
    """Draw a standing thing, its centre at x and its foot at `foot`; size 1 fills about two thirds."""
    scale, right, _ = FIT[form]
    # From higher, heights look shorter: by the cosine that belongs to the tilt's sine.
    steep = (1 - canvas.tilt**2) ** 0.5 if canvas.tilt > LEVEL else 1
    both = f"{scale * size:.3f} {scale * size * steep:.3f}"
    canvas.push(f"translate({x + right * size:.1f} {foot:.1f}) scale({both}) translate(-512 -{FLOOR})")
    STANDING[form](canvas, look)
    canvas.pop()


def _lay(canvas: Canvas, form: str, look: Look, x: float, y: float, size: float, turn: float = 0) -> None:
    canvas.push(f"translate({x:.1f} {y:.1f}) scale({size:.3f})" + (f" rotate({turn:g})" if turn else ""))
    LYING[form](canvas, look)
    canvas.pop()


def _own(form: str, beside: Look) -> Look:
    """Return the look of a companion: its own material, or the clay and a paler tone of the thing's glaze."""
    if form in cloth.FORMS:
        return Look(_quiet(beside.colour), "cloth", "stripe")
    if form in _MADE_OF:
        material, colour = _MADE_OF[form]
        return Look(COLOURS[colour], material, "grain" if material == "wood" else "plain")
    clay = beside.material if beside.material in ("porcelain", "stoneware") else "stoneware"
    if beside.material == clay:
        return Look(mix(beside.colour, "#efe7d8", 0.5), clay)
    return Look(
        COLOURS["chalk" if distance(beside.colour, COLOURS["chalk"]) > 200 else "slate"], clay, "speckle"
    )


def _quiet(colour: str) -> str:
    """Return the colour of a cloth that contrasts with a thing of this colour."""
    linens = ("#e9e1d0", "#8e9c8f", "#6c7d8c", "#c9a58c")
    return max(
        linens, key=lambda linen: min(distance(linen, colour), 260) + (60 if linen == "#e9e1d0" else 0)
    )


def _linen(canvas: Canvas, look: Look) -> None:
    """Draw a cloth on the table, in front of the things."""
    colour = _quiet(mix(look.colour, canvas.ground, 0.35))
    near_left, near_right, far_right, far_left = (
        (70.0, 1080.0),
        (1090.0, 960.0),
        (860.0, 652.0),
        (160.0, 704.0),
    )

    def on(across: float, along: float) -> Point:
        low = [a + (b - a) * across for a, b in zip(near_left, near_right, strict=True)]
        high = [a + (b - a) * across for a, b in zip(far_left, far_right, strict=True)]
        return low[0] + (high[0] - low[0]) * along, low[1] + (high[1] - low[1]) * along

    def lines(ends: list[tuple[Point, Point]]) -> str:
        return " ".join(f"M{a[0]:.0f} {a[1]:.0f}L{b[0]:.0f} {b[1]:.0f}" for a, b in ends)

    corners = [on(0, 0), on(1, 0), on(1, 1), on(0, 1)]
    shape = "M" + " L".join(f"{x:.0f} {y:.0f}" for x, y in corners) + " Z"
    canvas.add(stroke(shape, SHADE, 26, 'stroke-opacity="0.05" transform="translate(4 8)"'))
    canvas.add(stroke(shape, SHADE, 12, 'stroke-opacity="0.09" transform="translate(2 5)"'))
    canvas.add(path(shape, canvas.linear([(0, lit(colour, 0.3), 1), (1, lit(colour, -0.08), 1)])))
    threads = [(on(i / 70, 0), on(i / 70, 1)) for i in range(1, 70)]
    canvas.add(stroke(lines(threads), SHADE, 1.6, 'stroke-opacity="0.06"'))
    weft = [(on(0, (i / 46) ** 0.8), on(1, (i / 46) ** 0.8)) for i in range(1, 46)]
    canvas.add(stroke(lines(weft), "#ffffff", 1.4, 'stroke-opacity="0.16"'))
    other = lit(colour, -0.4) if distance(colour, "#000000") > 350 else lit(colour, 0.6)
    for place, wide in ((0.06, 5), (0.085, 13), (0.11, 5), (0.89, 5), (0.915, 13), (0.94, 5)):
        canvas.add(stroke(lines([(on(place, 0.004), on(place, 0.996))]), other, wide, 'stroke-opacity="0.5"'))
    for start, end in ((on(0.3, 1), on(0.52, 0)), (on(0.74, 1), on(0.86, 0))):
        canvas.add(stroke(lines([(start, end)]), SHADE, 16, 'stroke-opacity="0.05"'))
        canvas.add(
            stroke(lines([(start, end)]), "#ffffff", 4, 'stroke-opacity="0.22" transform="translate(-7 0)"')
        )
