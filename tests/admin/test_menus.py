"""/admin/menus: the merchant makes menus of links, and nothing that somebody typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from storefront.content import page_edits
from storefront.content.page_edits import PageValues
from storefront.extensions import write_transaction
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

LINK = {"target": "address", "address": "/products", "label": "All", "parent": ""}


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def version(owner: Browser, name: str = "header") -> str:
    return re.findall(r'name="made_from" value="(\d+)"', owner.get(f"/admin/menus/{name}").text)[0]


def add(owner: Browser, name: str = "header", **more: str) -> str:
    """Add an entry; return the path of its form."""
    form = {"made_from": version(owner, name)} | LINK | more
    assert owner.post(f"/admin/menus/{name}", **form).status_code == 303
    return max(re.findall(r"/admin/menus/entries/\d+", owner.get(f"/admin/menus/{name}").text))


def shown(app: Flask) -> list[str]:
    """Return what the menu in the shop's header says."""
    menu = Browser(app).get("/").text.partition('<nav class="site-menu"')[2].partition("</nav>")[0]
    return re.findall(r'href="[^"]*"[^>]*>([^<]*)', menu)


def test_a_menu_is_made_ordered_and_restored(app: Flask, owner: Browser) -> None:
    assert "The shop makes this menu itself" in owner.get("/admin/menus").text
    first = add(owner)
    second = add(owner, label="Basket", address="/cart")
    child = add(owner, label="Account", address="/account", parent=first.rpartition("/")[2])
    assert shown(app) == ["All", "Account", "Basket"]
    key = second.rpartition("/")[2]
    order = {"of": "", "made_from": version(owner), f"step-{key}": "up"}
    assert owner.post("/admin/menus/header/order", **order).status_code == 303
    assert shown(app) == ["Basket", "All", "Account"]
    assert owner.post("/admin/menus/header/order", **order).status_code == 409, "made from an old order"
    typed = {"of": "", "made_from": version(owner), f"place-{key}": "x"}
    assert owner.post("/admin/menus/header/order", **typed).status_code == 422
    answer = owner.post(child, made_from=version(owner), **LINK | {"label": "Me", "address": "/account"})
    assert answer.status_code == 303
    assert shown(app) == ["Basket", "All", "Me"]
    assert owner.post(f"{first}/removal", made_from=version(owner)).status_code == 303
    assert shown(app) == ["Basket", "Me"]
    assert owner.post("/admin/menus/header/versions/3", made_from=version(owner)).status_code == 303
    assert shown(app) == ["All", "Account", "Basket"]
    history = owner.get("/admin/changes?kind=menu").text
    assert "menus · changed" in history
    assert owner.post("/admin/menus/header/versions/0", made_from=version(owner)).status_code == 303
    assert shown(app) == []


def test_two_people_see_what_the_other_saved(owner: Browser) -> None:
    entry, old = add(owner), version(owner)
    assert owner.post(entry, made_from=old, **LINK | {"label": "Everything"}).status_code == 303
    late = owner.post(entry, made_from=old, **LINK | {"label": "Goods"})
    assert late.status_code == 409
    assert 'value="Goods"' in late.text
    assert "Saved now: <bdi>Everything</bdi>" in late.text
    assert f'name="made_from" value="{version(owner)}"' in late.text, "sent again, it is saved"
    late = owner.post("/admin/menus/header", made_from=old, **LINK | {"label": "Goods"})
    assert late.status_code == 409
    assert 'value="Goods"' in late.text
    assert owner.post(f"{entry}/removal", made_from=old).status_code == 409


def test_wrong_entries_come_back_with_what_was_typed(app: Flask, owner: Browser) -> None:
    entry = add(owner)
    wrong = {
        "Enter an address of this shop": {"address": "javascript:alert(1)"},
        "The shop has no page at /nowhere": {"address": "/nowhere"},
        "no longer exists": {"target": "page-77"},
        "Choose where the entry leads.": {"target": ""},
        "An entry cannot be below itself": {"parent": entry.rpartition("/")[2]},
        "is gone": {"parent": "forged"},
        "Enter a label": {"label": ""},
        "Enter an address": {"address": ""},
        "Use up to 200 characters": {"label": "x" * 201},
    }
    for sentence, more in wrong.items():
        for place in (entry, "/admin/menus/header") if "below" not in sentence else (entry,):
            answer = owner.post(place, made_from=version(owner), **LINK | more)
            assert answer.status_code == 422, sentence
            assert sentence in answer.text
            assert 'name="address"' in answer.text
    assert shown(app) == ["All"]
    for forged in ({}, {"made_from": "x" * 400, "target": "?", "parent": "9" * 40}):
        assert owner.post(entry, **forged).status_code in (409, 422)
        assert owner.post("/admin/menus/header", **forged).status_code in (409, 422)
        assert owner.post("/admin/menus/header/order", **forged).status_code == 409
    for path in ("/admin/menus/side", "/admin/menus/entries/999"):
        assert owner.get(path).status_code == owner.post(path, **LINK).status_code == 404


def test_the_office_says_why_an_entry_is_not_shown(owner: Browser) -> None:
    with write_transaction() as session:
        page = page_edits.create(session, PageValues("About us", published_at=datetime.now(UTC))).id
    entry = add(owner, target=f"page-{page}", label="", address="")
    add(owner, target=f"category-{make_category('Tea').id}", label="", address="")
    assert "the page is a draft" not in owner.get("/admin/menus").text
    with write_transaction() as session:
        page_edits.change(session, page, PageValues("About us"), expected=1)
    assert "the page is a draft" in owner.get("/admin/menus").text
    assert "the category has no products" in owner.get("/admin/menus/header").text
    with write_transaction() as session:
        page_edits.remove(session, page, expected=2)
    for path in ("/admin/menus", "/admin/menus/header", entry):
        assert "About us" in owner.get(path).text
        assert "has been deleted" in owner.get(path).text


def test_the_shops_own_menu_is_a_beginning(app: Flask, owner: Browser) -> None:
    make_product("Sencha", category=make_category("Tea"))
    assert owner.post("/admin/menus/header/start", made_from="0").status_code == 303
    assert shown(app) == ["All categories", "Tea"]
    assert owner.post("/admin/menus/header/start", made_from="0").status_code == 409


def test_roles_without_content_find_nothing(app: Flask) -> None:
    assert staff_browser(app, "orders").get("/admin/menus").status_code == 404
    viewer = staff_browser(app, "viewer")
    assert viewer.get("/admin/menus/header").status_code == 200
    assert "New entry" not in viewer.get("/admin/menus/header").text
    assert viewer.post("/admin/menus/header", **LINK).status_code == 404
