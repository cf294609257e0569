"""The options of one product, as the rows of a file have them: their names, and the values of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from storefront.catalog_files.linked_options import label_values, links_of
from storefront.catalog_files.product_columns import OPTION_NAMES, OPTIONS, ColumnLayout, ProductRow
from storefront.sheets import cells

_NO_OPTION_NAMES = ("title", "")  # Shopify writes a product without options as "Title", "Default Title"
_NO_OPTION_VALUE = "default title"
_LIMIT = 255


@dataclass(slots=True)
class OptionValues:
    """The options of one product.

    Attributes:
        names: the option names; None if the file does not say them.
        places: the columns of the options, from 0; None if the file has no columns for option values.
        labels: for each place of an option that is linked to a metafield, the label of each value.
    """

    names: list[str] | None = None
    places: list[int] | None = None
    labels: dict[int, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, layout: ColumnLayout, main: ProductRow, rows: Sequence[ProductRow]) -> Self:
        """Return the options of the product with these rows; `main` is the product's row."""
        names = [cells.clean_text(main.cells.get(name, ""), _LIMIT) for name in OPTION_NAMES]
        if not layout.has(*OPTIONS):
            return cls(names=[name for name in names if name] or None)
        values = [dict.fromkeys(value for row in rows if (value := _value(row, place))) for place in range(3)]
        folded = {value.casefold() for value in values[0]}
        if folded == {_NO_OPTION_VALUE} and names[0].casefold() in _NO_OPTION_NAMES and not any(values[1:]):
            return cls(names=[], places=[])
        if not any(values):
            return cls(places=[])
        places = [place for place in range(3) if values[place] or names[place]]
        labels = {
            place: label_values(values[place], metafield) for place, metafield in links_of(main.extra).items()
        }
        named = [names[place] or f"Option {place + 1}" for place in places]
        return cls(names=named if any(names) else None, places=places, labels=labels)

    def find_cut(self, row: ProductRow) -> str:
        """Return our name of a column in which the row's option value is too long; empty if there is none."""
        return next((name for name in OPTIONS if len(cells.clean_text(row.cells.get(name, ""))) > _LIMIT), "")

    def values(self, row: ProductRow) -> tuple[str, ...] | None:
        """Return the option values of a row; None if the file has no columns for them."""
        if self.places is None:
            return None
        found = ((place, _value(row, place)) for place in self.places)
        return tuple(self.labels.get(place, {}).get(value, value) for place, value in found)


def _value(row: ProductRow, place: int) -> str:
    """Return an option value. A long one is cut, and ends with a digest: values that begin alike stay different."""
    cell = row.cells.get(OPTIONS[place])
    text = cells.clean_text(cell) if cell else ""
    if len(text) <= _LIMIT:
        return text
    return f"{text[: _LIMIT - 8].rstrip()}… {sha256(text.encode()).hexdigest()[:6]}"
