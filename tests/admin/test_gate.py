"""The gate of the back office: who gets in, what others get, and what becomes of a form that they sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.accounts.models import User
from storefront.admin import sections
from storefront.extensions import write_transaction
from storefront.web import permissions, staff_access
from tests.accounts.people import Browser, make_user, staff_browser
from tests.factories import make_product

pytestmark = pytest.mark.any_database

PAGES = ("/admin", "/admin/orders", "/admin/nothing-here", "/admin/orders/nothing-here")


def test_strangers_are_led_to_the_sign_in_page(app: Flask) -> None:
    for path in PAGES:
        answer = Browser(app).get(path)
        assert (answer.status_code, answer.location) == (303, f"/account/login?next={path}")
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_customers_get_404(app: Flask) -> None:
    make_user()
    kim = Browser(app)
    kim.sign_in()
    for path in (*PAGES, "/admin/carried-form"):
        assert kim.get(path).status_code == 404
        assert kim.get(path).headers["Cache-Control"] == "private, no-store"


def test_staff_keep_the_menu_on_error_pages(app: Flask) -> None:
    make_user()
    kim, viewer = Browser(app), staff_browser(app, "viewer")
    kim.sign_in()
    for path in ("/admin/nothing-here", "/admin/collections/new", "/admin/pages/999"):
        page = viewer.get(path)
        assert (page.status_code, 'class="office-nav"' in page.text) == (404, True), path
        assert 'action="/products"' not in page.text, "the search of the shop"
        assert page.headers["Cache-Control"] == "private, no-store"
        assert "office" not in kim.get(path).text
    assert 'class="office-nav"' in viewer.post("/admin/settings", name="x").text

    assert viewer.get("/admin/nothing-here").text == viewer.get("/admin/nothing-here").text


@pytest.mark.parametrize("role", permissions.ROLE_NAMES)
def test_each_role_opens_the_pages_of_its_permissions(app: Flask, role: permissions.RoleName) -> None:
    browser = staff_browser(app, role)
    home = browser.get("/admin").text
    granted = permissions.permissions_of(role)
    for section in sections.SECTIONS:
        for endpoint, _label in section.pages:
            needed = staff_access.permission_of(app, endpoint)
            assert needed is not None, f"{endpoint} asks for no permission"
            with app.test_request_context():
                path = app.url_for(endpoint)
            is_open = not needed or permissions.allows(granted, needed)
            assert browser.get(path).status_code == (200 if is_open else 404), path
            if endpoint == section.pages[0][0]:
                assert (f'href="{path}"' in home) == is_open, path


def test_a_permission_to_read_does_not_write(app: Flask) -> None:
    make_product("Mug", variants=[{"sku": "MUG"}])
    form = {"sku": "MUG", "number": "3", "reason": "counted"}
    viewer = staff_browser(app, "viewer")
    assert viewer.get("/admin/stock?sku=MUG").status_code == 200
    assert viewer.post("/admin/stock", **form).status_code == 404
    assert staff_browser(app, "stock").post("/admin/stock", **form).status_code == 303


def test_an_unknown_role_opens_no_door(app: Flask) -> None:
    browser = staff_browser(app)
    with write_transaction() as session:
        session.execute(update(User).values(role="emperor"))
    assert browser.get("/admin").status_code == 404


def test_a_form_without_sign_in_is_carried_along(app: Flask) -> None:
    make_product("Mug", variants=[{"sku": "MUG"}])
    make_user("boss@shop.example", staff=True)
    browser = Browser(app)
    answer = browser.post("/admin/stock", sku="MUG", number="3", reason="<b>counted</b>")
    assert answer.location == "/account/login?next=/admin/carried-form&said=form-kept"
    assert "What you sent is kept: sign in, and send it again." in browser.get(answer.location).text
    assert browser.sign_in("boss@shop.example", next="/admin/carried-form").location == "/admin/carried-form"
    page = browser.get("/admin/carried-form").text
    assert 'action="/admin/stock"' in page
    assert 'name="number" value="3"' in page
    assert "&lt;b&gt;counted&lt;/b&gt;" in page
    waits = '<a href="/admin/carried-form">Look at it</a>'
    assert waits in browser.get("/admin").text, "who signs in by another way is led to it"
    assert browser.post("/admin/carried-form/removal").location == "/admin"
    assert browser.get("/admin/carried-form").location == "/admin"
    assert waits not in browser.get("/admin").text


def test_a_carried_form_shows_what_a_person_typed(app: Flask) -> None:
    make_user("boss@shop.example", staff=True)
    browser = Browser(app)
    sent = {
        "made_from": '{"title":"70b8"}',
        "v1-price": "18.50",
        "title": "Mug",
        "form_key": "Qx9",
    }
    browser.post("/admin/products/1", **sent)
    browser.sign_in("boss@shop.example")
    shown = re.findall('<li dir="auto">(.*?)</li>', browser.get("/admin/carried-form").text)
    assert shown == ["Mug"], "no hashes, keys and names of fields"


def test_strangers_cannot_fill_the_memory(app: Flask) -> None:
    answer = Browser(app).post("/admin/stock", reason="x" * 20_000)
    assert answer.location == "/account/login?next=/account"


def test_former_addresses_lead_on(app: Flask) -> None:
    browser = Browser(app)
    moved = {
        "/ops": "/admin/system",
        "/ops/cache": "/admin/system/cache",
        "/ops/orders/X?said=a": "/admin/orders/X?said=a",
    }
    for old, new in moved.items():
        assert browser.get(old).location == new
    answer = browser.post("/ops/orders/X/events")
    assert (answer.status_code, answer.location) == (308, "/admin/orders/X/events")


def test_only_the_layout_shows_what_was_done() -> None:
    """A page that prints the notice too shows it twice."""
    pages = Path("templates/admin").rglob("*.html")
    assert [page.name for page in pages if re.search(r"{{\s*said\b", page.read_text())] == []
