"""How large each thing is drawn and where, so that it fills its picture and stands in its optical middle.

Made once from the bounding box of each form: the scale at which it fills about two thirds of the picture, then how far its
middle is to the right of the sheet's, and above the floor, at that scale.
"""

FIT: dict[str, tuple[float, int, int]] = {
    "teapot": (1.17, 5, 178),
    "kyusu": (1.25, -50, 160),
    "pitcher": (1.40, -76, 263),
    "creamer": (1.74, -56, 234),
    "kettle": (1.22, 54, 236),
    "gooseneck": (1.27, 25, 190),
    "moka_pot": (1.35, -43, 289),
    "pour_over": (1.46, -32, 281),
    "french_press": (1.36, -90, 278),
    "gaiwan": (1.61, 0, 216),
    "cup": (2.10, 0, 256),
    "mug": (1.60, -93, 240),
    "espresso_cup": (1.63, 0, 153),
    "tumbler": (1.77, 0, 284),
    "glass": (1.76, 0, 298),
    "bowl": (1.44, 0, 149),
    "deep_bowl": (1.66, 0, 212),
    "jar": (1.68, 0, 266),
    "canister": (1.45, 0, 263),
    "caddy": (1.61, 0, 289),
    "sugar_bowl": (1.58, 0, 215),
    "vase": (1.02, 0, 312),
    "candle": (1.15, -21, 305),
    "saucepan": (1.13, -65, 106),
    "casserole": (1.19, 0, 162),
    "mortar": (1.40, 0, 299),
    "grinder": (1.20, -93, 299),
    "whisk": (1.43, 0, 298),
    "baking_dish": (1.01, 0, 59),
    "timer": (1.50, -9, 289),
    "tea_pouch": (1.33, 0, 311),
    "tea_tin": (1.36, 0, 262),
    "spice_jar": (1.85, 0, 282),
    "honey_jar": (1.67, 0, 260),
}

# How large a thing is beside others, on the scale of a teapot: a cup does not fill a picture that has a pot in it.
BESIDE: dict[str, float] = {
    "teapot": 0.74, "kyusu": 0.62, "pitcher": 0.72, "creamer": 0.42, "kettle": 0.86, "gooseneck": 0.84, "moka_pot": 0.64,
    "pour_over": 0.72, "french_press": 0.74, "gaiwan": 0.46, "cup": 0.34, "mug": 0.46, "espresso_cup": 0.42,
    "tumbler": 0.44, "glass": 0.48, "bowl": 0.62, "deep_bowl": 0.56, "jar": 0.56, "caddy": 0.5, "sugar_bowl": 0.46,
    "vase": 0.86, "candle": 0.7, "saucepan": 0.86, "casserole": 0.94, "mortar": 0.56, "grinder": 0.66, "whisk": 0.44,
    "baking_dish": 0.9, "timer": 0.42, "tea_pouch": 0.64, "tea_tin": 0.5, "spice_jar": 0.4, "honey_jar": 0.46,
    "canister": 0.6,
}  # fmt: skip
