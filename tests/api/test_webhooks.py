"""Webhooks: committed events are delivered signed, retried, and given up."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from storefront import outbox, redis_roles
from storefront.api import webhook_delivery, webhooks
from storefront.api.models import WebhookDelivery
from storefront.extensions import db, write_transaction
from storefront.outbox import OutboxMessage
from storefront.redis_roles import Role
from storefront.stock import publisher, set_on_hand
from tests.factories import make_product
from tests.outbox.messages import make_overdue, redeliver


class Receiver:
    """A webhook receiver: answers with these statuses in turn, then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/hook?a=b"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def pot(app: Flask) -> None:
    app.config["WEBHOOK_PRIVATE"] = True
    make_product("Pot", variants=[{"sku": "POT", "on_hand": 9}])


def sell(number: int) -> None:
    with write_transaction() as session:
        set_on_hand(session, "POT", number, reason="count", actor="test")


def rename(table: str, name: str) -> None:
    db.session.remove()
    with db.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


def messages() -> list[WebhookDelivery]:
    db.session.rollback()
    found = (
        select(WebhookDelivery).order_by(WebhookDelivery.created_at).execution_options(populate_existing=True)
    )
    return list(db.session.execute(found).scalars())


def due() -> None:
    with write_transaction() as session:
        later = update(WebhookDelivery).where(WebhookDelivery.due_at.is_not(None))
        session.execute(later.values(due_at=datetime.now(UTC)))


def test_stock_change_is_delivered_signed_and_once(app: Flask, pot: None, receiver: Receiver) -> None:
    hook = webhooks.add_webhook(receiver.url, ["stock.changed"])
    secret = hook.secret
    webhooks.add_webhook(receiver.url, ["order.changed"])
    sell(3)
    event = [
        m.payload for m in db.session.execute(select(OutboxMessage)).scalars() if m.topic == webhooks.STOCK
    ]
    redeliver(app, webhooks.STOCK, event)
    assert webhook_delivery.send_due() == 1
    assert webhook_delivery.send_due() == 0
    ((headers, body),) = receiver.received
    told = json.loads(body)
    assert (told["type"], told["data"]["sku"], told["data"]["stock"]) == ("stock.changed", "POT", 3)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    (row,) = messages()
    assert (row.outcome, row.due_at, row.attempts) == ("204", None, 1)
    assert row.delivered_at is not None


def test_an_unwritable_webhook_table_delays_no_stock(app: Flask, pot: None, receiver: Receiver) -> None:
    webhooks.add_webhook(receiver.url, ["stock.changed"])
    channel, _ = publisher.channel_and_prefix(app)
    with redis_roles.get_client(Role.LIVE).pubsub() as listener:
        listener.subscribe(channel)
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        rename("webhook_delivery", "webhook_delivery_away")
        try:
            sell(3)
            message = listener.get_message(timeout=5)
        finally:
            rename("webhook_delivery_away", "webhook_delivery")
    assert message
    assert json.loads(message["data"])["stock"] == 3, "published at once"
    assert messages() == []
    make_overdue()
    outbox.deliver_overdue()
    assert [row.event for row in messages()] == ["stock.changed"]
    assert outbox.waiting()[0] == 0


def test_failed_delivery_is_retried_and_given_up(app: Flask, pot: None, receiver: Receiver) -> None:
    webhooks.add_webhook(receiver.url, ["stock.changed"])
    receiver.statuses = [500, 302]
    sell(3)
    for attempt, outcome in ((1, "500"), (2, "302"), (3, "204")):
        assert webhook_delivery.send_due() == 1
        assert webhook_delivery.send_due() == 0
        (row,) = messages()
        assert (row.attempts, row.outcome, row.due_at is None) == (attempt, outcome, outcome == "204")
        due()
    assert len(receiver.received) == 3, "redirects are not followed"
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    receiver.statuses = [500] * 99
    sell(4)
    for _ in range(len(webhook_delivery.BACKOFF) + 1):
        due()
        webhook_delivery.send_due()
    row = messages()[-1]
    assert (row.due_at, row.delivered_at, row.attempts) == (None, None, len(webhook_delivery.BACKOFF) + 1)
    listed = app.test_cli_runner().invoke(args=["webhook", "log"]).output
    assert listed.partition("\t")[0].endswith(" UTC")
    assert "given up" in listed
    assert "delivered" in listed


def test_rolled_back_change_is_not_delivered(app: Flask, pot: None, receiver: Receiver) -> None:
    webhooks.add_webhook(receiver.url, ["stock.changed"])
    with contextlib.suppress(RuntimeError), write_transaction() as session:
        set_on_hand(session, "POT", 1, reason="count", actor="test")
        raise RuntimeError
    assert messages() == []


def test_commands_add_list_and_remove_webhooks(app: Flask, pot: None) -> None:
    run = app.test_cli_runner().invoke
    key, secret = run(
        args=["webhook", "add", "https://example.org/h", "--event", "order.changed"]
    ).output.split()
    assert secret.startswith("whsec_")
    listed = run(args=["webhook", "list"]).output
    assert listed == f"{key}\thttps://example.org/h\torder.changed\n"
    assert run(args=["webhook", "remove", key]).output == f"{key} is removed.\n"
    assert run(args=["webhook", "list"]).output == ""
    for wrong in (
        ["remove", key],
        ["add", "ftp://x", "--event", "order.changed"],
        ["add", "https://x", "--event", "all"],
    ):
        assert run(args=["webhook", *wrong]).exit_code == 1
