"""The terms of sale of now: from the shop's settings, so that a change is seen at once, or from checkout.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront import languages, shop_settings
from storefront.app_state import AppState
from storefront.checkout import payment
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import CheckoutClosedError
from storefront.checkout.order_states import INVOICE
from storefront.checkout.payment import PaymentProvider
from storefront.checkout.term_errors import TermError
from storefront.checkout.term_parts import TermProblem
from storefront.checkout.term_reader import Terms, read_terms, restrict_delivery
from storefront.config.values import CheckoutFile
from storefront.country_codes import split_codes
from storefront.shop_settings.current_settings import current_documents
from storefront.shop_settings.stored_documents import read_documents
from storefront.shop_settings.stored_settings import SettingRefusedError, before_change


@dataclass(slots=True)
class _State:
    """What an application knows of its terms.

    Attributes:
        by_card: the provider of card payments; its keys are read once, at the start.
        more_providers: those of plugins, by code.
        more_methods: the delivery methods of plugins, by code.
        last: what the terms were last read from, and the terms.
        logged: the problems that the log has.
    """

    by_card: Mapping[str, PaymentProvider]
    more_providers: dict[str, PaymentProvider] = field(default_factory=dict)
    more_methods: dict[str, DeliveryMethod] = field(default_factory=dict)
    last: tuple[tuple[Any, ...], Terms] | None = None
    logged: tuple[TermProblem, ...] = ()


_state = AppState[_State]("checkout.terms")


def init_app(app: Flask) -> None:
    """Prepare the card payment.

    Raises:
        ConfigurationError: Stripe's settings are not valid; the text says why.
    """
    _state.set(app, _State(payment.read_card_payment(app.config)))
    before_change.register(app, check_setting)


def add(app: Flask, providers: Iterable[PaymentProvider], methods: Iterable[DeliveryMethod]) -> None:
    """Offer further ways to pay and of delivery, behind the merchant's own. Nothing is added if one cannot be.

    Raises:
        ValueError: a code is taken.
    """
    state = _state.get(app)
    more_providers = {provider.code: provider for provider in providers}
    more_methods = {method.code: method for method in methods}
    for code in more_providers:
        if code in (INVOICE, *state.by_card, *state.more_providers):
            raise ValueError(f"the code {code} of a way to pay is taken.")
    for code in more_methods:
        if code in state.more_methods:
            raise ValueError(f"the code {code} of a way of delivery is taken.")
    state.more_providers |= more_providers
    state.more_methods |= more_methods


def current_terms() -> Terms:
    """Return the terms of sale of now. If they are not valid, the log says why, once."""
    state, documents = _state.get(current_app), current_documents()
    settings = shop_settings.current()
    key = (documents, settings.locale, settings.currency, settings.served_countries)
    last = state.last
    if last is not None and last[0] == key:
        return last[1]
    with languages.use(None):  # the sentences about problems are for the office
        terms = read_current(documents)
    state.last = (key, terms)
    if terms.problems != state.logged:
        state.logged = terms.problems
        for problem in terms.problems:
            current_app.logger.error("The checkout is closed: %s", problem)
    return terms


def card_payment() -> Mapping[str, PaymentProvider]:
    """Return the provider of card payments by its code; nothing if the environment has no key for it."""
    return _state.get(current_app).by_card


def check_setting(session: Session, name: str, value: object) -> None:
    """Refuse a currency or countries with which the terms cannot be.

    Such as a currency in which the prices of delivery cannot be, or which the card payment cannot take.

    Raises:
        SettingRefusedError: a part of the terms would be wrong; the text says which one.
    """
    if name not in ("currency", "served_countries") or value == getattr(shop_settings.current(), name):
        return
    documents = read_documents(session)
    known = read_current(documents, has_demo_terms=True).problems
    wrong = [problem for problem in _read_with(documents, name, str(value)).problems if problem not in known]
    if wrong:
        raise SettingRefusedError(name, f"{wrong[0]}")


def check_served(methods: Sequence[DeliveryMethod]) -> None:
    """Refuse new delivery methods of which, with those of plugins, none covers a country that the shop serves.

    Raises:
        TermError: there is none.
    """
    served = split_codes(shop_settings.current().served_countries)
    all_methods = (*methods, *_state.get(current_app).more_methods.values())
    for problem in restrict_delivery(Terms(delivery_methods=all_methods), served).problems if methods else ():
        raise TermError(str(problem))


def _read_with(documents: Mapping[str, str], name: str, value: str) -> Terms:
    if name == "currency":
        return read_current(documents, currency=value, has_demo_terms=True)
    return read_current(documents, served_countries=value, has_demo_terms=True)


def plugin_payment() -> Mapping[str, PaymentProvider]:
    """Return the payment providers of plugins by their codes."""
    return _state.get(current_app).more_providers


def read_current(
    documents: Mapping[str, str],
    *,
    file: CheckoutFile | None = None,
    currency: str = "",
    served_countries: str | None = None,
    has_demo_terms: bool | None = None,
) -> Terms:
    """Return what the terms of this application are with these documents, and with its checkout.toml or another file.

    Args:
        documents: the stored parts, by name.
        file: another checkout.toml.
        currency: another one than the shop's.
        served_countries: other ones than the shop's, as the setting has them.
        has_demo_terms: whether invented terms take the place of missing ones; by default outside production.
    """
    config, state = current_app.config, _state.get(current_app)
    if has_demo_terms is None:
        has_demo_terms = config["ENV"] != "production"
    terms = read_terms(
        documents,
        file or config["CHECKOUT"],
        state.by_card,
        state.more_providers,
        currency=currency or shop_settings.current().currency,
        locale=shop_settings.current().locale,
        has_demo_terms=has_demo_terms,
    )
    own = terms.delivery_methods
    codes = {method.code for method in own}
    more = tuple(method for method in state.more_methods.values() if method.code not in codes)
    served = shop_settings.current().served_countries if served_countries is None else served_countries
    return restrict_delivery(replace(terms, delivery_methods=own + more), split_codes(served))


def check_open() -> None:
    """Refuse to begin, hold or place anything while the terms of sale are not valid.

    Raises:
        CheckoutClosedError: they are not.
    """
    if current_terms().problems:
        raise CheckoutClosedError
