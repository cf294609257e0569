"""What the page of the grid shows: the columns of a view, and the lines with their cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.admin.grid.carried_cells import SeenRow
from storefront.admin.grid.grid_cells import cell_name, see, show
from storefront.admin.grid.grid_form import GridForm
from storefront.admin.grid.grid_rows import GridRow
from storefront.i18n import lazy_gettext
from storefront.unicode_text import parse_digits

COLUMNS: Mapping[str, Any] = {
    "price": lazy_gettext("Price"),
    "compare_at_price": lazy_gettext("Compare-at price"),
    "on_hand": lazy_gettext("On hand"),
    "label": lazy_gettext("SKU"),
    "status": lazy_gettext("Status"),
}
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class GridPlace:
    """A page of the grid: the page of products, and the place of the first row among their variants."""

    page: int = 1
    start: int = 0

    @property
    def fields(self) -> dict[str, str | int]:
        """Its parameters in a URL; empty ones are left out there."""
        return {"page": self.page if self.page > 1 else "", "start": self.start or ""}

    def __str__(self) -> str:
        """Return the text that the buttons that lead to the page send."""
        return f"{self.page} {self.start}"


@dataclass(frozen=True, slots=True)
class GridView:
    """A choice of columns. A form has up to 1,000 fields, so that fewer columns leave room for more rows.

    Attributes:
        name: in the URL; empty for all columns.
        label: of the link that shows it.
        columns: the fields that it shows.
        rows: variants on a page.
    """

    name: str
    label: Any
    columns: Sequence[str]
    rows: int = 300


VIEWS = (
    GridView("", lazy_gettext("All columns"), tuple(COLUMNS), 100),
    GridView("prices", lazy_gettext("Prices"), ("price", "compare_at_price")),
    GridView("stock", lazy_gettext("Stock"), ("on_hand",)),
    GridView("skus", lazy_gettext("SKUs"), ("label",)),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the name of its input, its text, the text that it was made from, and a sentence if it is wrong."""

    field: str
    name: str
    value: str
    seen: str
    problem: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells in the order of the columns; None where the first line of the product has the cell."""

    row: GridRow
    seen: str
    cells: Sequence[Cell | None]


def read_view(values: Mapping[str, str]) -> GridView:
    """Return the view that a URL names, or the one with all columns."""
    return next((view for view in VIEWS if view.name == values.get("view")), VIEWS[0])


def read_start(text: str) -> int:
    """Return the place of the first row among the variants of the page's products."""
    return parse_digits(text, most_digits=_MOST_DIGITS) or 0


def read_target(text: str) -> GridPlace:
    """Return the page to which a button leads; the first one if its text was forged."""
    page, _, start = text.partition(" ")
    return GridPlace(parse_digits(page, most_digits=_MOST_DIGITS) or 1, read_start(start))


def make_lines(
    rows: Sequence[GridRow],
    view: GridView,
    form: GridForm,
    locked: Collection[str],
    made_from: Mapping[int, SeenRow],
) -> Iterator[Line]:
    """Yield the lines of the page.

    Args:
        rows: the variants as they are now.
        view: the columns.
        form: what was typed.
        locked: columns that can be read only.
        made_from: what rows that somebody has changed before were made from; others are made from what they are now.
    """
    before = None
    for row in rows:
        seen = made_from.get(row.id, row)
        cells = [
            None if field == "status" and row.product_id == before else _cell(field, row, seen, form, locked)
            for field in view.columns
        ]
        before = row.product_id
        yield Line(row, see(seen), cells)


def _cell(
    field: str, row: GridRow, made_from: GridRow | SeenRow, form: GridForm, locked: Collection[str]
) -> Cell:
    name, seen = cell_name(field, row), show(field, getattr(made_from, field))
    is_open = field not in locked and (field != "on_hand" or row.on_hand is not None)
    return Cell(field, name, form.values.get(name, seen), seen, form.errors.get(name, ""), is_open)
