"""The link "Edit" on the shop's pages: the same page for everybody, and `/me` says to staff where it leads."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask

from storefront.web.permissions import ROLE_NAMES, RoleName, allows, permissions_of
from tests.accounts.people import Browser, make_user, staff_browser
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_me_offers_forms_to_those_who_may_change_them(app: Flask, role: RoleName) -> None:
    category = make_category("Küche & Co", "Cups")
    product, path = make_product("Cup", category=category), category.path
    browser = staff_browser(app, role)
    me = browser.get("/me").get_json()
    if not allows(permissions_of(role), "catalog:write"):
        assert set(me) == {"signed_in", "name", "cart_quantity"}
        return
    assert browser.get(me["edit"]["product"].replace("KEY", str(product.id))).status_code == 200
    answer = browser.get(me["edit"]["category"].replace("KEY", quote(path, safe="")))
    assert (answer.status_code, browser.get(answer.location).status_code) == (303, 200)
    assert browser.get("/admin/edit/category?path=nowhere").status_code == 404


def test_others_and_the_pages_say_nothing_of_it(app: Flask) -> None:
    product = make_product("Cup", category=make_category("Kitchen"))
    make_user()
    kim, boss, stranger = Browser(app), staff_browser(app), Browser(app)
    kim.sign_in()
    for browser in (kim, stranger):
        assert "edit" not in browser.get("/me").get_json()
    for path in ("/products/cup", "/categories/kitchen"):
        pages = {browser.get(path).data for browser in (kim, boss, stranger)}
        assert len(pages) == 1, path
        assert b"/admin" not in pages.pop()
    assert f'data-edit="product" data-key="{product.id}"' in stranger.get("/products/cup").text
    assert 'data-edit="category" data-key="kitchen"' in stranger.get("/categories/kitchen").text
