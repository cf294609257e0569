"""What the page of the grid shows: the columns of a view, and the lines with their cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.admin.grid.grid_form import GridForm, cell_name, see, show
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


def read_start(values: Mapping[str, str]) -> int:
    """Return the place of the first row among the variants of the page's products."""
    return parse_digits(values.get("start", ""), most_digits=_MOST_DIGITS) or 0


def make_lines(
    rows: Sequence[GridRow], view: GridView, form: GridForm, locked: Collection[str]
) -> Iterator[Line]:
    """Yield the lines of the page; columns that are locked can be read only."""
    before = None
    for row in rows:
        cells = [
            None if field == "status" and row.product_id == before else _cell(field, row, form, locked)
            for field in view.columns
        ]
        before = row.product_id
        yield Line(row, see(row), cells)


def _cell(field: str, row: GridRow, form: GridForm, locked: Collection[str]) -> Cell:
    name, seen = cell_name(field, row), show(field, getattr(row, field))
    is_open = field not in locked and (field != "on_hand" or row.on_hand is not None)
    return Cell(field, name, form.values.get(name, seen), seen, form.errors.get(name, ""), is_open)
