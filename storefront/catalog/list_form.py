"""The list that a visitor's form or address asks for: the values that can be read, and notes about the others.

A page never refuses a list. A price is read as the shop's locale writes it. A value that cannot be read stays in its
field with a note beside it, and the other filters stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from storefront import i18n, shop_settings
from storefront.catalog import list_request
from storefront.catalog.list_request import MAX_BRAND, MAX_BRANDS, MAX_QUERY, PARAMETERS, ListRequest
from storefront.errors import BadInputError
from storefront.i18n import gettext as _
from storefront.money import Money, minor_units
from storefront.sheets.numbers import parse_amount

_FIELDS = ("q", "vendor", "min_price", "max_price")  # in which people type or choose; others come from links
_MOST_TYPED = 300  # characters of a value that the page repeats


@dataclass(frozen=True, slots=True)
class ListForm:
    """A visitor's wishes.

    Attributes:
        wanted: the list to show.
        notes: a sentence for each field whose value is not used as it is.
        typed: the values of the fields that are not used.
    """

    wanted: ListRequest
    notes: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what a field holds: what was typed if there is a note about it, else the value in use."""
        if name in self.typed:
            return self.typed[name]
        if name == "q":
            return self.wanted.q
        amount: int | None = getattr(self.wanted, name)
        if amount is None:
            return ""
        return Money(amount, self.wanted.currency).format_plain(i18n.shop_locale())


def read_form(query: Mapping[str, str], path: str = "", collection: str = "") -> ListForm:
    """Return the list that a query asks for, with notes about the values that cannot be used.

    Args:
        query: the query of the address.
        path: of the category that the address names.
        collection: the slug of the collection that the address names; it is not searched.
    """
    names = [name for name in PARAMETERS if not (collection and name in ("q", "category"))]
    given: MultiDict[str, str] = MultiDict(
        [(name, value) for name in names for value in list_request.values_of(query, name)]
    )
    notes: dict[str, str] = {}
    while True:
        try:
            wanted = list_request.parse(
                given, currency=shop_settings.current().currency, path=path, read_amount=_read_amount
            )
            break
        except BadInputError as error:
            if error.field in _FIELDS:
                notes.setdefault(error.field, _explain(error))
            before = list(given.items(multi=True))
            _correct(given, error.field)
            if list(given.items(multi=True)) == before:
                raise  # what is wrong is not in the query, such as a path that is too long
    unused = [*notes]
    wanted = replace(wanted, collection=collection)
    low, high = wanted.min_price, wanted.max_price
    if low is not None and high is not None and low > high:
        wanted = replace(wanted, min_price=None, max_price=None)
        notes["max_price"] = _("The highest price is below the lowest price.")
        unused += ["min_price", "max_price"]
    typed = {name: query.get(name, "")[:_MOST_TYPED].replace("\x00", "") for name in unused}
    return ListForm(wanted, notes, typed)


def _correct(given: MultiDict[str, str], name: str) -> None:
    """Leave out what is not valid of a parameter."""
    values = [re.sub("[\x00\ufffd]", "", value) for value in given.getlist(name)]
    if values != given.getlist(name):
        given.setlist(name, values)
    elif name == "q":
        cut = " ".join(values[0].split())[:MAX_QUERY]
        given[name] = cut.rpartition(" ")[0] or cut
    elif name == "vendor":
        short = dict.fromkeys(vendor for each in values if len(vendor := each.strip()) <= MAX_BRAND)
        given.setlist(name, sorted(short)[:MAX_BRANDS])
    else:
        given.setlist(name, [])


def _read_amount(text: str) -> int:
    """Return the minor units of a price in an address of the shop, or as people of its locale write it."""
    currency = shop_settings.current().currency
    places = minor_units(currency)
    if re.fullmatch(rf"[0-9]{{1,12}}(\.[0-9]{{{places}}})" if places else "[0-9]{1,15}", text, re.ASCII):
        return list_request.read_decimal(text, currency)
    return parse_amount(text, i18n.shop_locale(), currency)


def _explain(error: BadInputError) -> str:
    if error.field not in ("min_price", "max_price"):
        return str(error)
    currency, locale = shop_settings.current().currency, i18n.shop_locale()
    example = Money(1250 * 10 ** minor_units(currency) // 100, currency).format_plain(locale)
    return _("Enter a price such as %(example)s.", example=example)
