"""Stripe's messages that do not fit, payments that are not the order's, and disputes."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from flask import Flask

from storefront import languages
from storefront.checkout.payment import disputes
from tests.accounts.people import Browser, staff_browser
from tests.checkout.stripe_server import StripeAccount, sign_event
from tests.checkout.test_pages import place, review
from tests.checkout.test_stripe import buy, guest, order, paid, send_event, shop, stripe

__all__ = ["guest", "shop", "stripe"]

SESSION = {"id": "cs_1", "client_reference_id": "BCDFGHJKMN", "payment_status": "paid", "currency": "usd"}
MALFORMED: dict[str, Any] = {
    "no data": {"type": "checkout.session.completed"},
    "data that is a list": {"type": "checkout.session.completed", "data": [1]},
    "an object that is a text": {"type": "checkout.session.completed", "data": {"object": "x"}},
    "no id": {"type": "checkout.session.expired", "data": {"object": {}}},
    "no amount": {"type": "checkout.session.completed", "data": {"object": SESSION}},
    "an amount that is a text": {
        "type": "checkout.session.completed",
        "data": {"object": SESSION | {"amount_total": "4488"}},
    },
    "an amount that no column holds": {
        "type": "checkout.session.completed",
        "data": {"object": SESSION | {"amount_total": 10**30}},
    },
    "metadata that are a text": {
        "type": "checkout.session.expired",
        "data": {"object": {"id": "cs_1", "metadata": "order"}},
    },
    "a number with NUL": {
        "type": "checkout.session.expired",
        "data": {"object": {"id": "cs_1", "client_reference_id": "A\x00"}},
    },
    "a refund without an amount": {"type": "refund.created", "data": {"object": {"id": "re_1"}}},
    "a dispute without a status": {
        "type": "charge.dispute.created",
        "data": {"object": {"id": "dp_1", "amount": 1, "currency": "usd"}},
    },
}


def send(shop: Flask, event: dict[str, Any], **how: Any) -> tuple[int, str]:
    body, headers = sign_event(event, **how)
    answer = shop.test_client().post("/payments/stripe/events", data=body, headers=headers)
    return answer.status_code, answer.json["message"] if answer.is_json else ""


def notes(session: dict[str, Any]) -> list[str]:
    return [event.note for event in order(session).events if event.kind == "note"]


def dispute_event(shop: Flask, session: dict[str, Any], kind: str, status: str) -> int:
    about = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 4488,
        "currency": "usd",
        "reason": "fraudulent",
        "status": status,
        "payment_intent": session["payment_intent"],
    }
    return send_event(shop, f"charge.dispute.{kind}", about)


@pytest.mark.any_database
def test_malformed_message_gets_400_and_ends(shop: Flask) -> None:
    for number, (what, event) in enumerate(MALFORMED.items()):
        first, sentence = send(shop, {"id": f"evt_{number}"} | event)
        assert (first, "The message is not valid" in sentence) == (400, True), what
        again, _ = send(shop, {"id": f"evt_{number}"} | event)
        assert again == 200, f"{what}: Stripe would send it for days"


@pytest.mark.any_database
def test_message_without_a_usable_id_gets_400(shop: Flask) -> None:
    nested: dict[str, Any] = {}
    for _ in range(900):
        nested = {"x": nested}
    deep = {"id": "evt_deep", "type": "refund.created", "data": {"object": nested}}
    assert send(shop, deep)[0] == 400
    for wrong in ("", "e" * 300, "evt\x00", 7, None):
        event = {"id": wrong, "type": "checkout.session.expired", "data": {"object": {"id": "cs_1"}}}
        assert [send(shop, event)[0] for _ in range(2)] == [400, 400]


@pytest.mark.any_database
def test_signature_that_is_not_ascii_gets_400(shop: Flask) -> None:
    for signature in (f"t={int(time.time())},v1=é", "t=é,v1=a", "é"):
        answer = shop.test_client().post(
            "/payments/stripe/events", data=b"{}", headers={"Stripe-Signature": signature}
        )
        assert answer.status_code == 400


def test_metadata_that_name_no_order_are_about_none(shop: Flask) -> None:
    for number, named in enumerate(("A\x00", "7/..", "Ä" * 10, 7, ["A"], None)):
        about = {"id": "cs_1", "metadata": {"order": named}}
        event = {"id": f"evt_{number}", "type": "checkout.session.expired", "data": {"object": about}}
        assert send(shop, event)[0] == 200


@pytest.mark.any_database
def test_message_signed_six_minutes_ago_is_refused(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    buy(guest)
    session = stripe.complete_payment("cs_test_0")
    for minutes, status in ((6, 400), (60 * 24 * 365 * 9, 400), (4, 200)):
        signed_at = time.time() - minutes * 60
        assert send_event(shop, "checkout.session.completed", session, at=signed_at) == status
    assert order(session).state == "paid"


def test_smaller_amount_leaves_the_attempt_open(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    buy(guest)
    session = stripe.complete_payment("cs_test_0")
    for _ in range(2):
        assert send_event(shop, "checkout.session.completed", session | {"amount_total": 1}) == 409
    assert (order(session).paid.amount, order(session).state) == (0, "placed")
    [note] = notes(session)
    assert "The amount due is $44.88, not $0.01." in note
    assert send_event(shop, "checkout.session.completed", session) == 200
    assert (order(session).paid.amount, order(session).state) == (4488, "paid")


def test_invoice_order_gets_no_stripe_payment(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    number = place(guest, review(guest, payment="invoice")).location.partition("?")[0].rpartition("/")[2]
    session = SESSION | {"client_reference_id": number, "amount_total": 4488, "payment_intent": "pi_1"}
    for kind in ("expired", "completed", "completed"):
        assert send_event(shop, f"checkout.session.{kind}", session) == 200
    refund = {"id": "re_1", "object": "refund", "amount": 1, "metadata": {"order": number}}
    assert send_event(shop, "refund.created", refund) == 200
    assert (order(session).paid.amount, order(session).state) == (0, "placed")
    [note] = notes(session)
    assert note.startswith("Stripe received $44.88")
    assert "Refund cs_1 in Stripe’s dashboard" in note


def test_dispute_stops_shipping_until_staff_decide(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    session = paid(shop, stripe, guest)
    staff, number = staff_browser(shop), session["client_reference_id"]
    events = f"/admin/orders/{number}/events"
    assert dispute_event(shop, session, "created", "needs_response") == 200
    assert dispute_event(shop, session, "funds_withdrawn", "needs_response") == 200
    page = staff.get(f"/admin/orders/{number}").text
    assert "Dispute dp_1 at Stripe: $44.88, fraudulent, needs response." in re.sub("</?bdi>", "", page)
    assert number in staff.get("/admin/orders?state=disputed").text
    refused = staff.post(events, kind="shipped")
    assert (refused.status_code, "The payment is disputed" in refused.text) == (409, True)
    assert order(session).state == "paid"
    assert staff.post(events, kind="dispute", note="The customer called.").status_code == 303
    assert staff.post(events, kind="shipped").status_code == 303
    assert "despite the dispute dp_1. The customer called." in notes(session)[-1]
    assert len(notes(session)) == 2


def test_reasons_of_a_dispute_are_said_in_the_language(app: Flask) -> None:
    with languages.use(languages.Language("de", "de_DE")):
        assert disputes.describe("product_not_received") == "Ware nicht erhalten"
    assert disputes.describe("of_next_year") == "of next year", "one that the shop does not know"


@pytest.mark.parametrize(("status", "stops"), [("won", False), ("lost", True), ("warning_closed", False)])
def test_only_a_lost_dispute_still_stops_shipping(
    shop: Flask, guest: Browser, stripe: StripeAccount, status: str, *, stops: bool
) -> None:
    session = paid(shop, stripe, guest)
    for kind, reported in (("closed", status), ("created", "needs_response")):  # the second comes late
        assert dispute_event(shop, session, kind, reported) == 200
    number = session["client_reference_id"]
    answer = staff_browser(shop).post(f"/admin/orders/{number}/events", kind="shipped")
    assert answer.status_code == (409 if stops else 303)


def test_disputed_money_is_not_refunded_by_itself(shop: Flask, guest: Browser, stripe: StripeAccount) -> None:
    session = paid(shop, stripe, guest)
    dispute_event(shop, session, "created", "needs_response")
    number = session["client_reference_id"]
    assert (
        staff_browser(shop).post(f"/admin/orders/{number}/events", kind="cancelled", note="x").status_code
        == 303
    )
    assert order(session).state == "cancelled"
    assert stripe.refunds == []


def test_failed_refund_keeps_its_key_with_the_form(
    shop: Flask, guest: Browser, stripe: StripeAccount
) -> None:
    session = paid(shop, stripe, guest)
    events = f"/admin/orders/{session['client_reference_id']}/events"
    staff = staff_browser(shop)
    form = {"kind": "refunded", "key": "key-of-the-first-form", "amount": "10.00"}
    stripe.unavailable = True
    failed = staff.post(events, **form)
    assert failed.status_code >= 400
    assert 'value="key-of-the-first-form"' in failed.text
    assert 'value="10.00"' in failed.text
    stripe.unavailable = False
    for _ in range(2):
        assert staff.post(events, **form).status_code == 303
    assert [refund["amount"] for refund in stripe.refunds] == [1000]
    changed = staff.post(events, **form | {"amount": "12.00"})
    assert "already sent this form with another amount" in changed.text
    assert [refund["amount"] for refund in stripe.refunds] == [1000]
