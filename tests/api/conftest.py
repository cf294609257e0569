"""Fixtures of the tests of the API: tokens, and a client that sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.api import tokens
from storefront.extensions import db
from tests.factories import make_category, make_product

Call = Callable[..., TestResponse]
BOTH = "catalog:write stock:write"


@pytest.fixture
def call(app: Flask) -> Call:
    """Call the API with a method, a path below /api/v1, and optionally a body, scopes of a token, or headers."""
    made: dict[tuple[str, ...], str] = {}

    def call(
        method: str, address: str, body: Any = None, *, scopes: str = "", **headers: str
    ) -> TestResponse:
        wanted = tuple(scopes.split())
        if wanted and wanted not in made:
            made[wanted] = tokens.create_token("tests", wanted)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if wanted:
            sent["Authorization"] = f"Bearer {made[wanted]}"
        db.session.rollback()  # so that the request sees its own snapshot
        given: dict[str, Any] = (
            {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        )
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
        return app.test_client().open(f"/api/v1{address}", method=method, headers=sent, **given)

    return call


@pytest.fixture
def pot(app: Flask) -> int:
    """A pot with one variant, in a shop with another product."""
    make_product("Plate", category=make_category("Plates"), variants=[{"sku": "PLATE"}])
    pots = make_category("Tea", "Pots")
    variant = {"sku": "POT", "price": 2000, "on_hand": 9, "reserved": 2}
    return make_product("Pot", category=pots, variants=[variant], pictures=1).id


def read(call: Call, pot: int, scopes: str = BOTH) -> Any:
    """Return a product as the API shows it to a token that may change it."""
    return call("GET", f"/products/{pot}", scopes=scopes).get_json()
