"""What is known of the variants that somebody watches: what may be told of each, and what was told last."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from flask import Flask
from sqlalchemy import select

from storefront.extensions import db
from storefront.stock.models import StockItem
from storefront.stock.queries import Band, Level, badge
from storefront.stock.stream.frames import State


class _Event(msgspec.Struct):
    product_id: int
    sku: str
    sku_stock: int
    band: Band
    version: int


_decode = msgspec.json.Decoder(_Event).decode


class Known:
    """The newest state of each variant of the products that are watched.

    Args:
        app: whose database and settings are used.

    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._display = app.config["STOCK_DISPLAY"]
        self._latest: dict[str, State] = {}
        self._told: dict[str, State] = {}
        self._skus: dict[int, set[str]] = {}

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._skus

    def has(self, sku: str) -> bool:
        """Return whether something is known of the variant."""
        return sku in self._latest

    def __len__(self) -> int:
        return len(self._latest)

    def of(self, product_ids: Iterable[int]) -> list[State]:
        """Return the states of all variants of these products."""
        return [self._latest[sku] for number in product_ids for sku in self._skus.get(number, ())]

    def learn(self, state: State) -> bool:
        """Keep a state if it is the newest; return whether anything can be seen that was not told before."""
        before = self._latest.get(state.sku)
        if before is not None and before.version >= state.version:
            return False
        self._latest[state.sku] = state
        self._skus.setdefault(state.product_id, set()).add(state.sku)
        told = self._told.get(state.sku)
        if told is not None and (told.band, told.left) == (state.band, state.left):
            return False
        self._told[state.sku] = state
        return True

    def is_last_told(self, state: State) -> bool:
        """Return whether nothing else has been told of the variant since."""
        return self._told.get(state.sku) is state

    def forget(self, product_id: int) -> None:
        """Keep no more of a product that nobody watches."""
        for sku in self._skus.pop(product_id, ()):
            self._latest.pop(sku, None)
            self._told.pop(sku, None)

    def read(self, product_ids: Iterable[int]) -> list[State]:
        """Return the variants as the database has them; the connection is given back at once."""
        with self._app.app_context():
            wanted = select(StockItem).where(StockItem.product_id.in_(list(product_ids)))
            rows = db.session.execute(wanted).scalars().all()
            states = [self._seen(row) for row in rows]
            db.session.remove()
        return states

    def decode(self, message: bytes) -> State:
        """Return what may be told of an event for servers; msgspec.MsgspecError if it is none."""
        told = _decode(message)
        shown = self._display == "exact" or (self._display == "low" and told.band != "in")
        return State(told.product_id, told.sku, told.band, told.sku_stock if shown else None, told.version)

    def _seen(self, row: StockItem) -> State:
        level = Level(row.available if row.tracked else None, row.low_threshold)
        said = badge(level, self._display)
        left = 0 if said.band == "out" and self._display != "band" else said.left
        return State(row.product_id, row.sku, said.band, left, row.version)
