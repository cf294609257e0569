"""Planned publication: products become active and are withdrawn at their moments, without anybody's click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError

from storefront import moments
from storefront.cache.build_context import Dependencies
from storefront.catalog import list_request, publication, queries
from storefront.catalog.models import Product
from storefront.catalog.product_list import read_filter, select_products
from storefront.catalog.product_writer import (
    ProductEdit,
    ProductRefusedError,
    lock_product,
    write_product,
)
from storefront.change_sets import apply_change_set, bulk_edits
from storefront.change_sets.edits import plan_edits
from storefront.extensions import db, moment_text, write_transaction
from storefront.history import RecordedChange
from tests.change_sets.stored_sets import media, undo
from tests.factories import make_product

Clock = Callable[[int], None]
START = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the shop's clock to minutes after START."""

    def set_clock(minutes: int) -> None:
        monkeypatch.setattr(moments, "now", lambda: START + timedelta(minutes=minutes))

    set_clock(0)
    return set_clock


def at(minutes: int) -> str:
    return moment_text(START + timedelta(minutes=minutes))


def change(product_id: int, **values: object) -> None:
    with write_transaction() as session:
        write_product(session, lock_product(session, product_id), ProductEdit(values))


def set_in_bulk(product_id: int, **values: object) -> int:
    """Change a product by a change set; return its number."""
    db.session.rollback()
    number = plan_edits([product_id], bulk_edits.set_fields(**values), name="Bulk").change_set_id
    apply_change_set(number, media())
    return number


def state(product_id: int) -> tuple[str, str | None, str | None]:
    db.session.rollback()
    row = db.session.get_one(Product, product_id, populate_existing=True)
    return row.status, row.publish_at, row.withdraw_at


def test_a_product_comes_and_goes_at_its_moments(app: Flask, client: FlaskClient, clock: Clock) -> None:
    pot = make_product("Pot", status="draft").id
    change(pot, publish_at=at(10), withdraw_at=at(20))
    seen = []
    for minutes in (9, 10, 19, 20):
        clock(minutes)
        publication.run_due()
        seen.append((state(pot)[0], client.get("/products/pot").status_code))
        assert ("Pot" in client.get("/products").text) == (state(pot)[0] == "active"), minutes
    assert seen == [("draft", 404), ("active", 200), ("active", 200), ("archived", 410)]
    assert state(pot) == ("archived", None, None)
    query = (
        select(RecordedChange).where(RecordedChange.actor == "system:schedule").order_by(RecordedChange.id)
    )
    published, withdrawn = db.session.execute(query).scalars()
    assert published.fields == {"status": ["draft", "active"], "publish_at": [at(10), None]}
    assert withdrawn.fields == {"status": ["active", "archived"], "withdraw_at": [at(20), None]}
    assert f"product:{pot}" in published.tags


def test_a_shop_that_was_down_catches_up(app: Flask, clock: Clock) -> None:
    pots = [make_product(status="draft", publish_at=at(1), withdraw_at=end).id for end in (None, at(5))]
    clock(9)
    publication.run_due()
    assert [state(pot) for pot in pots] == [("active", None, None), ("archived", None, None)]


@pytest.mark.parametrize(("status", "kept"), [("active", (None, 20)), ("archived", (None, None))])
def test_a_status_by_hand_ends_plans(
    app: Flask, clock: Clock, status: str, kept: tuple[None, int | None]
) -> None:
    by_form, by_bulk = (make_product(status="draft", publish_at=at(10), withdraw_at=at(20)).id for _ in "ab")
    change(by_form, status=status)
    number = set_in_bulk(by_bulk, status=status)
    expected = (status, *(minutes and at(minutes) for minutes in kept))
    assert (state(by_form), state(by_bulk)) == (expected, expected)
    undo(number)
    assert state(by_bulk) == ("draft", at(10), at(20)), "an undo brings plans back"


def test_an_undo_does_not_publish_again(app: Flask, clock: Clock) -> None:
    pot = make_product(status="draft", publish_at=at(10)).id
    number = set_in_bulk(pot, status="active")
    clock(11)
    undo(number)
    publication.run_due()
    assert state(pot) == ("draft", None, None)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("status", "plan", "faulty"),
    [
        ("draft", {"publish_at": 0}, "publish_at"),
        ("draft", {"publish_at": 10, "withdraw_at": 10}, "withdraw_at"),
        ("active", {"publish_at": 10}, "publish_at"),
        ("archived", {"withdraw_at": 10}, "withdraw_at"),
    ],
)
def test_plans_that_make_no_sense_are_refused(
    app: Flask, clock: Clock, status: str, plan: dict[str, int], faulty: str
) -> None:
    pot = make_product(status=status).id
    values = {name: at(minutes) for name, minutes in plan.items()}
    with pytest.raises(ProductRefusedError) as refused:
        change(pot, **values)
    assert [fault.at for fault in refused.value.faults] == [f"/{faulty}"]
    planned = plan_edits([pot], bulk_edits.set_fields(**values), name="Bulk")
    assert [problem.column for problem in planned.report.problems] == [faulty.replace("_", " ")]


@pytest.mark.any_database
def test_gift_cards_are_not_published(app: Flask, clock: Clock) -> None:
    card = make_product(status="draft", gift_card=True).id
    with pytest.raises(ProductRefusedError):
        change(card, publish_at=at(10))
    marked_later = make_product(status="draft", gift_card=True, publish_at=at(10)).id
    clock(10)
    publication.run_due()
    assert state(marked_later) == ("draft", None, None)


def test_pages_end_when_a_product_is_withdrawn(app: Flask) -> None:
    make_product("Pot", withdraw_at="2099-12-24T12:00:00Z")
    ends = datetime(2099, 12, 24, 12, tzinfo=UTC).timestamp()
    wanted = list_request.parse({}, currency="USD")
    for build in (lambda: queries.load_product_page("pot"), lambda: queries.load_list_page(wanted)):
        with app.test_request_context():
            g.cache_tags = [Dependencies()]
            build()
            assert g.cache_tags[0].valid_until == ends


def test_one_product_that_fails_keeps_none_waiting(
    app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pots = [make_product(status="draft", publish_at=at(1)).id for _ in range(3)]
    real = publication.writer.refresh

    def refuse(session: object, ids: list[int]) -> None:
        if pots[1] in ids:
            raise OperationalError("refresh", {}, Exception("broken row"))
        real(session, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(publication.writer, "refresh", refuse)
    clock(2)
    publication.run_due()
    assert [state(pot)[0] for pot in pots] == ["active", "draft", "active"]


def test_a_look_at_the_plans_reads_small_indexes(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a table of this size whole")
    plans = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def explain(connection: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.append(" ".join(row[3] for row in cursor.fetchall()))

    try:
        publication.run_due()
        select_products(read_filter({"status": "planned"}), 1)
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    found = "; ".join(plans)
    assert {"ix_product_publish_at", "ix_product_withdraw_at", "ix_product_planned"} <= set(found.split())
    assert "SCAN product " not in found.replace("SCAN product USING", "")
