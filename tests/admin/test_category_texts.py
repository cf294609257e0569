"""/admin/categories/ID/texts, and what a category's page in the shop shows of them."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.people import Browser, staff_browser
from tests.cache.conftest import get
from tests.factories import make_category, make_product
from tests.statements import count_statements


def save(staff: Browser, page: str, version: str | None = None, **form: str) -> int:
    found = re.search(r'name="made_from" value="(\w+)"', staff.get(page).text)
    assert found
    return staff.post(page, made_from=version or found[1], **form).status_code


def test_the_shop_shows_the_texts_at_once(app: Flask, client: FlaskClient) -> None:
    staff, tea = staff_browser(app, "catalogue"), make_category("Tea")
    for number in range(25):
        make_product(f"Tea {number}", category=tea)
    page = f"/admin/categories/{tea.id}/texts"
    assert "prose" not in get(client, "/categories/tea").text
    assert "<rich-text" in staff.get(page).text
    html = "<h1>Leaves</h1><p onclick='x'>Fresh <script>alert(1)</script></p>"
    texts = {"description_html": html, "seo_title": "Buy tea", "seo_description": "All our leaves"}
    assert save(staff, page, **texts) == 303
    shown = get(client, "/categories/tea").text
    assert "<h2>Leaves</h2><p>Fresh </p>" in shown
    assert "<title>Buy tea · " in shown
    assert 'name="description" content="All our leaves"' in shown
    assert "Leaves" not in get(client, "/categories/tea?page=2").text
    assert "Leaves" not in get(client, "/products").text
    assert count_statements(lambda: staff.get(page)) <= 8


def test_two_people_and_bad_texts_overwrite_nothing(app: Flask) -> None:
    staff, page = staff_browser(app, "catalogue"), f"/admin/categories/{make_category('Tea').id}/texts"
    old = re.search(r'name="made_from" value="(\w+)"', staff.get(page).text)
    assert old
    assert save(staff, page, description_html="First") == 303
    assert save(staff, page, old[1], description_html="Second") == 409
    assert save(staff, page, description_html="x" * 200_001) == 422
    assert save(staff, page, seo_title="x" * 501) == 422
    assert "First</textarea>" in staff.get(page).text
    assert staff_browser(app, "viewer").post(page, made_from="").status_code == 404
    assert staff.get("/admin/categories/999999/texts").status_code == 404
