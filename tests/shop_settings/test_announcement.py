"""The announcement bar: on every page until its end, and gone then without a purge."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import cache, moments
from storefront.extensions import db
from storefront.shop_settings import announcement, stored_settings
from tests.factories import make_product

pytestmark = pytest.mark.any_database


def store(**values: str) -> None:
    for name, value in values.items():
        stored_settings.set_value(name, value)
    db.session.rollback()


def test_the_bar_is_on_every_page_and_leads_somewhere(app: Flask, client: FlaskClient) -> None:
    make_product("Mug")
    addresses = ("/", "/products/mug", "/cart", "/nowhere", "/account/login")
    assert not any("announcement-bar" in client.get(address).text for address in addresses)
    store(announcement="Sale: <20 % off>", announcement_link="/collections/sale")
    for address in addresses:
        page = client.get(address).text
        assert '<a href="/collections/sale">Sale: &lt;20 % off&gt;</a>' in page, address
    stored_settings.reset_value("announcement")
    assert not any("announcement-bar" in client.get(address).text for address in addresses)


def test_the_end_bounds_cached_pages(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = (datetime.now(UTC) + timedelta(minutes=3)).replace(second=0, microsecond=0)
    store(announcement="Back soon", timezone="Asia/Tokyo")
    with app.test_request_context("/"):
        typed = moments.minute_value(end)
    store(announcement_end=typed)
    for address in ("/cart", "/nowhere", "/"):
        assert "Back soon" in client.get(address).text
    assert 0 <= int(re.findall(r"ttl=(\d+)", client.get("/").headers["Cache-Status"])[0]) <= 180
    with app.test_request_context("/"), cache.collect_dependencies() as tags:
        assert announcement.find_announcement() is not None
        assert tags.valid_until == end.timestamp()
    monkeypatch.setattr(announcement.moments, "now", lambda: end)
    for address in ("/cart", "/nowhere"):
        assert "Back soon" not in client.get(address).text, "pages that are kept prepared, too"
