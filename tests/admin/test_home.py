"""The first page of the back office: what waits, what the shop took, and what is scarce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import update

from storefront.catalog.scarce_variants import list_scarce
from storefront.checkout.models import Order
from storefront.checkout.takings import periods, read_takings
from storefront.extensions import db, write_transaction
from storefront.money import Money
from tests.accounts.people import staff_browser
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.statements import count_statements

BERLIN = ZoneInfo("Europe/Berlin")


def test_periods_begin_at_midnight_of_the_shop() -> None:
    now = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)  # Wednesday, 23:30 in Berlin
    today, before, week, week_before = periods(now, BERLIN)
    assert (today.start, today.end) == (datetime(2026, 11, 25, tzinfo=BERLIN), now)
    assert (before.start, before.end) == (datetime(2026, 11, 18, tzinfo=BERLIN), now - timedelta(days=7))
    assert week.start == datetime(2026, 11, 23, tzinfo=BERLIN)
    assert week_before.start == datetime(2026, 11, 16, tzinfo=BERLIN)


def test_a_day_with_a_change_of_clocks_is_one_day() -> None:
    now = datetime(2026, 10, 25, 12, tzinfo=BERLIN)
    today, before, *_weeks = periods(now, BERLIN)
    assert today.end.astimezone(UTC) - today.start.astimezone(UTC) == timedelta(hours=13)
    assert before.end == datetime(2026, 10, 18, 12, tzinfo=BERLIN)


def test_the_page_shows_what_waits_and_what_came_in(app: Flask) -> None:
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 7}])
    make_product("Old cup", status="archived", variants=[{"sku": "OLD", "on_hand": 0}])
    make_product("Card", variants=[{"sku": "CARD", "on_hand": 0, "backorder": True}])
    orders = [place(make_draft({"CUP": 1}), f"a key of good length {place_}").order for place_ in range(4)]
    changes = (
        {"state": "paid", "paid": Order.total},
        {"state": "cancelled", "paid": 100},
        {"placed_at": datetime.now(UTC) - timedelta(days=7)},
    )
    with write_transaction() as session:
        for order, values in zip(orders, changes, strict=False):
            session.execute(update(Order).where(Order.number == order.number).values(**values))
    db.session.rollback()
    price = Money(orders[0].total, "USD")
    takings, work = read_takings(periods(datetime.now(UTC), ZoneInfo("UTC")))
    assert (takings["today"].orders, takings["today-before"].orders) == (2, 1)
    assert takings["today"].received["USD"] == price
    assert work == {"paid": 1, "placed": 2, "refund due": 1}
    assert [(variant.sku, variant.left) for variant in list_scarce(5)] == [("CUP", 3)]
    browser = staff_browser(app)
    page = browser.get("/admin").text
    assert f"{price.format('en_US')} received" in page.replace("<bdi>", "").replace("</bdi>", "")
    assert '<a href="/admin/stock?code=CUP">' in page
    assert 'href="/admin/orders?state=refund+due"' in page
    assert count_statements(lambda: browser.get("/admin")) <= 7, "8 where the settings are read, too"


def test_a_person_sees_the_parts_of_their_role(app: Flask) -> None:
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 0}])
    keeper, packer = (
        staff_browser(app, "stock").get("/admin").text,
        staff_browser(app, "orders").get("/admin").text,
    )
    assert "Low or out of stock" in keeper
    assert "Takings" not in keeper
    assert "Takings" in packer
    assert "Low or out of stock" not in packer
