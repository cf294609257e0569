"""Payment with Stripe, against a local server with its API and with events that are really signed."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update
from werkzeug.test import TestResponse

from storefront.api import tokens
from storefront.checkout import queries
from storefront.checkout.models import Order, Payment
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import cancellation, stripe_checkout
from storefront.errors import ConfigurationError
from storefront.extensions import db, write_transaction
from storefront.stock import set_on_hand
from tests.accounts.people import Browser, second_app, staff_browser
from tests.checkout.shoppers import stock_differences, stock_level
from tests.checkout.stripe_server import KEY, SECRET, StripeAccount, sign_event, stripe_api
from tests.checkout.test_pages import place, review
from tests.conftest import make_app
from tests.factories import make_product

_serial = count(1)


@pytest.fixture
def stripe() -> Iterator[StripeAccount]:
    with stripe_api() as account:
        yield account


@pytest.fixture
def shop(app: Flask, stripe: StripeAccount, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop with Stripe, and three teapots."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    settings = {"SECRET_KEY": KEY, "WEBHOOK_SECRET": SECRET, "API": stripe.url}
    named = {f"STOREFRONT_STRIPE_{name}": value for name, value in settings.items()}
    with second_app(app, tmp_path / "stripe", REDIS_URL=redis_url, **named) as shop:
        yield shop


@pytest.fixture
def guest(shop: Flask) -> Browser:
    browser = Browser(shop)
    browser.post("/cart/lines", sku="T", quantity="2")
    return browser


def buy(guest: Browser) -> TestResponse:
    return place(guest, review(guest, payment="stripe"))


def order(session: dict[str, Any]) -> OrderView:
    db.session.rollback()
    found = queries.find_order(session["client_reference_id"])
    assert found is not None
    return found


def send_event(shop: Flask, kind: str, about: dict[str, Any], *, event_id: str = "", **how: Any) -> int:
    db.session.rollback()
    event = {"id": event_id or f"evt_{next(_serial)}", "type": kind, "data": {"object": deepcopy(about)}}
    body, headers = sign_event(event, **how)
    return shop.test_client().post("/payments/stripe/events", data=body, headers=headers).status_code


def paid(shop: Flask, stripe: StripeAccount, guest: Browser) -> dict[str, Any]:
    """Place and pay an order; return its session."""
    buy(guest)
    session = stripe.complete_payment(list(stripe.sessions)[-1])
    assert send_event(shop, "checkout.session.completed", session) == 200
    return session


def test_shopper_pays_at_stripe_and_comes_back(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    page = review(guest, payment="stripe")
    assert f"form-action 'self' {stripe.url};" in page.headers["Content-Security-Policy"]
    answer = place(guest, page)
    [session] = stripe.sessions.values()
    assert answer.status_code == 303
    assert answer.location == session["url"]
    assert session["amount_total"] == 4488
    back = session["success_url"].removeprefix("http://localhost")
    assert "This page updates when your payment is confirmed" in guest.get(back).text
    assert order(session).state == "placed"
    assert send_event(shop, "checkout.session.completed", stripe.complete_payment(session["id"])) == 200
    assert order(session).state == "paid"
    assert "Paid: $44.88" in guest.get(back).text


def test_repeated_event_counts_once(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    session = paid(shop, stripe, guest)
    for event_id in ("evt_a", "evt_a", "evt_b"):
        assert send_event(shop, "checkout.session.completed", session, event_id=event_id) == 200
    threads = [threading.Thread(target=_in_context, args=(shop, session, "evt_c")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.kind for event in order(session).events] == ["placed", "paid"]


def _in_context(shop: Flask, session: dict[str, Any], event_id: str) -> None:
    with shop.app_context():
        send_event(shop, "checkout.session.async_payment_succeeded", session, event_id=event_id)
        db.session.remove()


def test_unpaid_order_expires_and_releases_its_goods(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    buy(guest)
    [session] = stripe.sessions.values()
    assert stock_level("T") == (1, 0)
    assert send_event(shop, "checkout.session.expired", session) == 200
    assert order(session).state == "cancelled"
    assert stock_level("T") == (3, 0)
    assert stock_differences() == []


def test_events_in_the_wrong_order_end_the_same(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    session = paid(shop, stripe, guest)
    assert send_event(shop, "checkout.session.expired", session) == 200
    assert order(session).state == "paid", "a late event does not change a paid order"
    refund = {
        "id": "re_x",
        "object": "refund",
        "amount": 4488,
        "status": "succeeded",
        "metadata": {},
        "payment_intent": session["payment_intent"],
    }
    guest.post("/cart/lines", sku="T")
    buy(guest)
    other = stripe.complete_payment(list(stripe.sessions)[-1])
    early = refund | {"id": "re_y", "amount": 100, "payment_intent": other["payment_intent"]}
    assert send_event(shop, "refund.created", early, event_id="evt_early") == 409, (
        "a refund before its payment"
    )
    assert send_event(shop, "checkout.session.completed", other) == 200
    assert send_event(shop, "refund.created", early, event_id="evt_early") == 200
    assert order(other).refunded.amount == 100


def test_cancellation_refunds_the_payment(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    session = paid(shop, stripe, guest)
    path, _, query = session["cancel_url"].removeprefix("http://localhost").partition("?")
    assert "we refund your payment" in guest.get(f"{path}?{query}").text
    for _ in range(2):
        assert guest.post(f"{path}/cancellation?{query}").status_code == 303
    assert [refund["amount"] for refund in stripe.refunds] == [4488]
    assert (order(session).state, order(session).refunded.amount) == ("cancelled", 4488)
    assert stock_level("T") == (3, 0)


def test_cancellation_closes_the_payment_page(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    buy(guest)
    [session] = stripe.sessions.values()
    path, _, query = session["cancel_url"].removeprefix("http://localhost").partition("?")
    guest.post(f"{path}/cancellation?{query}")
    assert session["status"] == "expired"
    guest.post("/cart/lines", sku="T")
    buy(guest)
    [_, session] = stripe.sessions.values()
    answer = shop.test_client().put(
        f"/api/v1/orders/{session['client_reference_id']}/state",
        json={"state": "cancelled"},
        headers={"Authorization": f"Bearer {tokens.create_token('desk', ['orders:write'])}"},
    )
    assert (answer.status_code, session["status"]) == (200, "expired"), answer.text


def test_refund_counts_once_whichever_report_comes_first(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    session = paid(shop, stripe, guest)
    staff, number = staff_browser(shop), session["client_reference_id"]
    for _ in range(2):  # a double click
        answer = staff.post(f"/admin/orders/{number}/events", kind="refunded", amount="10.00", key="form-1")
        assert answer.status_code == 303
    [refund] = stripe.refunds
    assert send_event(shop, "refund.created", refund) == 200
    assert order(session).refunded.amount == 1000
    at_stripe = {
        "id": "re_9",
        "object": "refund",
        "amount": 500,
        "status": "succeeded",
        "metadata": {},
        "payment_intent": session["payment_intent"],
    }
    for kind in ("refund.created", "refund.updated"):
        assert send_event(shop, kind, at_stripe) == 200
    assert order(session).refunded.amount == 1500
    answer = staff.post(f"/admin/orders/{number}/events", kind="refunded", amount="44.00", key="form-2")
    assert answer.status_code == 409
    assert "Stripe didn’t make the refund" in answer.text
    assert order(session).refunded.amount == 1500


@pytest.mark.parametrize(
    "reported", ["succeeded failed", "failed failed", "failed pending succeeded", "canceled"]
)
def test_failed_refund_can_be_made_again(
    shop: Flask, guest: Browser, stripe: StripeAccount, reported: str
) -> None:
    session = paid(shop, stripe, guest)
    staff, events = staff_browser(shop), f"/admin/orders/{session['client_reference_id']}/events"
    staff.post(events, kind="shipped")
    staff.post(events, kind="refunded", amount="44.88", key="form-1")
    assert (order(session).state, order(session).refunded.amount) == ("refunded", 4488)
    [refund] = stripe.refunds
    for status in reported.split():
        kind = "refund.failed" if status == "failed" else "refund.updated"
        for event_id in ("", *[f"evt_{reported}_{status}"] * 2):  # repeated, and reported by two events
            assert send_event(shop, kind, refund | {"status": status}, event_id=event_id) == 200
    assert (order(session).state, order(session).refunded.amount) == ("shipped", 0)
    assert sum("$44.88 failed" in event.note for event in order(session).events) == 1
    refund["amount"] = 0  # the money is back in the account
    staff.post(events, kind="refunded", amount="44.88", key="form-2")
    assert (order(session).state, order(session).refunded.amount) == ("refunded", 4488)


def test_refund_that_failed_before_its_event_never_counts(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    session = paid(shop, stripe, guest)
    refund = {
        "id": "re_lost",
        "object": "refund",
        "amount": 500,
        "metadata": {},
        "payment_intent": session["payment_intent"],
    }
    for kind, status in (("failed", "failed"), ("created", "pending"), ("updated", "failed")):
        assert send_event(shop, f"refund.{kind}", refund | {"status": status}) == 200
    assert order(session).refunded.amount == 0


def age_orders() -> None:
    with write_transaction() as session:
        session.execute(update(Order).values(placed_at=datetime.now(UTC) - cancellation.UNPAID_LIFETIME))


def test_unpaid_order_is_cancelled_without_an_event(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    stripe.unavailable = True
    buy(guest)  # Stripe is unavailable, and the shopper never returns
    stripe.unavailable = False
    guest.post("/cart/lines", sku="T")
    buy(guest)
    [session] = stripe.sessions.values()
    assert cancellation.cancel_unpaid_orders() == 0, "not yet"
    age_orders()
    stripe.unavailable = True
    assert cancellation.cancel_unpaid_orders() == 1, (
        "an order that may be paid stays while Stripe is unavailable"
    )
    stripe.unavailable = False
    stripe.complete_payment(session["id"])
    assert cancellation.cancel_unpaid_orders() == 0, "it is paid; the event is only late"
    assert stock_level("T") == (2, 0)
    session["status"] = "open"
    assert cancellation.cancel_unpaid_orders() == 1
    assert session["status"] == "expired"
    assert stock_level("T") == (3, 0)
    assert stock_differences() == []


def test_order_that_cannot_expire_does_not_hide_younger_ones(
    shop: Flask, guest: Browser, stripe: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(guest)
    guest.post("/cart/lines", sku="T")
    buy(guest)
    oldest, younger = stripe.sessions.values()
    stripe.complete_payment(oldest["id"])  # and no event arrives
    age_orders()
    monkeypatch.setattr(cancellation, "BATCH", 1)
    assert cancellation.cancel_unpaid_orders() == 1
    assert (order(oldest).state, order(younger).state) == ("placed", "cancelled")


def test_order_is_kept_while_stripe_is_unavailable(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    stripe.unavailable = True
    answer = buy(guest)
    page = guest.get(answer.location)
    assert "We couldn’t start the payment" in page.text
    assert "Pay <bdi>$44.88</bdi>" in page.text
    stripe.unavailable = False
    path, _, query = answer.location.partition("?")
    first, second = (guest.post(f"{path}/payment?{query}").location for _ in range(2))
    assert first == second == f"{stripe.url}/pay/cs_test_0"


def test_second_attempt_finds_the_page_whose_url_was_lost(
    guest: Browser, stripe: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = stripe_checkout.PAGE_LIFETIME_STEP * 3_000_000
    monkeypatch.setattr(stripe_checkout, "time", SimpleNamespace(time=lambda: began))
    buy(guest)
    [session] = stripe.sessions.values()
    path, _, query = session["cancel_url"].removeprefix("http://localhost").partition("?")
    for later, pages in (
        (stripe_checkout.PAGE_LIFETIME_STEP - 1, 1),
        (stripe_checkout.PAGE_LIFETIME_STEP, 2),
    ):
        # As if the worker had died before it wrote Stripe's answer.
        with write_transaction() as transaction:
            transaction.execute(delete(Payment))
        monkeypatch.setattr(stripe_checkout, "time", SimpleNamespace(time=lambda later=later: began + later))
        again = guest.post(f"{path}/payment?{query}").location
        assert again == f"{stripe.url}/pay/cs_test_{pages - 1}"
        assert len(stripe.sessions) == pages


def test_no_lock_is_held_during_requests_to_stripe(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    """On SQLite an open write transaction would block this one; on PostgreSQL a lock on the stock's row would."""
    done = []

    def write_meanwhile() -> None:
        with shop.app_context():
            with write_transaction() as session:
                set_on_hand(session, "T", 5, reason="counted", actor="test")
            db.session.remove()
            done.append(1)

    stripe.meanwhile = write_meanwhile
    assert buy(guest).location.startswith(stripe.url)
    assert done == [1]


