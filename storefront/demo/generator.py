"""Generate catalogues of any size from the vocabulary; the same seed gives the same products."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VOCABULARY: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8")
)
DEPARTMENTS: dict[str, dict[str, dict[str, float]]] = _VOCABULARY["departments"]
STYLES, MATERIALS, FINISHES, COLOURS, SIZES, PLACES, TRADES, SENTENCES = (
    tuple[str, ...](_VOCABULARY[name])
    for name in ("styles", "materials", "finishes", "colours", "sizes", "places", "trades", "sentences")
)
ENDINGS = (0, 50, 90, 95)  # of prices, in hundredths of the major unit


@dataclass(frozen=True, slots=True)
class ProductKind:
    """A kind of product: its category and its usual price in major units."""

    name: str
    path: tuple[str, ...]
    price: float


@dataclass(frozen=True, slots=True)
class GeneratedVariant:
    """A generated variant; `price` and `was` in hundredths of the currency's major unit."""

    options: tuple[str, ...]
    price: int
    was: int | None
    on_hand: int
    grams: int


@dataclass(frozen=True, slots=True)
class GeneratedProduct:
    """A generated product; `number` counts from 1 and makes slug and SKUs unique."""

    number: int
    title: str
    kind: int
    vendor: str
    material: str
    text: str
    options: tuple[str, ...]
    variants: tuple[GeneratedVariant, ...]


def list_kinds() -> list[ProductKind]:
    """Return all kinds of products. Each has a category of its own, below its aisle and department."""
    return [
        ProductKind(name, (department, aisle, f"{material} {name.lower()}"), price)
        for department, aisles in DEPARTMENTS.items()
        for aisle, things in aisles.items()
        for name, price in things.items()
        for material in ("Everyday", "Studio", "Heirloom")
    ]


def generate_products(number: int, seed: int, *, first: int = 1) -> Iterator[GeneratedProduct]:
    """Yield `number` products; a longer run of the same seed begins with the products of a shorter one."""
    every = list_kinds()
    makers = [f"{place} {trade}" for place in PLACES for trade in TRADES]
    draw = random.Random(seed)  # noqa: S311  # words, not secrets
    pick, gauss, below = draw.random, draw.gauss, draw.randrange
    for n in range(first, first + number):
        # In real shops a few kinds and makers sell most: the powers prefer the front of the lists.
        place = int(pick() ** 1.6 * len(every))
        kind = every[place]
        vendor = makers[int(pick() ** 2 * len(makers))]
        style, finish = STYLES[below(len(STYLES))], FINISHES[below(len(FINISHES))]
        material = MATERIALS[below(len(MATERIALS))]
        opening = below(len(SENTENCES))
        chosen = (SENTENCES[opening], SENTENCES[(opening + 1 + below(len(SENTENCES) - 1)) % len(SENTENCES)])
        text = " ".join(chosen).format(vendor=vendor, finish=finish, material=material.capitalize())
        options, variants = _variants(kind.price * 2.718281828 ** gauss(0, 0.45), draw)
        yield GeneratedProduct(
            number=n,
            title=f"{style} {finish} {material} {kind.name.lower()}",
            kind=place,
            vendor=vendor,
            material=material,
            text=f"<p>{text}</p>",
            options=options,
            variants=variants,
        )


def _variants(price: float, draw: random.Random) -> tuple[tuple[str, ...], tuple[GeneratedVariant, ...]]:
    """Return option names and variants: a third of the products have one variant, others up to six."""
    randrange = draw.randrange
    shape = draw.random()
    first = randrange(len(COLOURS))
    if shape < 0.34:
        names: tuple[str, ...] = ()
        values: list[tuple[str, ...]] = [()]
    elif shape < 0.74:
        names = ("Colour",)
        values = [(COLOURS[(first + i * 3) % len(COLOURS)],) for i in range(2 + randrange(3))]
    elif shape < 0.9:
        names = ("Size",)
        values = [(size,) for size in SIZES[: 2 + randrange(2)]]
    else:
        names = ("Colour", "Size")
        values = [(COLOURS[(first + i * 7) % len(COLOURS)], size) for i in range(2) for size in SIZES]
    made = []
    for value in values:
        larger = 1 + 0.35 * SIZES.index(value[-1]) if value and value[-1] in SIZES else 1.0
        amount = max(1, int(price * larger)) * 100 + ENDINGS[randrange(4)]
        luck = draw.random()
        stock = 0 if luck < 0.08 else 1 + randrange(5) if luck < 0.2 else 6 + randrange(190)
        was = int(amount * 1.25) // 100 * 100 if luck > 0.93 else None
        made.append(GeneratedVariant(value, amount, was, stock, 50 + randrange(1200)))
    return names, tuple(made)
