"""The form of the delivery methods: fields with a number each, and an empty method at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from storefront import shop_settings
from storefront.admin.terms_of_sale.amounts import read_amount, show_amount
from storefront.catalog.slugs import slugify
from storefront.checkout.delivery import read_method
from storefront.checkout.term_errors import TermError
from storefront.country_codes import split_codes
from storefront.i18n import gettext as _
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form

MOST = 30  # methods
_MOST_TEXT = 200  # characters; the check of a method allows fewer
_EVERYWHERE, _SOME = "everywhere", "some"
_FIELDS = {"name": "name", "price": "price", "free_from": "free", "countries": "countries", "code": "name"}


def fields_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values by the names of its fields; the last method is empty."""
    found: dict[str, str] = {}
    methods = _methods(tables)
    for number, method in enumerate([*methods, {}]):
        found |= {f"{name}-{number}": value for name, value in _fields_of(method, number + 1).items()}
    return found


def numbers_of(form: Form) -> list[int]:
    """Return the numbers of the methods that the form shows."""
    return [number for number in range(MOST + 1) if f"name-{number}" in form.values]


def read_tables(form: Form, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part as the form says; `form.errors` has a sentence for each wrong field.

    A method that the form lacks stays as it is: absent is not removed.
    """
    methods = _methods(tables)
    known = {str(method.get("code")): method for method in methods}
    placed: list[tuple[int, dict[str, Any]]] = []
    removed = set[str]()
    for number in range(MOST + 1):
        if not form.is_sent(f"name-{number}"):
            continue
        code = form.typed(f"code-{number}")
        form.values[f"code-{number}"] = code = code if code in known else ""
        method, place = _read_method(form, number), form.text(f"place-{number}", "", most=4, required=False)
        if form.ticked(f"remove-{number}"):
            removed.add(code)
        elif code or any(method[key] for key in ("name", "price", "free_from", "countries", "days")):
            taken = {*known, *(str(each["code"]) for _place, each in placed)}
            found = {"code": code or _make_code(method["name"], taken)} | method
            placed.append((read_whole_number(place, most_digits=3) or 99, _check(form, number, found)))
    here = {method["code"] for _place, method in placed} | removed
    placed += [(99, method) for code, method in known.items() if code not in here]
    return {"delivery": [method for _place, method in sorted(placed, key=lambda each: each[0])]}


def _read_method(form: Form, number: int) -> dict[str, Any]:
    def text(name: str, most: int = _MOST_TEXT) -> str:
        return form.text(f"{name}-{number}", "", most=most, required=False)

    where = form.typed(f"where-{number}")
    form.values[f"where-{number}"] = where if where in (_EVERYWHERE, _SOME) else _SOME
    return {
        "name": text("name"),
        "price": text("price"),
        "free_from": text("free"),
        "countries": split_codes(text("countries", 1200), shop_settings.current().locale),
        "days": text("days", 100),
    }


def _check(form: Form, number: int, method: dict[str, Any]) -> dict[str, Any]:
    """Return the method as it is stored; an error stands at its field."""
    currency, locale = shop_settings.current().currency, shop_settings.current().locale
    table = {
        "code": method["code"],
        "name": method["name"],
        "price": read_amount(method["price"]),
        "days": method["days"],
    }
    if method["free_from"]:
        table["free_from"] = read_amount(method["free_from"])
    if form.values[f"where-{number}"] == _SOME:
        table["countries"] = method["countries"]
    elif method["countries"]:
        form.errors[f"countries-{number}"] = _(
            "You chose “Everywhere”. Remove the countries, or choose “Only to these countries”."
        )
    try:
        read_method(table, currency, locale)
    except TermError as error:
        form.errors.setdefault(f"{_FIELDS.get(error.field, 'name')}-{number}", error.sentence)
    return {key: value for key, value in table.items() if value != "" or key != "days"}


def _methods(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    methods = tables.get("delivery")
    return [each for each in methods if isinstance(each, dict)][:MOST] if isinstance(methods, list) else []


def _fields_of(method: Mapping[str, Any], place: int) -> dict[str, str]:
    countries = method.get("countries")
    return {
        "code": str(method.get("code", "")),
        "name": str(method.get("name", "")),
        "price": show_amount(method.get("price", "")),
        "free": show_amount(method.get("free_from", "")),
        "where": _EVERYWHERE if countries is None else _SOME,
        "countries": ", ".join(map(str, countries)) if isinstance(countries, list) else str(countries or ""),
        "days": str(method.get("days", "")),
        "place": str(place),
    }


def _make_code(name: str, taken: set[str]) -> str:
    """Return a new code for a method, made of its name; orders keep it."""
    stem = re.sub("[^a-z0-9]+", "-", slugify(name))[:30].strip("-") or "delivery"
    return next(code for code in _numbered(stem) if code not in taken)


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    for number in range(2, 10**4):
        yield f"{stem}-{number}"
