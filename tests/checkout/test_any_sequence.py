"""Baskets, holds, orders and cancellations in random sequences: nothing is oversold, and stock matches the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from storefront import stock
from storefront.cart import CartLine
from storefront.checkout import orders, retention, shipping
from storefront.checkout.errors import EmptyBasketError, OrderError, ShortageError
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent
from storefront.checkout.place_order import place_order
from storefront.extensions import db, write_transaction
from tests.checkout.shoppers import current_digest, hold, make_draft, stock_differences, stock_level
from tests.factories import make_product
from tests.selection import effort

# The first can be backordered.
SKUS = ["AHEAD", "CUP", "POT"]
STOCK = 6
STEPS = [orders.cancel, shipping.mark_shipped, shipping.mark_delivered, orders.record_payment]


class Shop(RuleBasedStateMachine):
    """A shop with little stock, many shoppers and staff, and a model of the expected stock."""

    drafts, placed = Bundle("drafts"), Bundle("placed")

    def __init__(self, round_number: int) -> None:
        super().__init__()
        with write_transaction() as session:  # unpaid orders of earlier rounds would be over a budget
            session.execute(update(Order).values(state="paid", paid=Order.total))
        self.names = {sku: f"{sku}-{round_number}" for sku in SKUS}
        for sku, name in self.names.items():
            make_product(variants=[{"sku": name, "on_hand": STOCK, "backorder": sku == "AHEAD"}])
        self.on_hand = dict.fromkeys(SKUS, STOCK)
        self.held: dict[int, dict[str, int]] = {}
        # The returned quantity of the first line of each order.
        self.back: dict[str, int] = {}
        self.keys = 0

    @rule(target=drafts, quantities=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), max_size=3))
    def come_in(self, quantities: dict[str, int]) -> int:
        return make_draft({self.names[sku]: number for sku, number in quantities.items()})

    @rule(draft=drafts, sku=st.sampled_from(SKUS), quantity=st.integers(0, 4))
    def change_the_basket(self, draft: int, sku: str, quantity: int) -> None:
        with write_transaction() as session:
            cart_id = session.get_one(Checkout, draft).cart_id
            session.execute(
                delete(CartLine).where(CartLine.cart_id == cart_id, CartLine.sku == self.names[sku])
            )
            if quantity:
                line = {"sku": self.names[sku], "quantity": quantity, "price_seen": 0}
                session.add(CartLine(cart_id=cart_id, **line))

    @rule(draft=drafts)
    def begin_to_pay(self, draft: int) -> None:
        wanted = self.basket(draft)
        fits = all(self.free(sku, draft) >= number for sku, number in wanted.items() if sku != "AHEAD")
        try:
            held = hold(draft)
        except ShortageError:
            assert not fits
        except EmptyBasketError:
            assert not wanted
        else:
            assert fits
            if not held.is_refused:
                self.held[draft] = {sku: number for sku, number in wanted.items() if sku != "AHEAD"}

    @rule(target=placed, draft=drafts, twice=st.booleans())
    def order(self, draft: int, twice: bool) -> str | None:
        wanted, self.keys = self.basket(draft), self.keys + 1
        fits = all(self.free(sku, draft) >= number for sku, number in wanted.items() if sku != "AHEAD")
        key, digest = f"the key number {self.keys}", current_digest(draft)
        try:
            found = place_order(draft, key, digest)
        except ShortageError:
            assert not fits
            return None
        except EmptyBasketError:
            assert not wanted
            return None
        assert fits
        for sku, number in wanted.items():
            ahead = max(0, min(number, self.free(sku, draft))) if sku == "AHEAD" else number
            self.on_hand[sku] -= ahead
        self.held.pop(draft, None)
        if twice:
            again = place_order(draft, key, digest)
            assert (again.repeated, again.order.number) == (True, found.order.number)
        return str(found.order.number)

    @rule(number=placed, step=st.sampled_from(STEPS))
    def go_on(self, number: str | None, step: Callable[..., OrderEvent]) -> None:
        if number is None:
            return
        order = self.look(number)
        before, total = order.state, order.total
        back = {line.sku.split("-")[0]: line.from_stock for line in order.lines}
        first = order.lines[0].sku.split("-")[0]
        amount = (total, "USD") if step == orders.record_payment else ()
        try:
            with write_transaction() as session:
                step(session, number, *amount, actor="staff")
        except OrderError:
            return
        assert step == orders.record_payment or before in ("placed", "paid", "shipped")
        if step == orders.cancel:
            for sku, taken in back.items():
                self.on_hand[sku] += taken - (self.back.get(number, 0) if sku == first else 0)
            self.back[number] = back[first]

    @rule(number=placed, quantity=st.integers(1, 2))
    def goods_come_back(self, number: str | None, quantity: int) -> None:
        if number is None:
            return
        order = self.look(number)
        line, before = order.lines[0], self.back.get(number, 0)
        paid, due = order.paid or order.total, order.total - order.paid
        fits = paid > order.refunded and before + quantity <= line.from_stock
        try:
            with write_transaction() as session:
                if due:
                    orders.record_payment(session, number, due, "USD", actor="staff")
                orders.record_refund(session, number, 1, actor="staff", returned={line.id: quantity})
        except OrderError:
            assert not fits
        else:
            assert fits
            self.back[number] = before + quantity
            self.on_hand[line.sku.split("-")[0]] += quantity

    @rule(sku=st.sampled_from(SKUS), number=st.integers(1, 3))
    def goods_come_in(self, sku: str, number: int) -> None:
        with write_transaction() as session:
            stock.receive(session, self.names[sku], number, reason="delivery", actor="staff")
        self.on_hand[sku] += number

    @rule(draft=drafts)
    def linger(self, draft: int) -> None:
        """The hold expires, and the cleanup releases it."""
        with write_transaction() as session:
            late = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(update(Hold).where(Hold.checkout_id == draft).values(expires_at=late))
        assert retention.clean_up() == len(self.held.pop(draft, {}))

    @invariant()
    def all_agree(self) -> None:
        assert stock_differences() == []
        for sku in SKUS:
            reserved = sum(held.get(sku, 0) for held in self.held.values())
            assert stock_level(self.names[sku]) == (self.on_hand[sku], reserved), sku

    def basket(self, draft: int) -> dict[str, int]:
        db.session.rollback()
        cart_id = db.session.get_one(Checkout, draft).cart_id
        rows = db.session.execute(select(CartLine).where(CartLine.cart_id == cart_id)).scalars()
        return {row.sku.split("-")[0]: row.quantity for row in rows}

    def free(self, sku: str, draft: int) -> int:
        others = sum(held.get(sku, 0) for other, held in self.held.items() if other != draft)
        return self.on_hand[sku] - others

    def look(self, number: str) -> Order:
        db.session.rollback()
        return db.session.execute(select(Order).where(Order.number == number)).scalar_one()


@pytest.mark.slow
@pytest.mark.long
def test_stock_and_ledger_agree_after_any_sequence(app: Flask) -> None:
    rounds = iter(range(10_000))
    run_state_machine_as_test(
        lambda: Shop(next(rounds)),
        settings=settings(
            max_examples=effort(8, 60),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
