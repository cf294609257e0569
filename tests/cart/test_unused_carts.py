"""Baskets without an account are deleted after a year unused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront.cart import unused_carts
from storefront.cart.models import Cart, CartLine
from storefront.extensions import db, write_transaction

pytestmark = pytest.mark.any_database


def make_cart(name: str, days: int, *, user_id: int | None = None, added: int | None = None) -> None:
    ago = {unit: datetime.now(UTC) - timedelta(days=unit) for unit in (days, added or days)}
    with write_transaction() as session:
        cart = Cart(token=name, user_id=user_id, created_at=ago[days], updated_at=ago[days])
        session.add(cart)
        session.flush()
        session.add(
            CartLine(cart_id=cart.id, sku=name, quantity=1, price_seen=1, added_at=ago[added or days])
        )


def test_unused_baskets_of_guests_are_deleted_in_batches(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unused_carts, "BATCH", 2)
    for name in ("a", "b", "c"):
        make_cart(name, 366)
    make_cart("young", 364)
    make_cart("used", 800, added=20)
    make_cart("account", 800, user_id=7)
    assert [unused_carts.delete_unused_carts() for _ in range(3)] == [2, 1, 0]
    db.session.rollback()
    assert sorted(db.session.scalars(db.select(Cart.token))) == ["account", "used", "young"]
    assert sorted(db.session.scalars(db.select(CartLine.sku))) == ["account", "used", "young"]
