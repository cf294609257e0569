"""Bulk edits on /admin/products: they become change sets, which are applied and undone on their own page."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.admin import product_bulk_form
from storefront.catalog.models import Product, Variant
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_category, make_product

PATH = "/admin/products/edits"


@pytest.fixture
def products(app: Flask) -> list[int]:
    return [
        make_product(
            f"Cup {number}", status="draft", vendor="Lab" if number else "Row", variants=[{"price": 1000}]
        ).id
        for number in range(3)
    ]


@pytest.fixture
def browser(app: Flask, products: list[int]) -> Browser:
    return staff_browser(app)


def prices() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Variant.price).order_by(Variant.id)))


def statuses() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Product.status).order_by(Product.id)))


def test_prices_of_all_that_match_change_and_come_back(browser: Browser) -> None:
    answer = browser.post(
        PATH,
        scope="matching",
        filter="?vendor=Lab&status=draft",
        action="prices",
        percent="−１０,5 %",
        rounding="5",
    )
    assert answer.status_code == 303
    assert prices() == [1000, 1000, 1000], "it waits until somebody has seen it"
    assert "Change prices by -10.5 %" in browser.get(answer.location).text
    assert browser.post(f"{answer.location}/application").status_code == 303
    assert prices() == [1000, 895, 895]
    assert browser.post(f"{answer.location}/undo").status_code == 303
    assert prices() == [1000, 1000, 1000]


def test_the_ticked_products_are_published(browser: Browser, products: list[int]) -> None:
    form = {"scope": "selection", "id": [str(products[0]), str(products[2]), "999", "x"], "action": "publish"}
    answer = browser.post(PATH, **form)  # type: ignore[arg-type]  # a field that is there more than once
    assert "product 999 was deleted" in browser.get(answer.location).text
    browser.post(f"{answer.location}/application")
    assert statuses() == ["active", "draft", "active"]


def test_publication_is_planned_in_bulk(browser: Browser, products: list[int]) -> None:
    shown = make_product("Shown").id
    form = {"scope": "matching", "filter": "?q=", "moment": "2099-07-01T09:00"}
    answer = browser.post(PATH, **form, action="publish-at")
    page = browser.get(answer.location).text
    assert "shown: an active product is published already" in page
    assert "Jul 1, 2099" in page
    browser.post(f"{answer.location}/application")
    assert browser.get("/admin/products?status=planned").text.count("2099-07-01T09:00:00Z") == 3
    early = browser.post(PATH, **form | {"moment": "2099-06-01T09:00"}, action="withdraw-at")
    assert browser.get(early.location).text.count("later than the publication") == 3
    browser.post(f"{early.location}/application")
    browser.post(f"{answer.location}/undo")
    planned = browser.get("/admin/products?status=planned").text
    assert (planned.count("2099-07-01"), planned.count("2099-06-01")) == (0, 1), shown
    gone = browser.post(PATH, **form, action="forget-plans")
    browser.post(f"{gone.location}/application")
    assert "No product matches" in browser.get("/admin/products?status=planned").text


def test_tags_and_categories_change(browser: Browser, products: list[int]) -> None:
    cups = make_category("Kitchen", "Cups").id
    for form in (
        {"action": "add-tags", "tags": "Blue,  new , blue"},
        {"action": "remove-tags", "tags": "BLUE"},
        {"action": "category", "category": str(cups)},
    ):
        answer = browser.post(PATH, scope="matching", filter="?q=cup", **form)
        assert browser.post(f"{answer.location}/application").status_code == 303, form
    db.session.rollback()
    found = db.session.get_one(Product, products[0])
    assert (found.tags, found.category_id) == (["new"], cups)


def test_bad_forms_get_a_sentence_and_keep_what_was_typed(
    browser: Browser, products: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked = {"scope": "selection", "id": str(products[1])}
    for form, sentence in (
        ({"action": "publish-at", "moment": "soon"}, "Enter a day and a time"),
        ({"action": "withdraw-at", "moment": "2020-01-01T09:00"}, "This moment has passed"),
        ({"action": "publish"}, "Tick the products"),
        ({**ticked, "action": "explode"}, "Choose what to change"),
        ({**ticked, "action": "prices", "percent": "-100"}, "from −99 to 1000"),
        ({**ticked, "action": "prices", "percent": "1%0"}, "from −99 to 1000"),
        ({**ticked, "action": "prices", "percent": "1e3"}, "from −99 to 1000"),
        ({**ticked, "action": "prices", "percent": ""}, "or choose how to round"),
        ({**ticked, "action": "category", "category": "99999"}, "Choose a category"),
        ({**ticked, "action": "add-tags", "tags": " ,"}, "Enter tags"),
        ({**ticked, "action": "add-tags", "tags": "x" * 300}, "at most"),
        ({**ticked, "action": "draft"}, "would change nothing"),
    ):
        answer = browser.post(PATH, filter="?vendor=Lab", **form)  # type: ignore[arg-type]
        assert (answer.status_code, sentence in answer.text) == (422, True), form
        assert re.search(r'id="vendor"[^>]*value="Lab"', answer.text)
        if "id" in form:
            assert f'value="{products[1]}" checked' in answer.text
        if len(form.get("percent", "")) > 2:
            assert f'value="{form["percent"]}"' in answer.text
    monkeypatch.setattr(product_bulk_form, "MOST_PRODUCTS", 2)
    assert "More than 2 products" in browser.post(PATH, scope="matching", action="publish").text
    assert db.session.scalar(select(func.count(ChangeSet.id))) == 0


def test_viewers_plan_nothing(app: Flask, products: list[int]) -> None:
    viewer = staff_browser(app, "viewer")
    assert "Change several products" not in viewer.get("/admin/products").text
    assert viewer.post(PATH, scope="matching", action="archive").status_code == 404
