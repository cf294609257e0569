"""The pages of change sets: what they show, and what their buttons do, at once or in the background."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from storefront.admin import change_set_pages
from storefront.background import turns
from storefront.catalog.models import Variant
from storefront.change_sets import PlanWriter, scheduled_runs
from storefront.change_sets import store as change_sets
from storefront.change_sets.changes import ValueChange
from storefront.extensions import db
from storefront.shop_settings import stored_settings
from tests.accounts.people import Browser, staff_browser
from tests.change_sets.stored_sets import creation, store, update, variant_change
from tests.factories import make_product
from tests.statements import count_statements


def plan_prices(products: int = 3, price: int = 2100) -> int:
    """Store a change set of the price of each of these products; return its number."""
    changes = []
    for place in range(products):
        pot = make_product(f"Pot {place}", variants=[{"sku": f"P{place}", "price": 1999}])
        changes.append(update(pot, variants=[variant_change(f"P{place}", price=(1999, price))]))
    return store(changes)


def prices() -> set[int]:
    return set(db.session.scalars(db.select(Variant.price)))


def status(number: int) -> str:
    db.session.rollback()
    return change_sets.get(number).status


@pytest.mark.any_database
def test_the_page_shows_each_field_and_what_to_look_at_first(app: Flask) -> None:
    cup, pot = (make_product(name, variants=[{"sku": name.upper()}]) for name in ("Cup", "Pot"))
    cup_change = update(cup, fields={"title": ValueChange("Cup", "<b>Mug</b>")})
    pot_change = update(pot, variants=[variant_change("POT", price=(1999, 9999))])
    pot_change.flags = ["price_jump"]
    number = store([cup_change, pot_change])
    with PlanWriter("import", "refused.csv") as plan:
        plan.add(cup_change)
        plan.add_problem(7, "Price", "=1+1 is not a price")
        refused = plan.finish()
    browser = staff_browser(app, "viewer")
    page = browser.get(f"/admin/imports/{number}").text
    assert page.index("a price changes by more than half") < page.index("&lt;b&gt;Mug&lt;/b&gt;")
    assert "$19.99" in page
    assert "$99.99" in page
    assert "<form" not in page.partition("<main")[2]
    answer = browser.get(f"/admin/imports/{refused}/problems.csv")
    assert answer.text == "Line,Column,Reason,Kind\n7,Price,'=1+1 is not a price,refused\n"
    assert "=1+1 is not a price" in browser.get(f"/admin/imports/{refused}").text
    assert f'href="/admin/imports/{number}"' in browser.get("/admin/imports").text
    stored_settings.set_value("locale", "de_DE")
    page = browser.get(f"/admin/imports/{number}").text
    assert "99,99\N{NO-BREAK SPACE}$" in page, "amounts are written as the shop's language writes them"
    assert f'href="/admin/imports/{number}"' in browser.get("/admin").text


def test_a_small_change_set_is_applied_and_undone_at_once(app: Flask) -> None:
    number = plan_prices()
    browser = staff_browser(app, "catalogue")
    assert (
        browser.post(f"/admin/imports/{number}/application").location
        == f"/admin/imports/{number}?said=applied"
    )
    assert (status(number), prices()) == ("applied", {2100})
    assert change_sets.get(number).applied_by.startswith("staff:")
    assert browser.post(f"/admin/imports/{number}/application").status_code == 409
    assert browser.post(f"/admin/imports/{number}/removal").status_code == 409
    assert browser.post(f"/admin/imports/{number}/undo").location == f"/admin/imports/{number}?said=undone"
    assert (status(number), prices()) == ("undone", {1999})
    assert change_sets.get(number).run_at is None


@pytest.mark.any_database
def test_a_discarded_change_set_cannot_be_applied(app: Flask) -> None:
    number = plan_prices(1)
    browser = staff_browser(app, "catalogue")
    assert browser.post(f"/admin/imports/{number}/removal").status_code == 303
    assert "deleted" in browser.get(f"/admin/imports/{number}").text
    assert browser.post(f"/admin/imports/{number}/application").status_code == 409


@pytest.mark.any_database
def test_a_role_that_was_taken_away_applies_nothing(app: Flask) -> None:
    number = plan_prices(1)
    viewer, packer = staff_browser(app, "viewer"), staff_browser(app, "orders")
    for path in ("application", "undo", "stop", "removal"):
        assert viewer.post(f"/admin/imports/{number}/{path}").status_code == 404
        assert packer.post(f"/admin/imports/{number}/{path}").status_code == 404
    assert packer.get(f"/admin/imports/{number}").status_code == 404
    assert viewer.get("/admin/imports/999").status_code == 404
    assert (status(number), prices()) == ("planned", {1999})


@pytest.fixture
def large(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[Browser, int]:
    """A browser, and a change set that is too large for a request: 4 products in batches of one."""
    monkeypatch.setattr(scheduled_runs, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(scheduled_runs, "BATCH", 1)
    return staff_browser(app, "catalogue"), plan_prices(4)


def test_a_large_change_set_is_applied_in_the_background(large: tuple[Browser, int]) -> None:
    browser, number = large
    assert browser.post(f"/admin/imports/{number}/application").location == f"/admin/imports/{number}"
    page = browser.get(f"/admin/imports/{number}").text
    assert "<progress" in page
    assert f'action="/admin/imports/{number}/stop"' in page
    assert browser.post(f"/admin/imports/{number}/application").status_code == 409
    assert browser.post(f"/admin/imports/{number}/removal").status_code == 409
    assert scheduled_runs.run_due()
    assert (status(number), prices()) == ("applied", {2100})
    assert change_sets.get(number).applied_by.startswith("staff:")
    assert not scheduled_runs.run_due()
    assert "data-running" not in browser.get(f"/admin/imports/{number}/progress").text


def test_the_work_is_continued_after_a_turn(
    large: tuple[Browser, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, number = large
    monkeypatch.setattr(turns, "TURN", -1.0)  # over before the first batch
    browser.post(f"/admin/imports/{number}/application")
    assert scheduled_runs.run_due()
    assert (status(number), prices()) == ("applying", {1999})
    monkeypatch.undo()
    assert scheduled_runs.run_due()
    assert (status(number), prices()) == ("applied", {2100})


def test_the_work_rests_between_its_batches(
    large: tuple[Browser, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, number = large
    rests: list[float] = []
    monkeypatch.setattr(turns, "sleep", rests.append)
    browser.post(f"/admin/imports/{number}/application")
    assert scheduled_runs.run_due()
    assert (status(number), len(rests)) == ("applied", 3)


def test_stop_ends_the_work_behind_a_batch_and_it_goes_on_later(
    large: tuple[Browser, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, number = large
    browser.post(f"/admin/imports/{number}/application")
    asked = []

    is_still_due = scheduled_runs._is_still_due

    def stop_before_the_third(*about: Any) -> bool:
        asked.append(about)
        if len(asked) == 3:
            browser.post(f"/admin/imports/{number}/stop")
        return is_still_due(*about)

    monkeypatch.setattr(scheduled_runs, "_is_still_due", stop_before_the_third)
    assert scheduled_runs.run_due()
    assert (status(number), change_sets.get(number).states) == ("applying", {"applied": 2, "pending": 2})
    assert not scheduled_runs.run_due()
    assert f'action="/admin/imports/{number}/application"' in browser.get(f"/admin/imports/{number}").text
    assert [one.id for one in change_sets.find_interrupted()] == [number]
    browser.post(f"/admin/imports/{number}/undo")
    assert scheduled_runs.run_due()
    assert (status(number), prices()) == ("undone", {1999})


def test_rows_are_read_in_pages_that_cost_the_same(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_set_pages, "PAGE", 2)
    changes = [creation(f"pot-{place}") for place in range(5)]
    changes[3].flags = ["publication"]
    number = store(changes)
    browser = staff_browser(app, "viewer")
    pages = [browser.get(f"/admin/imports/{number}{place}").text for place in ("", "?after=1", "?after=3")]
    assert 'href="/admin/imports/1?after=1" rel="next"' in pages[0]
    assert [re.findall(r"<bdi>Pot-(\d)</bdi>", page) for page in pages] == [["3", "0"], ["1", "2"], ["4"]]
    assert 'rel="next"' not in pages[2]
    assert count_statements(lambda: browser.get(f"/admin/imports/{number}")) <= 8
    assert browser.get(f"/admin/imports/{number}?after=x").status_code == 404
    assert count_statements(lambda: browser.get("/admin/imports")) <= 8
