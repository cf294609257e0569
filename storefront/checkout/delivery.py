"""Delivery methods, from the settings of the shop or from a file.

As `checkout.toml` writes them, amounts in the shop's currency as text:

    [[delivery]]
    code = "standard"
    name = "Standard delivery"
    price = "4.90"
    free_from = "50.00"           # optional: free of charge from this subtotal on
    countries = ["DE", "AT"]      # optional: the countries served; without it all countries
    days = "2 to 4 working days"  # optional: the delivery time, as pages show it
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.checkout.term_errors import TermError, named_errors
from storefront.country_codes import check_country, country_names
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.money import Money, minor_units
from storefront.shop_settings.current_settings import translate
from storefront.shop_settings.translated_texts import DELIVERY
from storefront.unicode_text import clean_line, is_invisible

_KEYS = {"code", "name", "price", "free_from", "countries", "days"}


@dataclass(frozen=True, slots=True)
class DeliveryMethod:
    """A way of delivery. Amounts are in minor units; `countries` None means all countries."""

    code: str
    name: str
    price: int
    countries: frozenset[str] | None = None
    free_from: int | None = None
    days: str = ""

    @property
    def shown_name(self) -> str:
        """The name in the present language."""
        return translate(DELIVERY, f"{self.code}.name", str(self.name))

    @property
    def shown_days(self) -> str:
        """The delivery time in the present language; it is a promise, so no translation of an earlier one."""
        return translate(DELIVERY, f"{self.code}.days", str(self.days), exact=True)

    def price_for(self, goods: int) -> int:
        """Return the price of delivery for goods with this subtotal."""
        return 0 if self.free_from is not None and goods >= self.free_from else self.price

    def describe(self, currency: str, locale: str) -> str:
        """Return the price and the delivery time in words: "Express delivery $12.90, 1 to 2 working days"."""

        def money(amount: int) -> str:
            return Money(amount, currency).format(locale)

        if self.price:
            parts = [_("%(method)s %(price)s", method=self.shown_name, price=money(self.price))]
        else:
            parts = [_("%(method)s, free", method=self.shown_name)]
        if self.price and self.free_from is not None:
            parts.append(_("free from %(amount)s", amount=money(self.free_from)))
        if self.countries is not None:
            parts.append(_destinations([country_names(locale).get(code, code) for code in self.countries]))
        return _(", ").join([*parts, self.shown_days] if self.days else parts)

    def serves(self, country: str) -> bool:
        """Return whether the method delivers to a country (an ISO 3166-1 code)."""
        return self.countries is None or country in self.countries

    def countries_among(self, served: Collection[str]) -> frozenset[str]:
        """Return those of some countries that the method delivers to."""
        return frozenset(served) if self.countries is None else self.countries.intersection(served)

    def serves_some_of(self, other: DeliveryMethod) -> bool:
        """Return whether there is a country that both methods deliver to."""
        return self.countries is None or other.countries is None or bool(self.countries & other.countries)


def _destinations(names: list[str]) -> str:
    match sorted(names):
        case [country]:
            return _("to %(country)s", country=country)
        case [first, second]:
            return _("to %(first)s and %(second)s", first=first, second=second)
    return _("to %(count)d countries", count=len(names))


def read_delivery_methods(
    terms: Mapping[str, Any], currency: str, locale: str, *, has_demo_terms: bool
) -> tuple[DeliveryMethod, ...]:
    """Return the delivery methods of the terms; for the demo, two invented ones if they name none.

    Raises:
        TermError: a method is not valid, or all are missing and not for the demo; the text says why.
    """
    tables = terms.get("delivery")
    if tables is None and has_demo_terms:
        return _demo_methods(currency)
    if tables is None:
        raise TermError("no delivery method. Write each as a table [[delivery]].")
    if not isinstance(tables, list) or not tables:
        raise TermError(
            "write each delivery method as a table [[delivery]].",
            sentence=_("A shop needs a delivery method. Fill one in."),
        )
    methods = tuple(read_method(table, currency, locale) for table in tables)
    if len({method.code for method in methods}) < len(methods):
        raise TermError("two delivery methods have the same code.")
    return methods


def read_method(table: Any, currency: str, locale: str) -> DeliveryMethod:
    """Return the delivery method of a table.

    Raises:
        TermError: it is not valid; the text says why.
    """
    if not isinstance(table, dict):
        raise TermError("write each delivery method as a table [[delivery]].")
    code, name = table.get("code"), table.get("name")
    if not isinstance(code, str) or not re.fullmatch("[a-z0-9-]{1,40}", code):
        raise TermError(
            f"the code of a delivery method is {code!r}; use small letters, digits and dashes.", field="code"
        )
    if unknown := set(table) - _KEYS:
        raise TermError(f"delivery {code!r} has no {sorted(unknown)[0]!r}.")
    if not isinstance(name, str) or is_invisible(name) or not 1 <= len(name.strip()) <= 100:
        raise TermError(
            f"delivery {code!r} needs a name of up to 100 letters.",
            field="name",
            sentence=_("Enter a name of up to 100 letters."),
        )
    return DeliveryMethod(
        code=code,
        name=clean_line(name),
        price=_amount(code, "price", table.get("price"), currency, locale),
        countries=_countries(code, table["countries"], locale) if "countries" in table else None,
        free_from=_amount(code, "free_from", table["free_from"], currency, locale)
        if "free_from" in table
        else None,
        days=str(table.get("days", ""))[:100],
    )


def check_overlaps(methods: Sequence[DeliveryMethod], locale: str) -> None:
    """Refuse two methods of one name that serve the same country: shoppers could not tell them apart.

    Raises:
        TermError: there are such methods; `field` is "countries", and the text names the first country.
    """
    for number, method in enumerate(methods):
        for other in methods[:number]:
            if str(method.name).casefold() != str(other.name).casefold():
                continue
            sentence = _(
                "“%(name)s” serves %(place)s twice. Give the two methods different names, or different countries.",
                name=method.name,
                place=_name_common(method.countries, other.countries, locale),
            )
            if method.serves_some_of(other):
                raise TermError(
                    f"deliveries {other.code!r} and {method.code!r}: {sentence}",
                    field="countries",
                    sentence=sentence,
                )


def _name_common(some: frozenset[str] | None, others: frozenset[str] | None, locale: str) -> str:
    """Return the name of the first country that two methods serve."""
    both = some & others if some is not None and others is not None else some or others or frozenset()
    names = country_names(locale)
    return min((names.get(code, code) for code in both), default="") or _("every country")


def _countries(code: str, codes: object, locale: str) -> frozenset[str]:
    if not isinstance(codes, list) or not codes or not all(isinstance(country, str) for country in codes):
        raise TermError(
            f'the countries of delivery {code!r} must be codes, such as ["DE", "AT"].',
            field="countries",
            sentence=_("Name at least one country by its code, such as DE, or choose “Everywhere”."),
        )
    with named_errors(f"countries of delivery {code!r}", "countries"):
        return frozenset(check_country(country, locale) for country in codes)


def _amount(code: str, field: str, text: object, currency: str, locale: str) -> int:
    try:
        is_plain = isinstance(text, str) and re.fullmatch(r"\d+(\.\d+)?", text) is not None  # not "1e3"
        amount = Decimal(str(text) if is_plain else "").scaleb(minor_units(currency))
    except ArithmeticError:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < 10**12 or amount != int(amount):
        example = Money(5 * 10 ** minor_units(currency), currency)
        raise TermError(
            f"{field} of delivery {code!r} is {text!r}; write an amount in {currency} as text, "
            f'such as "{example.plain}".',
            field=field,
            sentence=_(
                "Enter an amount in %(currency)s, such as %(example)s.",
                currency=currency,
                example=example.format_plain(locale),
            ),
        )
    return int(amount)


def _demo_methods(currency: str) -> tuple[DeliveryMethod, ...]:
    # 4.90, 12.90 and 50.00; 490, 1290 and 5000 in a currency without minor units.
    unit = 10 ** max(0, minor_units(currency) - 2)
    return (
        DeliveryMethod(
            code="standard",
            name=lazy_gettext("Standard delivery"),
            price=490 * unit,
            free_from=5000 * unit,
            days=lazy_gettext("3 to 5 working days"),
        ),
        DeliveryMethod(
            code="express",
            name=lazy_gettext("Express delivery"),
            price=1290 * unit,
            days=lazy_gettext("1 to 2 working days"),
        ),
    )
