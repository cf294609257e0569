"""Junk in the parameters and the paths of all pages: no request is an internal error.

The parameters of a page are those that its code looks up: requests record them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

from storefront.checkout.models import Order
from storefront.extensions import db
from storefront.postal.countries import default_country
from tests.accounts.people import Browser, make_user, staff_browser
from tests.checkout.test_pages import DETAILS
from tests.factories import make_category, make_product
from tests.selection import effort

pytestmark = pytest.mark.any_database

# As they stand in an address. `ZZ` and `UK` are no countries, `%ff` is not UTF-8, `%ed%a0%80` is a lone surrogate.
JUNK = (
    "",
    "0",
    "-1",
    "9" * 30,
    "1e400",
    "NaN",
    "%D9%A3",
    "ZZ",
    "UK",
    "%00",
    "%ff",
    "%ed%a0%80",
    "%F0%9F%8D%B5",
    "..%2f..%2fetc",
    "%27%22%3Cb%3E%26",
    "%7B%7B7*7%7D%7D%25s",
    "2026-13-45T99:99",
    "a%0d%0ab",
    "%5B%5D",
    "x" * 4000,
)
USUAL = {"page", "q", "said", "next", "country", "sort"}
VISITORS = ("guest", "guest with basket", "guest at the review", "customer", "customer with basket", "staff")
SHARE = effort(11, 1)  # by turns, one in eleven of the combinations of page, junk and visitor
Found = dict[str, set[str]]


@pytest.fixture
def found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The names of the parameters that the code of an endpoint has looked up so far, by endpoint."""
    names: Found = defaultdict(set)

    class RecordingArguments(ImmutableMultiDict[str, str]):
        """Parameters of a request, which record the names that are looked up."""

        def _record(self, name: object) -> None:
            if isinstance(name, str):
                names[request.endpoint or ""].add(name)

        def __getitem__(self, key: str) -> str:
            self._record(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            self._record(key)
            return super().__contains__(key)

        def get(self, key: str, *arguments: Any, **named: Any) -> Any:
            self._record(key)
            return super().get(key, *arguments, **named)

        def getlist(self, key: str, *arguments: Any, **named: Any) -> Any:
            self._record(key)
            return super().getlist(key, *arguments, **named)

    monkeypatch.setattr(app.request_class, "parameter_storage_class", RecordingArguments)
    return names


@pytest.fixture
def clients(app: Flask) -> dict[str, FlaskClient]:
    """A client for each of VISITORS, in a shop with a category, a product, an order and an account."""
    make_product("Teapot", category=make_category("Tea"), variants=[{"sku": "T", "on_hand": 99}])
    buyer = Browser(app)
    buyer.post("/cart/lines", sku="T")
    assert buyer.post("/checkout", **DETAILS, place="1", key="k" * 20).status_code == 303
    make_user()
    browsers = {name: staff_browser(app) if name == "staff" else Browser(app) for name in VISITORS}
    for name, browser in browsers.items():
        if name.startswith("customer"):
            assert browser.sign_in().status_code == 303
        if name not in ("guest", "customer"):
            assert browser.post("/cart/lines", sku="T").status_code == 303
    assert browsers["guest at the review"].post("/checkout", **DETAILS).status_code == 303
    return {name: browser.client for name, browser in browsers.items()}


def routes(app: Flask) -> Iterator[Rule]:
    """The routes that answer GET, except files."""
    yield from (r for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and r.endpoint != "static")


def address(rule: Rule, value: str = "") -> str:
    """Return an address of a route, with this value in its variable parts, or with one that exists."""
    order = db.session.execute(db.select(Order.number)).scalar_one()
    known = {"slug": "teapot", "path": "tea", "number": order}
    return re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda part: value or known.get(part[1], "1"), rule.rule)


def ask(client: FlaskClient, url: str) -> str | None:
    """Return the address if it leads to an internal error."""
    db.session.rollback()
    with client.get(url) as answer:
        return url if answer.status_code >= 500 else None


@pytest.mark.long
def test_no_parameter_is_an_internal_error(app: Flask, clients: dict[str, FlaskClient], found: Found) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    errors = []
    for place, rule in enumerate(routes(app)):
        url = address(rule)
        errors += [
            (name, bad) for name in ("guest at the review", "staff") if (bad := ask(clients[name], url))
        ]
        for turn, (junk, (name, client)) in enumerate(product(JUNK, clients.items()), start=place):
            if turn % SHARE == 0:
                query = "&".join(f"{parameter}={junk}" for parameter in sorted(found[rule.endpoint] | USUAL))
                errors += [(name, bad) for bad in (ask(client, f"{url}?{query}"),) if bad]
    assert {"country", "bill_country"} <= found["checkout.details"], "the parameters are found"
    assert errors == []


@pytest.mark.long
def test_no_part_of_a_path_is_an_internal_error(app: Flask, clients: dict[str, FlaskClient]) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with_parts = [rule for rule in routes(app) if rule.arguments]
    asked = enumerate(product(with_parts, JUNK, clients.values()))
    errors = [
        bad
        for turn, (rule, junk, client) in asked
        if junk and turn % SHARE == 0 and (bad := ask(client, address(rule, junk)))
    ]
    assert with_parts
    assert errors == []


@pytest.mark.parametrize("name", ["country", "bill_country"])
def test_an_unknown_country_leaves_the_checkout_as_it_is(clients: dict[str, FlaskClient], name: str) -> None:
    for junk in ("UK", "ZZ", "%ff", ""):
        page = clients["guest at the review"].get(f"/checkout?{name}={junk}")
        assert page.status_code == 200
        assert '<option value="US" selected>' in page.text


def test_a_locale_of_no_country_has_no_default() -> None:
    assert [default_country(locale) for locale in ("en_US", "es_419", "ar_001", "de")] == ["US", "", "", ""]
