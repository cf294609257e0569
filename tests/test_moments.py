"""Times for people: in the shop's time zone and the format of its locale, with an exact time for scripts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from storefront.extensions import db
from storefront.moments import format_day, format_minute, time_element
from storefront.shop_settings import stored_settings
from storefront.terminal import show_time
from tests.factories import make_product

pytestmark = pytest.mark.any_database
MOMENT = datetime(2026, 11, 29, 23, 30, 15, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "zone", "day", "minute"),
    [
        ("en_US", "UTC", "Nov 29, 2026", "Nov 29, 2026, 11:30\u00a0PM UTC"),
        ("de_DE", "Europe/Berlin", "30.11.2026", "30.11.2026, 00:30 MEZ"),
        ("en_US", "America/New_York", "Nov 29, 2026", "Nov 29, 2026, 6:30\u00a0PM EST"),
        ("en_US", "Africa/Cairo", "Nov 30, 2026", "Nov 30, 2026, 1:30\u00a0AM GMT+02:00"),
        ("ja_JP", "Asia/Tokyo", "2026年11月30日", "2026年11月30日 8:30 JST"),
    ],
)
def test_times_are_those_of_the_shop(app: Flask, locale: str, zone: str, day: str, minute: str) -> None:
    app.config["SHOP_SETTINGS"] = {"locale": locale, "timezone": zone}
    assert (format_day(MOMENT), format_minute(MOMENT)) == (day, minute)


def test_summer_time_is_named(app: Flask) -> None:
    app.config["SHOP_SETTINGS"] = {"timezone": "America/New_York"}
    assert format_minute(SUMMER) == "Jul 1, 2026, 8:00\u00a0AM EDT"


def test_an_element_has_the_exact_time_in_utc(app: Flask) -> None:
    app.config["SHOP_SETTINGS"] = {"timezone": "Europe/Berlin"}
    assert str(time_element(MOMENT)).startswith(
        '<local-time><time datetime="2026-11-29T23:30:15Z" dir="auto">Nov 30, 2026'
    )


def test_commands_print_utc() -> None:
    assert show_time(MOMENT) == "2026-11-29 23:30 UTC"


@pytest.mark.parametrize(
    ("locale", "start"),
    [
        ("ar_EG", 'lang="ar-EG" dir="rtl"'),
        ("he_IL", 'lang="he-IL" dir="rtl"'),
        ("de_DE", 'lang="de-DE" dir="ltr"'),
    ],
)
def test_pages_are_written_in_the_locales_direction(app: Flask, locale: str, start: str) -> None:
    make_product("Mug")
    stored_settings.set_value("locale", locale)
    db.session.rollback()
    client = app.test_client()
    for address in ("/", "/products/mug", "/cart", "/login", "/nowhere"):
        assert f"<html {start}>" in client.get(address).text, address
