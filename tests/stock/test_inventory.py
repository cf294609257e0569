"""Changes of stock: never oversold, always in the ledger, published after the commit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from storefront import redis_roles, stock
from storefront.extensions import db, write_transaction
from storefront.redis_roles import Role
from storefront.stock import InsufficientStockError, StockItem, UnknownSkuError, audit, publisher
from tests.factories import make_product
from tests.processes import eventually


def item(sku: str = "TP") -> StockItem:
    db.session.rollback()
    return db.session.execute(
        select(StockItem).where(StockItem.sku == sku).execution_options(populate_existing=True)
    ).scalar_one()


@pytest.fixture
def published(app: Flask) -> Iterator[list[dict[str, Any]]]:
    """The messages that were published on the channel, up to a call of `now`."""
    pubsub = redis_roles.get_client(Role.LIVE).pubsub()
    pubsub.subscribe(publisher.channel_and_prefix(app)[0])
    while pubsub.get_message(timeout=0.05) is None:
        pass

    class Published(list[dict[str, Any]]):
        def now(self) -> list[dict[str, Any]]:
            while (message := pubsub.get_message(timeout=0.2)) is not None:
                if message["type"] == "message":
                    self.append(msgspec.json.decode(message["data"]))
            return self

    yield Published()
    pubsub.close()


@pytest.mark.usefixtures("patient_writers")
def test_forty_buyers_of_ten_items_get_ten(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 10}])

    def buy(number: int) -> bool:
        with app.app_context():
            try:
                with write_transaction() as session:
                    stock.reserve(session, "TP", 1, reference=f"order {number}")
                    stock.sell(session, "TP", 1, reference=f"order {number}", reserved=1)
            except InsufficientStockError:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(buy, range(40))) == 10
    assert (item().on_hand, item().reserved) == (0, 0)
    assert audit.find_differences(db.session()) == []


def test_a_rejected_change_names_the_number_and_changes_nothing(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 3}])
    with pytest.raises(InsufficientStockError) as caught, write_transaction() as session:
        stock.reserve(session, "TP", 4, reference="x")
    assert (caught.value.wanted, caught.value.available) == (4, 3)
    with pytest.raises(UnknownSkuError), write_transaction() as session:
        stock.receive(session, "nothing", 1, reason="", actor="test")
    assert (item().on_hand, item().reserved, item().version) == (3, 0, 1)


def test_every_change_is_in_the_ledger(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    with write_transaction() as session:
        stock.receive(session, "TP", 5, reason="delivery", actor="test")
        stock.reserve(session, "TP", 4, reference="a")
        stock.release(session, "TP", 1, reference="a")
        stock.sell(session, "TP", 3, reference="a", reserved=3)
        stock.return_to_stock(session, "TP", 1, reference="a", actor="test")
        assert stock.set_on_hand(session, "TP", 20, reason="count", actor="test") == 20
    assert (item().on_hand, item().reserved, item().version) == (20, 0, 7)
    assert audit.find_differences(db.session()) == []


def test_the_audit_finds_and_repairs_changes_past_the_ledger(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    runner = app.test_cli_runner()
    assert runner.invoke(args=["stock", "audit"]).exit_code == 0
    with write_transaction() as session:
        session.execute(update(StockItem).values(on_hand=9, reserved=2))
    result = runner.invoke(args=["stock", "audit"])
    assert result.exit_code == 1
    assert "TP: on hand 9, by the ledger 5; reserved 2, by the ledger 0" in result.output
    assert runner.invoke(args=["stock", "audit", "--repair"]).exit_code == 0
    assert (item().on_hand, item().reserved) == (5, 0)


def test_a_repair_counts_purchases_since_the_audit(app: Flask, database: str) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    with write_transaction() as session:
        session.execute(update(StockItem).values(on_hand=9))
    found = {difference.sku for difference in audit.find_differences(db.session())}

    def repair() -> None:
        with app.app_context():
            with write_transaction() as session:
                audit.repair(session, found)
            db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        with write_transaction() as session:
            stock.sell(session, "TP", 1, reference="meanwhile", reserved=0)
            repairing = pool.submit(repair)
            if database == "postgresql":  # SQLite has one lock, which the repair waits for before it reads
                waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                assert eventually(lambda: session.execute(waits).scalar_one())
        repairing.result()
    assert item().on_hand == 4
    assert audit.find_differences(db.session()) == []


def test_only_committed_changes_are_published(app: Flask, published: Any) -> None:
    product = make_product(
        variants=[{"sku": "TP", "on_hand": 7}, {"sku": "T2", "option1": "b", "on_hand": 4}]
    )
    published.now().clear()
    with pytest.raises(ZeroDivisionError), write_transaction() as session:  # noqa: PT012  # the error is the test's own
        stock.set_on_hand(session, "TP", 1, reason="count", actor="test")
        raise ZeroDivisionError
    assert published.now() == []
    with write_transaction() as session:
        stock.set_on_hand(session, "TP", 3, reason="count", actor="test")
    (event,) = published.now()
    assert event.pop("timestamp") > 1.7e9
    assert event == {
        "product_id": product.id,
        "stock": 7,
        "sku": "TP",
        "sku_stock": 3,
        "band": "low",
        "version": 2,
    }


def test_late_and_doubled_events_are_not_published(app: Flask, published: Any) -> None:
    make_product(variants=[{"sku": "TP"}])
    event = {"product_id": 1, "stock": 1, "sku": "TP", "sku_stock": 1, "band": "low", "version": 5}
    publisher.publish_events([event, event, event | {"version": 4}, event | {"version": 6}])
    assert [one["version"] for one in published.now()] == [5, 6]


def test_only_a_change_of_the_printed_text_invalidates_pages(client: FlaskClient) -> None:
    product = make_product(variants=[{"sku": "TP", "on_hand": 50}])
    page, listed = f"/products/{product.slug}", "/products"

    def hits() -> tuple[bool, bool]:
        db.session.rollback()  # a page built from an older snapshot than its lease is not cached
        return tuple("hit" in client.get(url).headers["Cache-Status"] for url in (page, listed))  # type: ignore[return-value]

    def put(number: int) -> tuple[bool, bool]:
        hits()
        with write_transaction() as session:
            stock.set_on_hand(session, "TP", number, reason="count", actor="test")
        return hits()

    assert put(40) == (True, True), "in stock, as before"
    assert put(4) == (False, False), "the page shows the number, the list the band"
    assert put(3) == (False, True), "the list shows no number"
    assert put(0) == (False, False)
    assert put(9) == (False, False)
    assert "In stock" in client.get(page).text


@pytest.mark.parametrize(
    ("arguments", "sentence"), [(["nothing", "3"], "no variant"), (["TP", "-1"], "range")]
)
def test_the_set_command_rejects_bad_values_with_a_message(
    app: Flask, arguments: list[str], sentence: str
) -> None:
    make_product(variants=[{"sku": "TP"}])
    result = app.test_cli_runner().invoke(args=["stock", "set", "--reason", "x", "--", *arguments])
    assert result.exit_code != 0
    assert sentence in result.output
    assert item().on_hand == 20
