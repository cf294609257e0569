"""Products in more than one category in the back office: the form, the list, bulk changes and the history."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.admin.product_form import form_page
from storefront.catalog.models import Category, Product
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.admin.product_forms import read_form
from tests.factories import make_category, make_product
from tests.statements import count_statements


@pytest.fixture
def staff(app: Flask) -> Browser:
    return staff_browser(app, "catalogue")


@pytest.fixture
def pot(app: Flask) -> int:
    """A pot in tea/pots, and in gifts, too."""
    make_category("New")
    gifts = make_category("Gifts")
    return make_product("Pot", category=make_category("Tea", "Pots"), further_category_ids=[gifts.id]).id


def places(product: int) -> tuple[str | None, list[str]]:
    """Return the paths of a product's main and further categories."""
    db.session.rollback()
    row = db.session.get_one(Product, product)
    paths = {each.id: each.path for each in db.session.scalars(select(Category))}
    return paths.get(row.category_id or 0), [paths[key] for key in row.further_category_ids]


def test_the_form_ticks_and_unticks_them(staff: Browser, pot: int) -> None:
    address = f"/admin/products/{pot}"
    form = read_form(staff.get(address).text)
    assert form["further_categories"] == "gifts"
    assert staff.post(address, **form | {"further_categories": "gifts\nnew\ntea/pots"}).status_code == 303
    assert places(pot) == ("tea/pots", ["gifts", "new"]), "the main one is no further one"
    assert count_statements(lambda: staff.get(address)) <= 8
    form = read_form(staff.get(address).text)
    assert count_statements(lambda: staff.post(address, **form | {"title": "8"})) <= 12
    form = read_form(staff.get(address).text)
    del form["further_categories"]  # as a browser sends boxes that are not ticked
    assert staff.post(address, **form).status_code == 303
    assert places(pot) == ("tea/pots", [])
    refused = staff.post(address, **read_form(staff.get(address).text) | {"further_categories": "nowhere"})
    assert "One of these categories is gone" in refused.text
    assert places(pot) == ("tea/pots", [])
    assert staff.post(f"{address}/copies").status_code == 303


def test_two_people_choose_between_their_ticks(
    staff: Browser, pot: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/admin/products/{pot}"
    form = read_form(staff.get(address).text)
    assert staff.post(address, **form | {"further_categories": "new"}).status_code == 303
    late = form | {"further_categories": "gifts\ntea"}
    assert staff.post(address, **form | {"title": "Kettle"}).status_code == 303, "another field"
    assert places(pot)[1] == ["new"]
    page = staff.post(address, **late)
    assert page.status_code == 409
    assert places(pot)[1] == ["new"]
    chosen = read_form(page.text) | {"choose-further_categories": "mine"}
    assert staff.post(address, **chosen).status_code == 303
    assert places(pot)[1] == ["gifts", "tea"]
    monkeypatch.setattr(form_page, "MAX_CATEGORIES", 1)
    form = read_form(staff.get(address).text)
    assert form["further_categories"] == "gifts\r\ntea", "with many categories people type their paths"
    typed = form | {"further_categories": "/categories/new\r\n tea \r\n"}
    assert staff.post(address, **typed).status_code == 303
    assert places(pot)[1] == ["new", "tea"]


def test_the_list_finds_them_below_each_category(staff: Browser, pot: int) -> None:
    make_product("Loose")
    ids = {each.path: each.id for each in db.session.scalars(select(Category))}
    for path, found in (("gifts", True), ("tea", True), ("new", False)):
        for more in ("", "&sort=title", "&status=active", "&sort=updated&stock=in"):
            page = staff.get(f"/admin/products?category={ids[path]}{more}").text
            assert page.count(f'href="/admin/products/{pot}"') == int(found), (path, more)
    page = staff.get("/admin/products?category=none").text
    assert ("Loose" in page, f'/admin/products/{pot}"' in page) == (True, False)


def test_bulk_changes_and_the_history_know_them(staff: Browser, pot: int) -> None:
    new = make_category("New").id
    planned = staff.post("/admin/products/edits", id=str(pot), action="add-category", category=str(new))
    assert "Gifts; New" in staff.get(planned.location).text
    staff.post(f"{planned.location}/application")
    assert places(pot) == ("tea/pots", ["gifts", "new"])
    staff.post(f"{planned.location}/undo")
    assert places(pot) == ("tea/pots", ["gifts"])
    assert staff.post("/admin/products/edits", id=str(pot), action="add-category").status_code == 422

    address = f"/admin/products/{pot}"
    form = read_form(staff.get(address).text)
    staff.post(address, **form | {"further_categories": "new", "category": "gifts"})
    assert places(pot) == ("gifts", ["new"])
    history = staff.get(f"/admin/changes?product={pot}").text
    assert "further categories" in history
    assert "Tea &gt; Pots" in history
    undo = history.partition("/undo")[0].rpartition("/admin/changes/")[2]
    assert staff.post(f"/admin/changes/{undo}/undo").status_code == 303
    assert places(pot) == ("tea/pots", ["gifts"])
    assert count_statements(lambda: staff.get(f"/admin/changes?product={pot}")) <= 8
