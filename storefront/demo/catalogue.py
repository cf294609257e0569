"""The demo catalogue: reads catalogue/*.toml into plain objects, and names the files of its pictures."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from storefront.catalog.slugs import slugify

PICTURES = Path(__file__).parent / "pictures"
_FOLDER = Path(__file__).parent / "catalogue"
_IN_STORE = 20  # GS1 prefix 20–29: numbers that a shop may give out itself


class DemoPicture(NamedTuple):
    """The words that a picture was drawn from (benchmarks/pictures); they also name its file."""

    form: str
    material: str
    pattern: str
    colour: str
    view: str

    @property
    def file(self) -> Path:
        """The picture's file: WebP, 1024 × 1024 pixels."""
        return PICTURES / f"{'-'.join(self)}.webp"


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A variant of the demo. Prices are in major units; a negative `stock` means made to order."""

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
    """A product of the demo, with the words that its pictures are drawn from."""

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
        """The product's slug."""
        return slugify(self.title)

    @property
    def pictures(self) -> list[DemoPicture]:
        """The product's pictures: every colour from the front, then one more view of the last colour."""
        second = "set" if len(self.colours) > 1 else "detail"
        views = [*((colour, "front") for colour in self.colours), (self.colours[-1], second)]
        return [DemoPicture(self.form, self.material, self.pattern, *view) for view in views]


def read_products() -> list[DemoProduct]:
    """Return the whole demo catalogue, oldest first. A file lists its newest product first."""
    numbers = iter(range(1, 10_000))
    files = ("linen", "kitchen", "tea", "table", "gifts", "teaware")
    return [
        _product(row, numbers)
        for name in files
        for row in reversed(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["product"])
    ]


def list_pictures(items: Sequence[DemoProduct]) -> list[DemoPicture]:
    """Return the pictures of these products, each once."""
    return list(dict.fromkeys(picture for item in items for picture in item.pictures))


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
        # An option's value names the colour; without such names the variants take the colours in turn.
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
