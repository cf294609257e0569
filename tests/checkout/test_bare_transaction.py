"""The transaction that the orders benchmark compares with must change the same rows as an order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from benchmarks import bare
from storefront.checkout.place_order import place_order
from storefront.extensions import Model, db
from storefront.stock import StockItem
from tests.accounts.people import second_app

SKUS = 2


def changes(side: Callable[[list[bare.Basket]], None]) -> dict[str, int]:
    """Return by how much an order changes the size of each table and the figures of the stock."""
    found = bare.create_baskets("bare-", SKUS, SKUS)
    before = _counted()
    side(found)
    return {name: number - before[name] for name, number in _counted().items() if number != before[name]}


def _counted() -> dict[str, int]:
    db.session.rollback()
    rows = {
        name: db.session.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in Model.metadata.tables.items()
    }
    item = select(func.sum(StockItem.on_hand), func.sum(StockItem.reserved), func.sum(StockItem.version))
    return rows | dict(zip(("on hand", "reserved", "version"), db.session.execute(item).one(), strict=True))


def _place(found: list[bare.Basket]) -> None:
    for basket in found:
        place_order(basket.checkout_id, f"the key of basket {basket.checkout_id}", basket.seen)


@pytest.mark.parametrize("side", [bare.place_with_core, bare.place_with_driver])
def test_bare_transaction_changes_the_same_rows_as_an_order(
    app: Flask, tmp_path: Path, redis_url: str, side: Callable[[list[bare.Basket]], None]
) -> None:
    mail = {"STOREFRONT_SMTP_URL": "smtp://127.0.0.1:9"}
    with second_app(app, tmp_path / "mailing", REDIS_URL=redis_url, **mail):
        bare.create_products("bare-", SKUS, 100)
        ours, theirs = changes(_place), changes(side)
    # It deletes the messages of the previous order one by one; the shop deletes those of many orders together.
    theirs["outbox"] += 2 * (SKUS - 1)
    assert ours == theirs
    assert ours["customer_order"] == ours["letter"] == ours["stock_movement"] == SKUS