@pytest.mark.any_database
@pytest.mark.parametrize(
    "how",
    [{"secret": "whsec_other"}, {"at": time.time() - 600}],
    ids=["another's signature", "a signature of ten minutes ago"],
)
def test_only_a_valid_signature_proves_an_event(
    shop: Flask, guest: Browser, stripe: StripeAccount, how: dict[str, Any]
) -> None:
    buy(guest)
    [session] = stripe.sessions.values()
    assert (
        send_event(shop, "checkout.session.completed", stripe.complete_payment(session["id"]), **how) == 400
    )
    unsigned = shop.test_client().post("/payments/stripe/events", json={"id": "evt_1"})
    assert unsigned.status_code == 400
    for body in (b"\xff", b"[]", b"{}"):
        _, headers = sign_event({})
        assert (
            shop.test_client().post("/payments/stripe/events", data=body, headers=headers).status_code == 400
        )
    assert order(session).state == "placed"


def test_payment_of_another_amount_is_refused(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    buy(guest)
    session = stripe.complete_payment("cs_test_0")
    for wrong in ({"currency": "eur"}, {"amount_total": 4489}, {"amount_total": -1}):
        assert send_event(shop, "checkout.session.completed", session | wrong) == 409
    assert (
        send_event(shop, "checkout.session.completed", session | {"client_reference_id": "XXXXXXXXXX"}) == 200
    )
    assert send_event(shop, "customer.created", {"id": "cus_1"}) == 200
    assert order(session).state == "placed"


@pytest.mark.any_database
def test_without_keys_stripe_is_not_offered(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T"}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="T")
    assert not re.search("stripe", browser.get("/checkout").text, re.I)
    body, headers = sign_event({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {}}})
    assert app.test_client().post("/payments/stripe/events", data=body, headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "pk_test_1"),
        ("SECRET_KEY", KEY),
        ("WEBHOOK_SECRET", "abc"),
        ("API", "https://elsewhere.example"),
    ],
)
def test_invalid_stripe_setting_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="STRIPE"):
        make_app("sqlite://", tmp_path, **{f"STOREFRONT_STRIPE_{name}": value})
