"""The demo catalogue as it stands in catalogue/*.toml, read into plain objects."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from storefront.catalog.slugs import slugify

_FOLDER = Path(__file__).parent / "catalogue"
_IN_STORE = 20  # GS1 prefix 20–29: numbers that a shop may give out itself


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A variant of the demo; prices in major units. `stock` below zero: made to order."""

    sku: str
    options: tuple[str, ...]
    price: Decimal
    was: Decimal | None
    grams: int
    stock: int
    barcode: str
    colour: str


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of the demo, and how it is drawn."""

    title: str
    category: tuple[str, ...]
    vendor: str
    product_type: str
    tags: list[str]
    options: list[str]
    text: str
    form: str
    material: str
    pattern: str
    colours: tuple[str, ...]
    variants: tuple[DemoVariant, ...]

    @property
    def slug(self) -> str:
        """The slug that it gets."""
        return slugify(self.title)

    @property
    def pictures(self) -> list[tuple[str, str]]:
        """The pictures it has, as (colour, view): every colour from the front, and one more view."""
        fronts = [(colour, "front") for colour in self.colours]
        return [*fronts, (self.colours[-1], "set" if len(fronts) > 1 else "detail")]


def products() -> list[DemoProduct]:
    """Return the whole demo catalogue, oldest first; what stands first in a file is the newest of it."""
    numbers = iter(range(1, 10_000))
    files = ("linen", "kitchen", "tea", "table", "gifts", "teaware")
    return [
        _product(row, numbers)
        for name in files
        for row in reversed(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["product"])
    ]


def ean13(number: int) -> str:
    """Return an in-store EAN-13 for a running number (GS1 General Specifications, 7.9: the check digit)."""
    digits = f"{_IN_STORE}{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _product(row: dict[str, Any], numbers: Iterator[int]) -> DemoProduct:
    named: dict[str, str] = row["colours"] if isinstance(row["colours"], dict) else {}
    plain: list[str] = list(named.values()) if named else row["colours"]
    variants = []
    for place, (values, price, grams, stock) in enumerate(row["variants"]):
        options = tuple(value for value in values.split(" / ") if value)
        now, _, was = price.partition(" was ")
        # A colour is named by one of the options; without names the variants take the colours in turn.
        colour = next(
            (named[value] for value in options if value in named), plain[min(place, len(plain) - 1)]
        )
        variants.append(
            DemoVariant(
                sku="-".join(
                    [row["sku"], *(re.sub(r"[^A-Z0-9]+", "", value.upper())[:8] for value in options)]
                ),
                options=options,
                price=Decimal(now),
                was=Decimal(was) if was else None,
                grams=grams,
                stock=stock,
                barcode=ean13(next(numbers)),
                colour=colour,
            )
        )
    return DemoProduct(
        title=row["title"],
        category=tuple(row["category"].split("/")),
        vendor=row["vendor"],
        product_type=row["type"],
        tags=row["tags"],
        options=row["options"],
        text=row["text"],
        form=row["form"],
        material=row["material"],
        pattern=row.get("pattern", "plain"),
        colours=tuple(dict.fromkeys(plain)),
        variants=tuple(variants),
    )
