"""Mails about orders are composed when they are sent, and describe the order as of their event."""

from __future__ import annotations

from email import message_from_string, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.catalog.models import Product
from storefront.checkout import orders
from storefront.extensions import db, write_transaction
from storefront.mail import queue
from storefront.mail.queue import QueuedMail
from tests.accounts.people import second_app
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.mail.mailbox import Mailbox, mailbox
from tests.processes import free_port


def test_late_mail_describes_the_order_as_of_its_event(app: Flask, tmp_path: Path, redis_url: str) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    port = free_port()
    with second_app(
        app, tmp_path / "mailing", REDIS_URL=redis_url, STOREFRONT_SMTP_URL=f"smtp://127.0.0.1:{port}"
    ):
        order = place(make_draft({"T": 1})).order
        number, total, currency = order.number, order.total, order.currency
        with write_transaction() as session:
            orders.cancel(session, number, actor="customer")
        with write_transaction() as session:
            session.execute(update(Product).values(title="Kettle"))
            orders.record_payment(session, number, total, currency, actor="staff")
        assert queue.send_due() == 2, "nobody takes them yet"
        with write_transaction() as session:
            session.execute(update(QueuedMail).values(due_at=QueuedMail.created_at))
        with mailbox(port) as received:
            queue.send_due()
        db.session.remove()
    mails = [message_from_string(text, policy=policy.default) for _, text in received]
    assert [str(mail["Subject"]) for mail in mails] == [
        f"Your order {number}",
        f"Your order has been cancelled: {number}",
    ], "in the order of their events"
    placed, cancelled = (mail.get_body(("plain",)).get_content() for mail in mails)
    assert "1 × Teapot" in placed
    assert "Amount: $24.89" in placed, "what was still to be paid"
    assert "is being refunded" not in cancelled, "nothing had been paid"


def test_no_lock_is_held_while_a_mail_is_sent(
    app: Flask, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite an open write transaction would block this one; on PostgreSQL a lock on the order's row would."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3}])
    url = f"smtp://127.0.0.1:{(port := free_port())}"
    with second_app(app, tmp_path / "mailing", REDIS_URL=redis_url, STOREFRONT_SMTP_URL=url) as shop:
        number = place(make_draft({"T": 1})).number

        def write_meanwhile() -> None:
            with shop.app_context():
                with write_transaction() as session:
                    orders.add_note(session, number, "They have called.", actor="staff")
                db.session.remove()

        monkeypatch.setattr(Mailbox, "meanwhile", staticmethod(write_meanwhile))
        with mailbox(port) as received:
            assert queue.send_due() == 1
        assert len(received) == 1
