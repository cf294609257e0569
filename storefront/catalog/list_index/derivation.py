"""The one place that derives from a product's rows what lists and search know of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storefront.catalog import search

NAME_KEY_LENGTH = 40


class ListingRow(NamedTuple):
    """The columns of a product's rows in `listing`; `price` in minor units."""

    price: int
    name_key: str
    vendor: str


class Prices(NamedTuple):
    """The prices on a product's own row, in minor units; all None without variants."""

    price: int | None = None
    price_max: int | None = None
    compare_at_price: int | None = None


class PricedVariant(NamedTuple):
    """What the prices of a product depend on, of one variant."""

    price: int
    position: int
    compare_at_price: int | None


class SearchedVariant(NamedTuple):
    """What is searched of one variant."""

    sku: str
    label: str
    option1: str
    option2: str
    option3: str
    barcode: str


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """Everything from which the list index derives the rows and the searched texts of one product."""

    product_id: int
    title: str
    vendor: str
    product_type: str
    tags: Sequence[str]
    description_html: str
    category: str  # the category's name, "" without one
    price: int | None
    status: str
    unlisted: bool
    variants: Sequence[SearchedVariant]
    further: Sequence[str] = ()  # the names of further categories

    @property
    def is_listed(self) -> bool:
        """Whether lists and search show the product."""
        return self.status == "active" and self.price is not None and not self.unlisted

    def row(self) -> ListingRow:
        """Return the columns of the product's rows in `listing`."""
        return ListingRow(self.price or 0, name_key(self.title), self.vendor)

    def searched_texts(self) -> search.SearchedTexts:
        """Return the texts by which search finds the product, that of the shop or only that of the back office."""
        options = dict.fromkeys(o for v in self.variants for o in (v.option1, v.option2, v.option3) if o)
        return search.SearchedTexts(
            product_id=self.product_id,
            title=self.title,
            names=(self.vendor, self.product_type, *self.tags, self.category, *self.further, *options),
            codes=tuple(dict.fromkeys(code for v in self.variants for code in (v.sku, v.label))),
            barcodes=tuple(dict.fromkeys(v.barcode for v in self.variants if v.barcode)),
            body=search.text_of_html(self.description_html),
            is_hidden=not self.is_listed,
        )


def prices(variants: Iterable[PricedVariant]) -> Prices:
    """Return a product's prices: of the cheapest variant (the first of equals), and the highest."""
    variants = sorted(variants, key=lambda variant: (variant.price, variant.position))
    if not variants:
        return Prices()
    return Prices(variants[0].price, variants[-1].price, variants[0].compare_at_price)


def is_reduced(price: int, compare_at_price: int | None) -> bool:
    """Return whether pages show that a price was reduced: it has been higher."""
    return compare_at_price is not None and compare_at_price > price


def name_key(title: str) -> str:
    """Return the key of the order "name": without case, accents and punctuation."""
    return " ".join(search.words(title))[:NAME_KEY_LENGTH]


def ancestor_paths(path: str) -> list[str]:
    """Return a category path and those above it, root first: "a/b" gives ["", "a", "a/b"]."""
    parts = path.split("/") if path else []
    return ["", *("/".join(parts[: i + 1]) for i in range(len(parts)))]
