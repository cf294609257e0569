"""Staff find orders by number, name, e-mail address, SKU and day; each way uses an index."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.checkout.models import Order
from storefront.checkout.order_search import OrderSearch, name_keys
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user
from tests.checkout.shoppers import ADDRESS, make_draft, place
from tests.factories import make_product
from tests.statements import whole_reads

pytestmark = pytest.mark.any_database


@pytest.fixture
def staff(app: Flask) -> Browser:
    make_user("boss@shop.example", staff=True)
    browser = Browser(app)
    browser.sign_in("boss@shop.example")
    return browser


@pytest.fixture
def numbers(app: Flask) -> dict[str, str]:
    """The numbers of two orders, by the beginning of the recipient's name."""
    made = make_product(
        "Cup",
        variants=[
            {"sku": "code-1", "label": "BLUE-1"},
            {"sku": "C-2", "label": "Cup – Grün", "option1": "x"},
        ],
    )
    assert made.variants
    ada = place(make_draft({"code-1": 1}, email="ada@shop.example")).order.number
    bill = {**ADDRESS, "name": "Ana García-López"}
    jose = {**ADDRESS, "name": "José  Núñez de la Peña"}
    return {
        "ada": ada,
        "jose": place(
            make_draft({"C-2": 1}, email="jose@shop.example", address=jose, bill_to=bill)
        ).order.number,
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ada byron", {"ada"}),
        ("BYR", {"ada"}),
        ("byron ada", {"ada"}),
        ("Jose nunez", {"jose"}),
        ("peña", {"jose"}),
        ("de la Peña", {"jose"}),
        ("nunez de la pe", {"jose"}),
        ("la byron", set()),
        ("NÚÑEZ", {"jose"}),
        ("pena jose", {"jose"}),
        ("nun jos", {"jose"}),
        ("lopez", {"jose"}),
        ("García-López", {"jose"}),
        ("garcialopez", {"jose"}),
        ("lopez byron", set()),
        ("e la peña", set()),
        ("ada@shop.example", {"ada"}),
        (" ADA@Shop.Example ", {"ada"}),
        ("BLUE-1", {"ada"}),
        ("blue-1", {"ada"}),
        ("code-1", {"ada"}),
        ("C-2", {"jose"}),
        ("CODE-1", {"ada"}),
        ("Blue-1", {"ada"}),
        ("cup – grün", {"jose"}),
        ("CUP – GRÜN", {"jose"}),
        ("da", set()),
        ("%", set()),
        ("' OR 1=1", set()),
        ("", {"ada", "jose"}),
    ],
)
def test_a_search_finds_orders(staff: Browser, numbers: dict[str, str], typed: str, found: set[str]) -> None:
    page = staff.get("/admin/orders", query_string={"q": typed}).text
    assert {name for name, number in numbers.items() if number in page} == found


def test_both_days_of_a_search_are_part_of_it(staff: Browser, numbers: dict[str, str]) -> None:
    times = {"ada": datetime(2026, 1, 31, tzinfo=UTC), "jose": datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC)}
    with write_transaction() as session:
        for name, number in numbers.items():
            session.execute(update(Order).where(Order.number == number).values(placed_at=times[name]))
    for days, found in (
        ({"from": "2026-01-31", "to": "2026-02-01"}, {"ada", "jose"}),
        ({"from": "2026-01-31", "to": "2026-01-31"}, {"ada"}),
        ({"from": "2026-02-01"}, {"jose"}),
        ({"to": "2026-01-30"}, set()),
        ({"to": "2026-02-01", "q": "byron"}, {"ada"}),
    ):
        page = staff.get("/admin/orders", query_string=days).text
        assert {name for name, number in numbers.items() if number in page} == found, days
    honolulu = OrderSearch(since=times["ada"].date()).conditions(ZoneInfo("Pacific/Honolulu"))
    assert db.session.scalars(select(Order.number).where(*honolulu)).all() == [numbers["jose"]]


@pytest.mark.parametrize("day", ["31.01.2026", "2026-02-30", "0001-01-01", "9999-12-31", "x" * 5000])
def test_a_day_that_cannot_be_read_is_a_note(staff: Browser, numbers: dict[str, str], day: str) -> None:
    page = staff.get("/admin/orders", query_string={"from": day, "to": day, "q": "byron"})
    assert "<bdi>Ada Byron</bdi>" in page.text, "the recipient's name"
    assert page.status_code == 200
    assert "Enter the days as 2026-01-31." in page.text
    assert numbers["ada"] in page.text, "the rest of the search stays"


def test_days_in_the_wrong_order_are_a_note(staff: Browser, numbers: dict[str, str]) -> None:
    page = staff.get("/admin/orders?from=2026-02-01&to=2026-01-31").text
    assert "The first day is after the last day. Change one of them." in page
    assert "first day" not in staff.get("/admin/orders?from=2026-01-31&to=2026-01-31").text


def test_a_number_still_leads_to_its_order(staff: Browser, numbers: dict[str, str]) -> None:
    for name in ("q", "number"):
        answer = staff.get("/admin/orders", query_string={name: numbers["ada"].lower()})
        assert answer.location == f"/admin/orders/{numbers['ada']}"
    assert "No order matches this search." in staff.get("/admin/orders?q=XYZ").text


def test_further_pages_keep_the_search(staff: Browser, numbers: dict[str, str]) -> None:
    page = staff.get("/admin/orders?q=a%26b&from=2026-01-01&state=placed").text
    assert "q=a%26b" in page
    assert 'value="2026-01-01"' in page


@pytest.mark.parametrize("typed", ["byron@shop.example", "van den Byron"])
def test_no_way_to_find_an_order_reads_all_orders(app: Flask, typed: str) -> None:
    assert not whole_reads(select(Order.id).where(*OrderSearch(typed).conditions(ZoneInfo("UTC"))))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Ada Byron", ("ada byron", "byron ada")),
        ("  Łucja   Ślązak ", ("lucja slazak", "slazak lucja")),
        ("Cher", ("cher", "cher")),
        ("", ("", "")),
    ],
)
def test_names_are_found_by_either_part(name: str, keys: tuple[str, str]) -> None:
    assert tuple(name_keys(name).values()) == keys
