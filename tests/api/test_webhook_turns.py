"""A slow webhook delays only its own messages: real receivers, some of which drip bytes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront import periodic
from storefront.api import webhook_delivery, webhook_turns, webhooks
from storefront.api.models import Webhook, WebhookDelivery
from storefront.api.webhook_turns import MAX_FAILING, MAX_TURNS
from storefront.extensions import db, write_transaction
from tests.dripping import dripping
from tests.internet import serving

_names = count()
PATIENCE = 1200  # looks, a twentieth of a second apart


class Receiver(ThreadingHTTPServer):
    """Counts the messages that arrive, by the path of their URL."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: Counter[str] = Counter()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received[self.path] += 1
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    """A receiver of webhook messages on this machine."""
    app.config["WEBHOOK_PRIVATE"] = True
    server = Receiver()
    with serving(server):
        yield server


def add(url: str) -> str:
    """Add a webhook, and return its id."""
    added: str = webhooks.add_webhook(url, ["stock.changed"]).id
    return added


def enqueue(messages: int) -> None:
    """Enqueue so many messages to every webhook."""
    webhooks.enqueue_deliveries("stock.changed", [(f"event {next(_names)}", {}) for _ in range(messages)])


@contextmanager
def sending(app: Flask) -> Iterator[None]:
    """Run the periodic task that sends, and wait at the end for what it has begun."""
    periodic.start_tasks(app, "webhook-sender")
    try:
        yield
    finally:
        periodic.stop_tasks(app, "webhook-sender")
        for thread in threading.enumerate():
            if thread.name == "webhook-turn":
                thread.join()


def wait_until(done: Callable[[], bool]) -> None:
    """Wait until this is true, or fail."""
    pause = threading.Event()
    for _ in range(PATIENCE):
        if done():
            return
        pause.wait(0.05)
    pytest.fail("it did not happen")


def outcomes(webhook_id: str) -> set[str]:
    """Return the results of a webhook's attempts so far."""
    db.session.rollback()
    tried = WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.attempts > 0
    return set(db.session.scalars(select(WebhookDelivery.outcome).where(*tried)))


@pytest.mark.any_database
def test_a_slow_webhook_delays_no_other(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_delivery, "TIMEOUT", 60.0)
    with sending(app), dripping("headers") as server:
        slow_id = add(f"http://localhost:{server.port}/")
        enqueue(5)
        wait_until(lambda: server.connections == 1)
        for name in "abc":
            add(f"http://localhost:{receiver.server_port}/{name}")
        enqueue(30)
        wait_until(lambda: receiver.received.total() >= 90)
        assert receiver.received == {"/a": 30, "/b": 30, "/c": 30}
        assert (server.connections, outcomes(slow_id)) == (1, {""}), "the slow attempt is still going on"


@pytest.mark.any_database
def test_more_slow_webhooks_than_threads_delay_no_other(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_delivery, "TIMEOUT", 0.5)
    with ExitStack() as stack:
        servers = [stack.enter_context(dripping("headers")) for _ in range(MAX_TURNS + 2)]
        slow_ids = [add(f"http://localhost:{server.port}/") for server in servers]
        add(f"http://localhost:{receiver.server_port}/a")
        enqueue(30)
        with sending(app):
            wait_until(lambda: receiver.received.total() >= 30)
            wait_until(lambda: all(bool(outcomes(slow_id) - {""}) for slow_id in slow_ids))
        assert receiver.received == {"/a": 30}
        assert {server.most_open for server in servers} == {1}, "one attempt at a time for each endpoint"
        for slow_id in slow_ids:
            assert outcomes(slow_id) - {""} == {"TimeoutError: it took longer than 0.5 s"}
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.count(Webhook.slot_until))) == 0, "all slots are free again"


@pytest.mark.any_database
def test_a_failure_ends_the_turn_and_not_the_next_one(app: Flask, receiver: Receiver) -> None:
    add(f"http://localhost:{receiver.server_port}/broken")
    enqueue(5)
    for turn in (1, 2, 3):
        webhook_delivery.send_due()
        assert receiver.received == {"/broken": turn}


@pytest.mark.any_database
def test_a_slot_holds_for_all_processes(app: Flask, receiver: Receiver) -> None:
    webhook_id = add(f"http://localhost:{receiver.server_port}/a")
    enqueue(2)
    for seconds, arrived in ((30, 0), (-1, 2)):
        with write_transaction() as session:
            until = datetime.now(UTC) + timedelta(seconds=seconds)
            session.execute(update(Webhook).where(Webhook.id == webhook_id).values(slot_until=until))
        webhook_delivery.send_due()
        assert receiver.received.total() == arrived
    assert webhook_turns._acquire_slot(webhook_id) is not None
    assert webhook_turns._acquire_slot(webhook_id) is None


@pytest.mark.any_database
def test_failing_webhooks_leave_threads_to_others(app: Flask) -> None:
    turns = webhook_turns.Turns(app, lambda _: pytest.fail("no turn is taken"))
    for number in range(MAX_TURNS):
        turns._note(f"failing {number}", failed=True)
    entered = [turns._enter(f"failing {number}") for number in range(MAX_TURNS)]
    assert sum(entered) == MAX_FAILING
    assert [turns._enter(f"good {number}") for number in range(MAX_TURNS)].count(
        True
    ) == MAX_TURNS - MAX_FAILING
    turns._note("failing 7", failed=False)
    assert not turns._enter("failing 7"), "all threads are busy"
