"""The parameters of a list in its URL: parsed, checked, and written in one canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, cast
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from storefront.catalog.models import MAX_PATH
from storefront.catalog.search.text_words import words
from storefront.catalog.slugs import category_path, collection_path
from storefront.errors import BadInputError
from storefront.i18n import gettext as _
from storefront.money import minor_units
from storefront.web.prefix import add_prefix

Sort = Literal["new", "price", "-price", "name", "relevance"]
SORTS: tuple[Sort, ...] = ("new", "price", "-price", "name", "relevance")
MAX_QUERY = 200
MAX_BRANDS = 20  # that a list can be narrowed to at once
MAX_BRAND = 255  # characters: the width of the column
MAX_PAGE = 10**6
PARAMETERS = ("q", "category", "vendor", "min_price", "max_price", "in_stock", "sort", "page")
# The pattern of texts in a query: no NUL, and no character that could not be decoded.
TEXT = "^[^\\u0000\\ufffd]*$"
MAX_PRICE = 10**15  # minor units; well inside a 64-bit column


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The parameters of a list. Prices are in minor units of the shop's currency.

    `vendors` are sorted, and each is named once: a product of any of them matches. Empty: all vendors.
    """

    path: str = ""
    collection: str = ""  # the slug of a collection: its products instead of a category's
    page: int = 1
    q: str = ""
    vendors: tuple[str, ...] = ()
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool = False
    sort: Sort = "new"
    currency: str = "USD"

    @property
    def is_filtered(self) -> bool:
        """Whether a search or a filter narrows the list, beyond its category."""
        return (
            bool(self.q or self.vendors or self.in_stock)
            or self.min_price is not None
            or self.max_price is not None
        )

    def url(self, **changes: object) -> str:
        """Return the canonical URL of this list with some values changed; page 1 unless a page is given."""
        wanted = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        fields = wanted.fields()
        if wanted.page > 1:
            fields.append(("page", str(wanted.page)))
        return f"{wanted.base}?{urlencode(fields)}" if fields else wanted.base

    @property
    def base(self) -> str:
        """The URL without a query: of a category, of a collection, or of the whole shop, which is also searched."""
        if self.collection:
            return add_prefix(collection_path(self.collection))
        return add_prefix(category_path(self.path)) if self.path and not self.q else add_prefix("/products")

    def fields(self, **changes: object) -> list[tuple[str, str]]:
        """Return the query's fields in canonical order, without the page; with some values changed."""
        wanted = replace(self, **changes)  # type: ignore[arg-type]
        fields: list[tuple[str, str]] = []
        if wanted.q:
            fields.append(("q", wanted.q))
            if wanted.path:
                fields.append(("category", wanted.path))
        fields += [("vendor", vendor) for vendor in wanted.vendors]
        for name in ("min_price", "max_price"):
            if (amount := cast("int | None", getattr(wanted, name))) is not None:
                fields.append((name, wanted.major(amount)))
        if wanted.in_stock:
            fields.append(("in_stock", "1"))
        if wanted.sort != wanted.default_sort:
            fields.append(("sort", wanted.sort))
        return fields

    def without_each_vendor(self) -> list[tuple[str, str]]:
        """Return each vendor with the URL of this list without it."""
        return [
            (vendor, self.url(vendors=tuple(other for other in self.vendors if other != vendor)))
            for vendor in self.vendors
        ]

    @property
    def default_sort(self) -> Sort:
        """The order without a choice: relevance for a search, else the newest first."""
        return "relevance" if self.q else "new"

    def major(self, amount: int | None) -> str:
        """Return an amount in minor units as a form field holds it: 1990 US cents are "19.90"."""
        if amount is None:
            return ""
        return f"{Decimal(amount).scaleb(-minor_units(self.currency)):f}"


