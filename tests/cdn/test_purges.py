"""Purges of an edge: sent after the commit, repeated, retried, merged, bounded, and visible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront import cache, cdn, outbox, periodic
from storefront.cdn import purge_queue, sender
from storefront.cdn.models import EdgePurge
from storefront.cdn.providers import EdgeError
from storefront.extensions import db, write_transaction
from tests.cdn.conftest import MakeShop
from tests.cdn.provider_server import Provider
from tests.processes import eventually

REPEATS = 2  # of providers


def invalidate(*tags: str) -> None:
    with write_transaction() as session:
        cache.invalidate_on_commit(session, *tags, cause="test")


def send(app: Flask, *, later: float = 0.0) -> None:
    """Send all that is due so many seconds from now."""
    db.session.rollback()
    if later:
        with write_transaction() as session:
            for row in session.scalars(select(EdgePurge)):
                row.due_at -= timedelta(seconds=later)
    assert not all(sender.sender_of.get(app).send_due() for _ in range(50)), (
        "a purge is tried again without a pause"
    )


def rows() -> list[EdgePurge]:
    db.session.rollback()
    return list(db.session.scalars(select(EdgePurge).order_by(EdgePurge.created_at)))


def test_strict_tags_purge_hard_and_relaxed_ones_softly(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop("fastly")
    invalidate("product:1", "category:2")
    send(app)
    assert sorted(edge.purges) == [(["category:2"], True), (["product:1"], False)]
    invalidate("everything", "product:9")
    send(app)
    assert edge.purges[2:] == [(["everything"], False)]
    assert edge.wrong == []


@pytest.mark.any_database
@pytest.mark.parametrize("name", ["cloudflare", "bunny"])
def test_providers_without_soft_purges_purge_hard(make_shop: MakeShop, edge: Provider, name: str) -> None:
    app = make_shop(name)
    invalidate("product:1", "category:2")
    send(app)
    assert sorted(edge.tags) == ["category:2", "product:1"]
    assert not any(soft for _, soft in edge.purges)


@pytest.mark.any_database
@pytest.mark.parametrize(("name", "most"), [("fastly", 256), ("cloudflare", 100), ("bunny", 1)])
def test_requests_keep_the_limits_of_providers(
    make_shop: MakeShop, edge: Provider, name: str, most: int
) -> None:
    app = make_shop(name)
    tags = {f"product:{number}" for number in range(300)}
    invalidate(*tags)
    send(app)
    assert set(edge.tags) == tags
    assert max(len(purged) for purged, _ in edge.purges) == most
    assert edge.wrong == []


def test_each_purge_is_repeated_after_the_longest_answer(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    invalidate("product:1")
    send(app)
    assert edge.tags == ["product:1"]
    send(app, later=3)
    assert edge.tags == ["product:1"] * 2
    send(app, later=3)
    assert edge.tags == ["product:1"] * 2, "the last repetition waits for the longest answer"
    send(app, later=16)
    assert edge.tags == ["product:1"] * (1 + REPEATS)
    assert rows() == []


@pytest.mark.any_database
@pytest.mark.parametrize("fault", ["500", "hang", "cut", "429"])
def test_an_edge_that_fails_gets_the_purge_later(
    make_shop: MakeShop, edge: Provider, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than a busy machine takes to look whether a purge is sent too early.
    for pause in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(sender, pause, 60.0)
    app = make_shop()
    edge.fault = fault
    invalidate("product:1")
    send(app)
    assert (edge.purges, edge.requests) == ([], 1)
    [row] = rows()
    assert (row.attempts, row.repeats, bool(row.error)) == (1, 0, True)
    invalidate("product:2")
    send(app)
    assert edge.requests == 1, "new purges wait for the next attempt, too"
    edge.fault = ""
    send(app, later=7.5 if fault == "429" else 60.5)
    assert sorted(edge.tags) == ["product:1", "product:2"]
    assert {row.error for row in rows()} == {""}


@pytest.mark.any_database
def test_an_edge_may_ask_to_be_left_alone(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    edge.fault = "429"
    invalidate("product:1")
    send(app)
    send(app, later=5)
    assert edge.requests == 1, "Retry-After is 7 s"


def test_pauses_grow_to_two_seconds_and_to_a_minute() -> None:
    away, refused = EdgeError("away"), EdgeError("refused", is_refusal=True)
    assert [sender.compute_pause(number, away) for number in (1, 2, 3, 4, 5, 900)] == [0.25, 0.5, 1, 2, 2, 2]
    assert [sender.compute_pause(number, refused) for number in (1, 9, 900)] == [0.25, 60, 60]
    assert sender.compute_pause(5, EdgeError("slower", retry_after_seconds=7)) == 7


def test_purges_survive_a_restart(make_shop: MakeShop, edge: Provider) -> None:
    make_shop("fastly")
    invalidate("product:1")
    assert edge.purges == []
    send(make_shop("cloudflare"))  # another process, for which the row is due
    assert edge.tags == ["product:1"]


def test_a_claimed_row_is_sent_by_another_worker_later(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    invalidate("product:1")
    with write_transaction() as session:  # as a worker that is killed during its attempt leaves it
        lease = datetime.now(UTC) + timedelta(seconds=sender.LEASE)
        session.execute(update(EdgePurge).values(attempts=1, due_at=lease))
    send(app)
    assert edge.purges == []
    send(app, later=sender.LEASE + 0.1)
    assert edge.tags == ["product:1"]


def test_due_purges_become_one_request(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    for number in range(5):
        invalidate(f"product:{number}")
    send(app)
    assert (edge.requests, len(edge.tags)) == (1, 5)


def test_a_long_backlog_becomes_a_purge_of_everything(
    make_shop: MakeShop, edge: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_shop("cloudflare")
    tags = [f"product:{number}" for number in range(100 * purge_queue.MOST_ROWS)]
    purge_queue.add_purges([edge.url], tags, [], 100)
    assert len(rows()) == purge_queue.MOST_ROWS
    invalidate("product:0")
    assert [row.tags for row in rows()] == [["everything"]]
    assert "they become one purge of everything" in caplog.text
    send(app)
    assert edge.tags == ["everything"]


@pytest.mark.any_database
def test_a_wrong_token_is_named_and_kept_secret(
    make_shop: MakeShop, edge: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "a-token-that-is-wrong"
    app = make_shop(token=secret)
    invalidate("product:1")
    send(app)
    [status] = cdn.read_status()
    assert (status.waiting, "Check STOREFRONT_EDGE_TOKEN" in status.error) == (1, True)
    assert "tried again" in caplog.text
    assert secret not in caplog.text + status.error + repr(app.config["EDGE"])


@pytest.mark.any_database
def test_an_edge_that_hangs_delays_no_commit(make_shop: MakeShop, edge: Provider) -> None:
    make_shop()
    edge.fault = "hang"
    invalidate("product:1")
    assert edge.requests == 0, "a commit writes a row and sends nothing"
    assert db.session.scalar(select(func.count(EdgePurge.id))) == 1


def test_a_command_sends_before_it_ends(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    app.testing = False
    try:
        with app.app_context():  # as a command has it
            invalidate("product:1")
            assert edge.tags == []
    finally:
        app.testing = True
    assert edge.tags == ["product:1"]


def test_a_serving_process_sends_at_once(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    periodic.start_tasks(app, sender.TASK)
    try:
        for number in range(3):
            invalidate(f"product:{number}")
            assert eventually(lambda number=number: f"product:{number}" in edge.tags)
    finally:
        periodic.stop_tasks(app, sender.TASK)


def test_what_no_page_shows_is_not_purged(make_shop: MakeShop, edge: Provider) -> None:
    make_shop()
    invalidate("user:1")
    assert rows() == []


def test_messages_of_dead_processes_are_purged(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    with write_transaction() as session:
        old = datetime.now(UTC) - timedelta(seconds=9)
        payload = {"tags": ["product:1"], "hard": False, "cause": "a process that was killed"}
        session.add(outbox.OutboxMessage(id="0" * 32, topic="cache.tags", payload=payload, created_at=old))
    outbox.deliver_overdue()
    send(app)
    assert edge.tags == ["product:1"]
