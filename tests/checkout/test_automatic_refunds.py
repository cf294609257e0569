"""The money of a cancelled order is refunded automatically, once, although workers die and events repeat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.checkout import orders
from storefront.checkout.models import Payment
from storefront.checkout.payment import refunds
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, staff_browser
from tests.checkout.stripe_server import StripeAccount
from tests.checkout.test_pages import place, review
from tests.checkout.test_stripe import buy, guest, order, paid, send_event, shop, stripe
from tests.processes import ROOT

__all__ = ["guest", "shop", "stripe"]

REFUND_PROGRAM = """
import os, sys
from pathlib import Path
from storefront.app import create_app
from storefront.checkout.payment import refunds
with create_app(dict(os.environ), instance=Path(sys.argv[1])).app_context():
    refunds.send_due_refunds()
"""


@pytest.fixture
def late(shop: Flask, guest: Browser, stripe: StripeAccount) -> dict[str, Any]:
    """The session of an order that was paid at the moment of its cancellation."""
    buy(guest)
    [session] = stripe.sessions.values()
    path, _, query = session["cancel_url"].removeprefix("http://localhost").partition("?")
    late = deepcopy(stripe.complete_payment(session["id"]))
    assert guest.post(f"{path}/cancellation?{query}").status_code == 303
    for event_id in ("evt_late", "evt_late", "evt_again"):
        assert send_event(shop, "checkout.session.completed", late, event_id=event_id) == 200
    assert (order(late).state, order(late).paid.amount) == ("cancelled", 4488)
    return late


def retry_due_refunds() -> int:
    """Make all refunds due again, and send them."""
    with write_transaction() as session:
        due = Payment.refund_due_at.is_not(None)
        session.execute(update(Payment).where(due).values(refund_due_at=Payment.created_at))
    return refunds.send_due_refunds()


def refunded_amounts(stripe: StripeAccount, session: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Return the amounts that Stripe refunded, and those in the order's log."""
    logged = [
        event.amount.amount for event in order(session).events if event.kind == "refunded" and event.amount
    ]
    return [refund["amount"] for refund in stripe.refunds], logged


def test_late_payment_is_refunded_automatically(
    shop: Flask, stripe: StripeAccount, late: dict[str, Any]
) -> None:
    staff, page = staff_browser(shop), f"/admin/orders/{late['client_reference_id']}"
    assert "Refund due: <bdi>$44.88</bdi>. Stripe payments are refunded automatically" in staff.get(page).text
    assert late["client_reference_id"] in staff.get("/admin/orders?state=refund+due").text
    stripe.unavailable = True
    assert refunds.send_due_refunds() == 0
    assert refunds.send_due_refunds() == 0, "the retry waits for its backoff"
    assert "tried again automatically. Stripe didn’t make the refund" in staff.get(page).text
    stripe.unavailable = False
    assert retry_due_refunds() == 1
    assert retry_due_refunds() == 0
    assert refunded_amounts(stripe, late) == ([4488], [4488])
    [refund] = stripe.refunds
    for event_id in ("evt_back", "evt_back"):
        assert send_event(shop, "refund.created", refund, event_id=event_id) == 200
    assert refunded_amounts(stripe, late) == ([4488], [4488])
    assert "Refund due" not in staff.get(page).text.partition("Actions")[0]
    assert late["client_reference_id"] not in staff.get("/admin/orders?state=refund+due").text


def test_killed_worker_never_causes_a_second_refund(
    shop: Flask, stripe: StripeAccount, late: dict[str, Any]
) -> None:
    db.session.remove()
    about = {
        key: str(shop.config[key]) for key in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API")
    }
    environ = os.environ | {f"STOREFRONT_{key}": value for key, value in about.items()}
    environ |= {"DATABASE_URL": shop.config["SQLALCHEMY_DATABASE_URI"], "REDIS_URL": shop.config["REDIS_URL"]}
    command = [sys.executable, "-c", REFUND_PROGRAM, shop.instance_path]
    with subprocess.Popen(command, cwd=ROOT, env=environ) as worker:
        stripe.refunded = worker.kill
        assert worker.wait(30) == -signal.SIGKILL
    stripe.refunded = lambda: None
    assert refunded_amounts(stripe, late) == ([4488], [])
    assert refunds.send_due_refunds() == 0, "the claim of the killed worker still holds"
    assert retry_due_refunds() == 1
    assert refunded_amounts(stripe, late) == ([4488], [4488])


def test_no_lock_is_held_during_a_refund(shop: Flask, stripe: StripeAccount, late: dict[str, Any]) -> None:
    """Another transaction changes the order during the request to Stripe."""
    number = late["client_reference_id"]

    def write_meanwhile() -> None:
        with shop.app_context():
            with write_transaction() as session:
                orders.add_note(session, number, "They have called.", actor="staff")
            db.session.remove()

    stripe.meanwhile = write_meanwhile
    assert refunds.send_due_refunds() == 1
    assert [event.kind for event in order(late).events].count("note") == 2, "one for each call"


def test_cancellation_by_staff_or_api_refunds_the_money(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    session = paid(shop, stripe, guest)
    with write_transaction() as transaction:  # as the API does
        orders.cancel(transaction, session["client_reference_id"], actor="a token")
    assert refunds.send_due_refunds() == 1
    assert refunded_amounts(stripe, session) == ([4488], [4488])


def test_bank_transfer_refund_is_due_until_staff_record_it(shop: Flask, guest: Browser) -> None:
    bought = str(place(guest, review(guest)).location)
    number, staff = bought.partition("/orders/")[2].partition("?")[0], staff_browser(shop)
    events = f"/admin/orders/{number}/events"
    assert staff.post(events, kind="cancelled").status_code == 303
    assert staff.post(events, kind="paid", amount="44.88").status_code == 303
    assert refunds.send_due_refunds() == 0
    assert "Refund due: <bdi>$44.88</bdi>. Transfer it by hand" in staff.get(f"/admin/orders/{number}").text
    assert number in staff.get("/admin/orders?state=refund+due").text
    assert staff.post(events, kind="refunded", amount="44.88", key="by hand").status_code == 303
    assert number not in staff.get("/admin/orders?state=refund+due").text
