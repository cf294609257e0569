"""What the list of all products is narrowed to, as its URL says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlencode

from storefront.catalog.list_request import MAX_QUERY
from storefront.catalog.models import Status
from storefront.unicode_text import clean_line, parse_digits

StockFilter = Literal["in", "low", "out"]
ProductSort = Literal["relevance", "new", "updated", "title", "price", "-price"]
STATUSES: tuple[Status, ...] = get_args(Status)
STOCK_FILTERS: tuple[StockFilter, ...] = get_args(StockFilter)
PLANNED = "planned"  # beside the statuses: products that are published or withdrawn by themselves
STATUS_FILTERS = (*STATUSES, PLANNED)
SORTS: tuple[ProductSort, ...] = get_args(ProductSort)
WITHOUT_CATEGORY = "none"
_MAX_TEXT = 255  # characters: the width of the columns
_MAX_DIGITS = 9  # of a category's id


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """A search and filters of the list of all products. Empty texts filter nothing.

    Attributes:
        text: the search: words of a title, an SKU, a barcode, a vendor or a tag.
        status: draft, active or archived; or PLANNED.
        category: the id of a category, for it and all below it; or WITHOUT_CATEGORY.
        vendor: exactly this one.
        product_type: exactly this one.
        tag: products that have this tag.
        stock: "in": something can be bought; "low": a variant is low, "out": all that is counted is sold out.
        no_picture: only products without a picture that the shop shows.
        no_description: only products without a description.
        sort: the order; "relevance" only with a search.
    """

    text: str = ""
    status: str = ""
    category: str = ""
    vendor: str = ""
    product_type: str = ""
    tag: str = ""
    stock: str = ""
    no_picture: bool = False
    no_description: bool = False
    sort: ProductSort = "new"

    @property
    def fields(self) -> dict[str, str]:
        """The parameters of its URL, without those that have their default."""
        sort = "" if self.sort == _default_sort(self.text) else self.sort
        values = {
            "q": self.text,
            "status": self.status,
            "category": self.category,
            "vendor": self.vendor,
            "type": self.product_type,
            "tag": self.tag,
            "stock": self.stock,
            "picture": "none" if self.no_picture else "",
            "description": "none" if self.no_description else "",
            "sort": sort,
        }
        return {name: value for name, value in values.items() if value}

    def query(self, **changes: str | int) -> str:
        """Return the query of its URL, with some parameters changed or added; an empty text removes one."""
        values = {name: value for name, value in {**self.fields, **changes}.items() if value}
        return f"?{urlencode(values)}" if values else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves out any product."""
        return bool(self.fields.keys() - {"sort"})

    def has_only(self, *names: str) -> bool:
        """Return whether one of these attributes narrows the list, and nothing else."""
        return len(self.fields.keys() - {"sort"}) == 1 and any(getattr(self, name) for name in names)


def read_filter(values: Mapping[str, str]) -> ProductFilter:
    """Return the filter of a URL or a form; parameters that have no meaning are ignored."""
    text = _text(values, "q", MAX_QUERY)
    return ProductFilter(
        text=text,
        status=_choice(values, "status", STATUS_FILTERS),
        category=_category(values.get("category", "")),
        vendor=_text(values, "vendor"),
        product_type=_text(values, "type"),
        tag=_text(values, "tag"),
        stock=_choice(values, "stock", STOCK_FILTERS),
        no_picture=values.get("picture") == "none",
        no_description=values.get("description") == "none",
        sort=_sort(values.get("sort", ""), text),
    )


def _default_sort(text: str) -> ProductSort:
    return "relevance" if text else "new"


def _sort(name: str, text: str) -> ProductSort:
    found = next((sort for sort in SORTS if sort == name), _default_sort(text))
    return "new" if found == "relevance" and not text else found


def _text(values: Mapping[str, str], name: str, most: int = _MAX_TEXT) -> str:
    return clean_line(values.get(name, "")[: 4 * most])[:most]


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = values.get(name, "")
    return value if value in choices else ""


def _category(text: str) -> str:
    is_id = parse_digits(text, most_digits=_MAX_DIGITS) is not None
    return text if is_id or text == WITHOUT_CATEGORY else ""
