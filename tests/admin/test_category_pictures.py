"""The picture of a category: sent on its page, shown in the shop and by the API, described and removed."""

from __future__ import annotations

import io
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.catalog import picture_queue
from storefront.catalog.models import Category, RenditionSet
from storefront.extensions import db
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser
from tests.cache.conftest import get
from tests.factories import make_category, make_product, png
from tests.statements import count_statements


def send(staff: Browser, category: int, data: bytes | None = None, **form: str) -> TestResponse:
    """Send the form of a category's picture as its page has it, with a file if there is one."""
    page = staff.get(f"/admin/categories/{category}").text.partition("/admin/uploads/categories/")[2]
    version = re.search(r'name="made_from" value="(\w+)"', page)
    files: dict[str, Any] = {} if data is None else {"picture": (io.BytesIO(data), "photo.png")}
    sent = {"made_from": version[1] if version else ""} | form | files
    address = f"/admin/uploads/categories/{category}"
    return staff.client.post(address, data=sent, headers=SAME_ORIGIN, **staff.options)


def stored(category: int) -> Category:
    db.session.rollback()
    return db.session.get_one(Category, category)


def test_it_is_shown_described_replaced_and_removed(app: Flask, client: FlaskClient) -> None:
    staff, tea = staff_browser(app, "catalogue"), make_category("Tea")
    make_product("Sencha", category=tea)
    shown = ("/categories/tea", "/", "/api/v1/categories/tea")
    for path in shown:
        assert "/media/" not in get(client, path).text
    assert send(staff, tea.id, png(1), picture_alt="A field of tea").status_code == 303
    first = stored(tea.id).picture_digest
    assert first
    for path in shown:
        assert f"/media/{first}-" in get(client, path).text, path
    assert 'alt="A field of tea"' in get(client, "/categories/tea").text
    assert "category-banner" in get(client, "/categories/tea").text
    assert "category-banner" not in get(client, "/categories/tea?sort=price").text
    assert send(staff, tea.id, picture_alt="Leaves").status_code == 303, "the text alone"
    assert 'alt="Leaves"' in get(client, "/categories/tea").text
    picture_queue.make(first)
    assert f"/media/{first}-320.avif" in get(client, "/categories/tea").text
    assert send(staff, tea.id, png(2)).status_code == 303
    assert stored(tea.id).picture_digest not in (first, None)
    assert db.session.get(RenditionSet, stored(tea.id).picture_digest)
    page = f"/admin/categories/{tea.id}"
    assert count_statements(lambda: staff.get(page)) <= 8
    form = staff.get(page).text.partition("/picture/removal")[2]
    version = re.search(r'name="made_from" value="(\w+)"', form)
    assert version
    assert staff.post(f"{page}/picture/removal", made_from=version[1]).status_code == 303
    for path in shown:
        assert "/media/" not in get(client, path).text, path


def test_what_is_no_picture_changes_nothing(app: Flask) -> None:
    staff, tea = staff_browser(app, "catalogue"), make_category("Tea").id
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b""):
        refused = send(staff, tea, data, picture_alt="Mine")
        assert refused.status_code == 422, data
        assert 'value="Mine"' in refused.text
    assert "Choose a picture." in send(staff, tea).text
    assert send(staff, tea, png(), picture_alt="x" * 1001).status_code == 422
    assert send(staff, tea, png(), picture_alt="\u202eevil\x07").status_code == 303
    assert stored(tea).picture_alt == "evil"
    late = send(staff, tea, png(3), made_from="0" * 16)
    assert late.status_code == 409
    assert "Somebody has changed this picture" in late.text
    assert staff.post(f"/admin/categories/{tea}/picture/removal", made_from="").status_code == 409
    before = stored(tea).picture_digest
    assert send(staff_browser(app, "viewer"), tea, png(4)).status_code == 404
    assert send(staff, 999999, png(4)).status_code == 404
    assert stored(tea).picture_digest == before
    assert db.session.scalars(select(Category.picture_digest).where(Category.path == "")).one() is None
