"""Reads the terms of sale: tax rules, delivery methods and payment providers, each part from its own place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from storefront.checkout import delivery, tax
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.order_states import INVOICE
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import PaymentProvider, invoice, stripe_checkout
from storefront.checkout.tax import TaxRules
from storefront.checkout.term_errors import TermError
from storefront.checkout.term_parts import PART_NAMES, Origin, PartName, TermPart, TermProblem, find_parts
from storefront.config.values import CheckoutFile
from storefront.i18n import gettext as _

_NO_TAX = TaxRules(inclusive=True, countries={}, regions={})


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of sale.

    Attributes:
        tax: the tax rates.
        delivery_methods: in the order in which pages show them.
        providers: the payment providers by code, those of earlier orders too.
        offered: those that new orders may choose, by code; the first one is the default.
        problems: what is missing or wrong, for operators and staff. If there is anything, the checkout is closed; the
            rest serves the orders that were placed before.
        origins: where each part comes from.
    """

    tax: TaxRules = _NO_TAX
    delivery_methods: tuple[DeliveryMethod, ...] = ()
    providers: Mapping[str, PaymentProvider] = field(default_factory=dict)
    offered: Mapping[str, PaymentProvider] = field(default_factory=dict)
    problems: tuple[TermProblem, ...] = ()
    origins: Mapping[PartName, Origin] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The terms in a sentence, for operators."""
        methods = ", ".join(method.code for method in self.delivery_methods)
        taxed = ", ".join(sorted(self.tax.countries)) or "no country"
        return f"delivery by {methods}; tax in {taxed}; payment by {', '.join(self.offered)}."

    def parts_from(self, origin: Origin) -> list[PartName]:
        """Return the parts that come from there."""
        return [name for name in PART_NAMES if self.origins.get(name) == origin]

    def is_file_unread(self, file: CheckoutFile) -> bool:
        """Return whether there is a checkout.toml of which nothing is used, since every part is stored."""
        exists = file.table is not None or bool(file.problem)
        return exists and len(self.parts_from("stored")) == len(PART_NAMES)

    def covers(self, country: str) -> bool:
        """Return whether a delivery method serves a country."""
        return any(method.serves(country) for method in self.delivery_methods)

    def methods_to(self, country: str) -> list[DeliveryMethod]:
        """Return the delivery methods that serve a country; all methods if `country` is empty."""
        return [method for method in self.delivery_methods if not country or method.serves(country)]

    def delivery_method(self, code: str) -> DeliveryMethod | None:
        """Return the delivery method with this code."""
        return next((method for method in self.delivery_methods if method.code == code), None)

    def provider_of(self, order: OrderView) -> PaymentProvider | None:
        """Return the payment provider of an order; None if it is no longer offered."""
        return self.providers.get(order.payment)


def read_terms(
    documents: Mapping[str, str],
    file: CheckoutFile,
    by_card: Mapping[str, PaymentProvider],
    of_plugins: Mapping[str, PaymentProvider],
    *,
    currency: str,
    locale: str,
    has_demo_terms: bool,
) -> Terms:
    """Return the terms of sale, with a sentence for each part that is missing or wrong.

    Args:
        documents: the stored parts, by name; they win over the file.
        file: checkout.toml.
        by_card: the provider of card payments by its code, if there is one.
        of_plugins: those of plugins, which are always offered.
        currency: of the shop.
        locale: of the shop; only advice about codes depends on it.
        has_demo_terms: whether invented terms take the place of missing ones; never in production.
    """
    problems: list[TermProblem] = []
    found: dict[str, Any] = {"providers": {**by_card, **of_plugins}}
    origins: dict[PartName, Origin] = {}
    for part in find_parts(documents, file, has_demo_terms=has_demo_terms):
        if isinstance(part, TermProblem):
            # A file that cannot be read is one problem, not three.
            if part.sentence not in map(str, problems):
                problems.append(part)
            origins[part.part] = "missing"
            continue
        origins[part.name] = part.origin
        with _collect(part, problems):
            found |= read_part(
                part, by_card, of_plugins, currency=currency, locale=locale, has_demo_terms=has_demo_terms
            )
    return Terms(**found, problems=tuple(problems), origins=origins)


def read_part(
    part: TermPart,
    by_card: Mapping[str, PaymentProvider],
    of_plugins: Mapping[str, PaymentProvider],
    *,
    currency: str,
    locale: str,
    has_demo_terms: bool,
) -> dict[str, Any]:
    """Return the values of a part, as `Terms` names them.

    Raises:
        TermError: it is not valid; the text says why.
    """
    if part.name == "delivery":
        methods = delivery.read_delivery_methods(part.tables, currency, locale, has_demo_terms=has_demo_terms)
        return {"delivery_methods": methods}
    if part.name == "tax":
        return {"tax": tax.read_tax_rules(part.tables, locale, has_demo_terms=has_demo_terms)}
    if by_card and currency in stripe_checkout.UNSUPPORTED_CURRENCIES:
        raise TermError(stripe_checkout.describe_unsupported(currency))
    by_invoice = invoice.read_invoice_terms(part.tables, has_demo_terms=has_demo_terms)
    known = ({by_invoice.code: by_invoice} if by_invoice else {}) | dict(by_card) | dict(of_plugins)
    earlier = set(by_card) if not part.tables.get("card", {}).get("offered", True) else set()
    if not invoice.is_offered(part.tables):
        earlier.add(INVOICE)
    offered = {code: each for code, each in known.items() if code not in earlier}
    if not offered:
        raise TermError(
            "nothing to pay with. Offer [invoice], or set STOREFRONT_STRIPE_SECRET_KEY.",
            sentence=_("Offer at least one way to pay."),
        )
    return {"providers": known, "offered": offered}


def restrict_delivery(terms: Terms, served: Collection[str]) -> Terms:
    """Return the terms with deliveries to the countries that the shop serves alone; unchanged if `served` is empty.

    A method that covers none of them is left out. If none remains, that is a problem.
    """
    if not served:
        return terms
    possible = [(method, method.countries_among(served)) for method in terms.delivery_methods]
    methods = tuple(replace(method, countries=places) for method, places in possible if places)
    problems = terms.problems
    if terms.delivery_methods and not methods:
        sentence = _("No delivery method covers the countries that the shop serves: %(countries)s.")
        problems += (TermProblem("delivery", sentence % {"countries": ", ".join(sorted(served))}),)
    return replace(terms, delivery_methods=methods, problems=problems)


@contextmanager
def _collect(part: TermPart, problems: list[TermProblem]) -> Iterator[None]:
    """Add the sentence of a TermError to the problems."""
    try:
        yield
    except TermError as error:
        problems.append(part.describe_problem(error))
