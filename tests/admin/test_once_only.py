"""A double click makes one thing; a refused, a changed and a new form do their work."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.accounts.models import StaffInvitation
from storefront.admin import once_only
from storefront.catalog.collection.models import Collection
from storefront.catalog.models import Category, Product
from storefront.change_sets.models import ChangeSet
from storefront.content.models import ContentPage
from storefront.extensions import Model, db
from storefront.stock import StockItem
from storefront.stock.stock_taking_models import StockTaking
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser
from tests.admin.product_forms import read_form
from tests.factories import make_product

KEY = re.compile(r'name="form_key" value="([^"]+)"')


def count(model: type[Model]) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def form_keys(browser: Browser, page: str) -> set[str]:
    return set(KEY.findall(browser.get(page).text))


MADE = (
    ("/admin/categories", "/admin/categories", {"new": "Cups", "below": ""}, Category),
    ("/admin/stock/takings", "/admin/stock/takings", {"name": "Winter"}, StockTaking),
    (
        "/admin/staff",
        "/admin/staff/invitations",
        {"email": "kim@x.example", "role": "orders"},
        StaffInvitation,
    ),
    (
        "/admin/products",
        "/admin/products/edits",
        {"scope": "matching", "filter": "", "action": "archive"},
        ChangeSet,
    ),
    (
        "/admin/collections/new",
        "/admin/collections/new",
        {"title": "New cups", "match": "all", "kind-0": "new", "value-0": "30"},
        Collection,
    ),
    ("/admin/pages/new", "/admin/pages/new", {"title": "Imprint"}, ContentPage),
)


@pytest.mark.parametrize(("page", "address", "form", "model"), MADE)
def test_a_double_click_makes_one(
    app: Flask, page: str, address: str, form: dict[str, str], model: type[Model]
) -> None:
    make_product("Mug", variants=[{"sku": "MUG"}])
    browser, before = staff_browser(app), count(model)
    form["form_key"] = form_keys(browser, page).pop()
    answers = [browser.post(address, **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert count(model) == before + 1


def test_a_delivery_is_added_once_and_the_next_one_too(app: Flask) -> None:
    make_product("Mug", variants=[{"sku": "MUG", "on_hand": 0}])
    browser, page = staff_browser(app), "/admin/stock?code=MUG"
    for expected in (5, 10):
        key = form_keys(browser, page).pop()
        for _ in range(2):
            browser.post("/admin/stock/deliveries", code="MUG", number="5", form_key=key)
        db.session.rollback()
        assert db.session.execute(select(StockItem.on_hand)).scalar_one() == expected


@pytest.mark.usefixtures("patient_writers")
def test_two_clicks_at_once_make_one_product(app: Flask) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get("/admin/products/new").text) | {"title": "Mug", "new-price": "5"}
    cookies = browser.client._cookies

    def click(_: int) -> str:
        client = app.test_client()
        client._cookies = cookies
        with app.app_context():
            answer = client.post("/admin/products/new", data=form, headers=SAME_ORIGIN, **browser.options)
            return str(answer.location)

    with ThreadPoolExecutor(3) as pool:
        locations = set(pool.map(click, range(3)))
    assert (len(locations), count(Product)) == (1, 1)


def test_refused_and_changed_forms_are_no_repetition(app: Flask) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get("/admin/products/new").text) | {"title": "Mug", "new-price": "free"}
    for _ in range(2):
        assert browser.post("/admin/products/new", **form).status_code == 422
    for title in ("Mug", "Cup"):
        assert (
            browser.post("/admin/products/new", **form | {"new-price": "5", "title": title}).status_code
            == 303
        )
    assert count(Product) == 2


def test_a_request_that_does_not_end_is_not_repeated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once_only, "PATIENCE", 0.0)
    browser = staff_browser(app)
    form = {"name": "Winter", "form_key": form_keys(browser, "/admin/stock/takings").pop()}
    monkeypatch.setattr(once_only, "_settle", lambda *_: None)  # as if the process had died
    assert browser.post("/admin/stock/takings", **form).status_code == 303
    answer = browser.post("/admin/stock/takings", **form)
    assert (answer.status_code, "just being saved" in answer.text) == (409, True)