def parse(
    args: Mapping[str, str], *, currency: str, path: str = "", read_amount: Callable[[str], int] | None = None
) -> ListRequest:
    """Return the list that a query string asks for; unknown parameters are ignored.

    Args:
        args: the query.
        currency: the shop's.
        path: of the category, if the address names one.
        read_amount: returns a price's minor units, or raises ValueError; by default of a decimal such as "12.50".

    Raises:
        BadInputError: a value is not valid; the text says which and what is expected.
    """
    for name in PARAMETERS:
        if any("\x00" in value or "\ufffd" in value for value in values_of(args, name)):
            raise BadInputError(name, _("The address contains characters that can’t be read."))
    read_amount = read_amount or (lambda text: read_decimal(text, currency))
    query = " ".join(args.get("q", "").split())
    if len(query) > MAX_QUERY:
        raise BadInputError("q", _("Please search with at most %(most)d characters.", most=MAX_QUERY))
    sort = args.get("sort") or ("relevance" if query else "new")
    if sort not in SORTS:
        raise BadInputError("sort", _("The sort order must be one of: %(names)s.", names=", ".join(SORTS)))
    path = path or args.get("category", "").strip("/ ")
    if len(path) > MAX_PATH:
        raise BadInputError("category", _("This category name is too long."))
    return ListRequest(
        path=path,
        page=parse_page_number(args.get("page", "")),
        q=query,
        vendors=_vendors(args),
        min_price=_price(args, "min_price", read_amount),
        max_price=_price(args, "max_price", read_amount),
        in_stock=_flag(args, "in_stock"),
        # Relevance needs at least one word to compare with.
        sort="new" if sort == "relevance" and not words(query) else sort,
        currency=currency,
    )


def parse_page_number(value: str) -> int:
    """Return the page number of a query: 1 if it is missing, at most MAX_PAGE.

    Raises:
        BadInputError: it is not a whole number from 1.
    """
    if not value:
        return 1
    if not (value.isascii() and value.isdigit()) or int(value[:20]) < 1:
        raise BadInputError("page", _("The page must be a whole number from 1."))
    return min(int(value[:20]), MAX_PAGE)


def _vendors(args: Mapping[str, str]) -> tuple[str, ...]:
    vendors = sorted({vendor for each in values_of(args, "vendor") if (vendor := each.strip())})
    if any(len(vendor) > MAX_BRAND for vendor in vendors):
        raise BadInputError("vendor", _("This brand name is too long."))
    if len(vendors) > MAX_BRANDS:
        raise BadInputError("vendor", _("Choose up to %(most)d brands.", most=MAX_BRANDS))
    return tuple(vendors)


def values_of(args: Mapping[str, str], name: str) -> list[str]:
    """Return all values of a parameter."""
    return args.getlist(name) if isinstance(args, MultiDict) else [args[name]] if name in args else []


def read_decimal(text: str, currency: str) -> int:
    """Return the minor units of a decimal such as "12.50".

    Raises:
        ValueError: it is not a number from 0, or too large.
    """
    try:
        amount = Decimal(text[:40]).scaleb(minor_units(currency))
    except ArithmeticError as error:  # not a number, or too large for Decimal
        raise ValueError(text) from error
    if not amount.is_finite() or amount < 0 or amount > MAX_PRICE:
        raise ValueError(text)
    return int(amount.to_integral_value())


def _price(args: Mapping[str, str], name: str, read_amount: Callable[[str], int]) -> int | None:
    value = args.get(name, "").strip()
    if not value:
        return None
    try:
        return read_amount(value)
    except ValueError as error:
        raise BadInputError(name, _not_a_price(name)) from error


def _not_a_price(name: str) -> str:
    if name == "min_price":
        return _("The lowest price must be a number from 0, such as 12.50.")
    return _("The highest price must be a number from 0, such as 12.50.")


def _flag(args: Mapping[str, str], name: str) -> bool:
    value = args.get(name, "").lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes", "on"):
        return True
    raise BadInputError(name, _("%(name)s must be 1 or 0.", name=name))
