"""/admin/grid: many variants edited in one form, saved as one change set; nothing typed is lost."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.admin import once_only
from storefront.admin.grid.grid_view import VIEWS
from storefront.catalog.models import Product, Variant
from storefront.change_sets import store
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange
from storefront.extensions import db, write_transaction
from storefront.stock import inventory
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_product
from tests.statements import count_statements


@pytest.fixture
def browser(app: Flask) -> Browser:
    """The owner's browser, in a shop with two products."""
    make_product("Cup", variants=[{"sku": "CUP", "label": "C 1", "price": 500, "on_hand": 7}])
    variants: list[dict[str, Any]] = [
        {"sku": "POT-S", "price": 1000, "option1": "S", "compare_at_price": 1500},
        {"sku": "POT-L", "price": 2000, "option1": "L", "tracked": False},
    ]
    make_product("Pot", option_names=["Size"], variants=variants)
    return staff_browser(app)


def fields(page: TestResponse) -> dict[str, str]:
    """Return the fields of the form as a browser would send them, without the key that tells forms apart."""
    found = {}
    body = page.text[page.text.index("<edit-grid") :]
    for tag in re.finditer(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', body):
        found[tag[1]] = html.unescape(tag[2])
    for tag in re.finditer(r'<select[^>]* name="([^"]+)".*?value="(\w+)" selected', body, re.S):
        found[tag[1]] = tag[2]
    found.pop(once_only.FIELD)
    return found


def variant(sku: str) -> Variant:
    db.session.rollback()
    found: Variant = db.session.scalars(db.select(Variant).where(Variant.sku == sku)).one()
    return found


def cell(field: str, sku: str) -> str:
    return f"{field}-{variant(sku).id}"


def send(browser: Browser, changes: dict[str, str], query: str = "") -> TestResponse:
    """Open the grid, change cells and send the form."""
    return browser.post(f"/admin/grid{query}", **fields(browser.get(f"/admin/grid{query}")) | changes)


def planned(answer: TestResponse) -> list[ProductChange]:
    assert answer.status_code == 303, re.findall(
        r"field__wrong[^>]*>([^<]*)|error-summary\">([^<]*)", answer.text
    )
    number = int(answer.location.rpartition("/")[2])
    db.session.rollback()
    assert store.get(number).kind == "edit"
    return [msgspec.json.decode(row.content, type=ProductChange) for row in store.read_rows(number)]


def test_cells_become_one_change_set_with_preview_and_undo(browser: Browser) -> None:
    pot = variant("POT-S").product_id
    typed = {
        cell("price", "CUP"): "6.50",
        cell("on_hand", "CUP"): "9",
        cell("label", "CUP"): "C 2",
        cell("compare_at_price", "POT-S"): "",
        cell("price", "POT-L"): "2,100.00",
        f"status-{pot}": "draft",
    }
    answer = send(browser, typed)
    changes = {change.slug: change for change in planned(answer)}
    (cup,) = changes["cup"].variants
    assert cup.fields == {"price": ValueChange(500, 650), "label": ValueChange("C 1", "C 2")}
    assert cup.stock == StockChange("set", 9, 7)
    assert changes["pot"].fields == {"status": ValueChange("active", "draft")}
    small, large = changes["pot"].variants
    assert small.fields == {"compare_at_price": ValueChange(1500, None)}
    assert large.fields == {"price": ValueChange(2000, 210000)}
    assert variant("CUP").price == 500, "nothing changes before it is applied"
    preview = browser.get(answer.location)
    assert "6.50" in preview.text
    browser.post(f"{answer.location}/application")
    db.session.rollback()
    assert (variant("CUP").price, db.session.get_one(Product, pot).status) == (650, "draft")
    browser.post(f"{answer.location}/undo")
    db.session.rollback()
    assert (variant("CUP").price, db.session.get_one(Product, pot).status) == (500, "active")


@pytest.mark.any_database
def test_nothing_typed_is_lost_by_an_error(browser: Browser) -> None:
    typed = {
        cell("price", "CUP"): "cheap",
        cell("on_hand", "CUP"): "-3",
        cell("label", "CUP"): "x" * 300,
        cell("price", "POT-S"): "11.00",
        f"status-{variant('CUP').product_id}": "sold",
    }
    answer = send(browser, typed)
    assert answer.status_code == 422
    shown = fields(answer)
    assert {name: shown.get(name) for name in typed} == {
        **typed,
        cell("label", "CUP"): "x" * 255,
        f"status-{variant('CUP').product_id}": None,
    }
    for sentence in ("Enter an amount such as", "Enter a whole number from 0", "Use up to 255 characters"):
        assert sentence in answer.text
    assert answer.text.count("data-changed") >= 4
    assert store.list_change_sets() == []
    fixed = shown | {cell("price", "CUP"): "6", cell("on_hand", "CUP"): "3", cell("label", "CUP"): "C"}
    fixed[f"status-{variant('CUP').product_id}"] = "active"
    assert len(planned(browser.post("/admin/grid", **fixed))) == 2


def test_two_people_at_once_do_not_overwrite_each_other(browser: Browser) -> None:
    page = fields(browser.get("/admin/grid"))
    with write_transaction() as session:
        session.get_one(Variant, variant("CUP").id).price = 555
        inventory.receive(session, "CUP", 1, reason="")
    changes = {cell("price", "CUP"): "6.50", cell("on_hand", "CUP"): "2", cell("label", "CUP"): "New"}
    answer = browser.post("/admin/grid", **page | changes)
    assert answer.status_code == 422
    assert "It is 5.55 now, no longer 5.00." in answer.text
    assert "It is 8 now, no longer 7." in answer.text
    shown = fields(answer)
    assert {name: shown[name] for name in changes} == changes
    (change,) = planned(browser.post("/admin/grid", **shown))
    assert change.variants[0].fields["price"] == ValueChange(555, 650)
    assert change.variants[0].stock == StockChange("set", 2, 8)


def test_unchanged_cells_are_not_planned(browser: Browser) -> None:
    answer = send(browser, {cell("price", "CUP"): " 5.00 "}, "?view=prices&q=cup")
    assert answer.status_code == 303
    assert answer.location == "/admin/grid?view=prices&q=cup&said=unchanged"
    assert store.list_change_sets() == []
    assert "No cell was changed." in browser.get(answer.location).text


@pytest.mark.any_database
def test_forged_fields_change_nothing(browser: Browser) -> None:
    key = variant("CUP").id
    seen = fields(browser.get("/admin/grid"))[f"seen-{key}"]
    for forged in (
        {f"seen-{key}": "{", f"price-{key}": "1"},
        {f"seen-{key}": seen.replace("500", "-1"), f"price-{key}": "1"},
        {"seen-99999": seen, "price-99999": "1"},
        {f"seen-{10**30}": seen},
        {"seen-x": seen, f"price-{key}": "1"},
    ):
        assert browser.post("/admin/grid", **forged).status_code in (303, 422), forged
    assert store.list_change_sets() == []
    answer = send(browser, {cell("label", "CUP"): "a\u202eb<script>"})
    assert planned(answer)[0].variants[0].fields["label"].new == "ab<script>"


def test_a_filter_and_a_view_narrow_the_grid(browser: Browser) -> None:
    page = browser.get("/admin/grid?q=cup&view=stock")
    assert set(fields(page)) == {f"seen-{variant('CUP').id}", cell("on_hand", "CUP")}
    everything = fields(browser.get("/admin/grid"))
    assert cell("on_hand", "POT-L") not in everything, "its stock is not counted"
    assert len([name for name in everything if name.startswith("status-")]) == 2, "one for each product"
    assert "No variant matches" in browser.get("/admin/grid?vendor=Nobody").text


def test_pages_follow_each_other(app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.admin.grid.grid_view.VIEWS", [replace(VIEWS[0], rows=2)])
    seen: list[str] = []
    viewer = staff_browser(app, "viewer")
    path, page = "/admin/grid", browser.get("/admin/grid")
    for _number in range(5):
        seen += [name for name in fields(page) if name.startswith("price-")]
        read_only = viewer.get(path).text
        following = re.search(r'href="([^"]+)" rel="next"', read_only)
        if following is None:
            break
        path = html.unescape(following[1])
        page = browser.get(path)
    assert seen == [cell("price", sku) for sku in ("POT-S", "POT-L", "CUP")]


def walk(browser: Browser, page: TestResponse, to: str, **typed: str) -> TestResponse:
    """Press the button that leads to another page, with what was typed."""
    (target,) = re.findall(rf'name="walk" value="([^"]*)">{to}<', page.text)
    return browser.post("/admin/grid", **fields(page) | typed, walk=target)


@pytest.fixture
def two_pages(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> TestResponse:
    """The first of two pages: POT-S and POT-L, then CUP."""
    monkeypatch.setattr("storefront.admin.grid.grid_view.VIEWS", [replace(VIEWS[0], rows=2)])
    return browser.get("/admin/grid")


@pytest.mark.any_database
def test_what_was_typed_goes_along_to_other_pages(browser: Browser, two_pages: TestResponse) -> None:
    pot = variant("POT-S").product_id
    typed = {cell("price", "POT-S"): "11.00", f"status-{pot}": "draft"}
    second = walk(browser, two_pages, "Next page", **typed)
    assert second.status_code == 200
    assert cell("price", "POT-S") not in fields(second)
    assert "1 changed variant of another page goes along" in second.text
    first = walk(browser, second, "First page", **{cell("price", "CUP"): "6.00"})
    assert {name: fields(first)[name] for name in typed} == typed, "it is still there"
    again = walk(browser, first, "Next page", **{cell("price", "POT-L"): "21.00", f"status-{pot}": "active"})
    assert fields(again)[cell("price", "CUP")] == "6.00"
    changes = {change.slug: change for change in planned(browser.post("/admin/grid", **fields(again)))}
    assert changes["cup"].variants[0].fields["price"] == ValueChange(500, 600)
    assert changes["pot"].fields == {}, "the status was put back"
    assert [each.fields["price"].new for each in changes["pot"].variants] == [1100, 2100]


@pytest.mark.any_database
def test_wrong_and_outdated_cells_of_other_pages_come_back(browser: Browser, two_pages: TestResponse) -> None:
    with write_transaction() as session:
        session.get_one(Variant, variant("POT-S").id).price = 1234
    typed = {cell("price", "POT-S"): "11.00", cell("price", "POT-L"): "cheap"}
    second = walk(browser, two_pages, "Next page", **typed)
    answer = browser.post("/admin/grid", **fields(second) | {cell("price", "CUP"): "6.00"})
    assert answer.status_code == 422
    assert "It is 12.34 now, no longer 10.00." in answer.text
    assert "Enter an amount such as" in answer.text
    assert {name: fields(answer)[name] for name in typed} == typed
    fixed = fields(answer) | {cell("price", "POT-L"): "22.00"}
    changes = {change.slug: change for change in planned(browser.post("/admin/grid", **fixed))}
    assert changes["cup"].variants[0].fields["price"] == ValueChange(500, 600), "it went along"
    assert [each.fields["price"].new for each in changes["pot"].variants] == [1100, 2200]


@pytest.mark.any_database
def test_a_page_has_as_many_rows_as_its_form_holds(browser: Browser) -> None:
    for number in range(60):
        make_product(f"Jug {number}")
    assert len([name for name in fields(browser.get("/admin/grid")) if name.startswith("price-")]) == 63


@pytest.mark.any_database
def test_too_many_and_forged_carried_cells_are_refused(
    browser: Browser, two_pages: TestResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for forged in ("{", "[]", '{"0": {}}', '{"99999999999999": {"seen": {}, "cells": {}}}'):
        answer = browser.post("/admin/grid", **fields(two_pages) | {"carried": forged}, walk="2 0")
        assert (answer.status_code, "Something went wrong" in answer.text) == (422, True), forged
    assert browser.post("/admin/grid", **fields(two_pages), walk="x -1").status_code == 200
    monkeypatch.setattr("storefront.admin.grid.carried_cells.MOST", 1)
    typed = {cell("price", "POT-S"): "11.00", cell("price", "POT-L"): "12.00"}
    answer = browser.post("/admin/grid", **fields(two_pages) | typed, walk="1 2")
    assert "You have changed more than 1 variants. Preview these changes first." in answer.text
    assert {name: fields(answer)[name] for name in typed} == typed
    assert store.list_change_sets() == []


def test_the_grid_takes_few_statements(browser: Browser) -> None:
    for number in range(20):
        make_product(f"Jug {number}")
    for query in ("", "?q=jug", "?vendor=Kiln+Row&status=active", "?category=none&view=prices&sort=price"):
        assert count_statements(lambda: browser.get(f"/admin/grid{query}")) <= 8, query  # noqa: B023


@pytest.mark.any_database
def test_roles_see_and_change_what_they_may(app: Flask, browser: Browser) -> None:
    page = fields(browser.get("/admin/grid"))
    viewer = staff_browser(app, "viewer")
    shown = viewer.get("/admin/grid")
    assert shown.status_code == 200
    assert fields(shown) == {}
    assert "6.50" not in shown.text
    assert viewer.post("/admin/grid", **page).status_code == 404
    for role in ("orders", "stock"):
        assert staff_browser(app, role).get("/admin/grid").status_code == 404
    editor = staff_browser(app, "catalogue")
    assert cell("on_hand", "CUP") not in fields(editor.get("/admin/grid"))
    answer = editor.post("/admin/grid", **page | {cell("on_hand", "CUP"): "2"})
    assert answer.status_code == 422
    assert "Your role may not change stock." in answer.text
    assert fields(answer)[cell("on_hand", "CUP")] == "2"
