"""Pictures that an import names by web address: staff fetch them with a button, in the background."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.background import turns
from storefront.catalog.models import Product, ProductImage
from storefront.catalog_files import picture_fetches
from storefront.extensions import db
from tests.accounts.people import staff_browser
from tests.admin.test_upload_pages import send
from tests.catalog_files.test_picture_download import web

__all__ = ["web"]  # a fixture

IMPORTS, FETCH, STOP = "/admin/imports", "/admin/imports/pictures/fetch", "/admin/imports/pictures/stop"


def catalogue(web: str, *names: str) -> bytes:
    rows = [f"pot-{n},Pot {n},12.50,POT-{n},{web}/{name}\n" for n, name in enumerate(names)]
    return "".join(["URL handle,Title,Price,SKU,Product image URL\n", *rows]).encode()


def missing() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(ProductImage.source).where(ProductImage.digest.is_(None))))


def test_pictures_at_web_addresses_are_fetched_on_a_click(app: Flask, web: str) -> None:
    browser = staff_browser(app, "catalogue")
    send(browser, catalogue(web, "a.png", "none.png", "to/b.png"))
    assert "Fetch the pictures" not in browser.get(IMPORTS).text
    browser.post("/admin/imports/1/application")
    assert 'href="/admin/imports#pictures"' in browser.get("/admin/imports/1").text
    assert "3 pictures are not in the shop yet" in browser.get(IMPORTS).text
    assert browser.post(FETCH).location == "/admin/imports#pictures"
    assert "data-running" in browser.get("/admin/imports/pictures/progress").text
    assert picture_fetches.run_due()
    assert not picture_fetches.run_due()
    page = browser.get(IMPORTS).text
    assert "Fetched: 2. Failed: 1." in page
    assert "the server answered 404" in page
    assert missing() == [f"{web}/none.png"]
    assert browser.get("/admin/products/1").text.count("Not in the shop yet.") == 0
    assert browser.get("/admin/products/2").text.count("Not in the shop yet.") == 1
    assert db.session.scalar(select(ProductImage.changed_by).where(ProductImage.width > 0)).startswith(
        "staff:"
    )
    assert db.session.scalar(select(Product.cover_id).where(Product.slug == "pot-0")) is not None


def test_fetching_goes_on_where_it_was_and_stops(
    app: Flask, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = staff_browser(app, "catalogue")
    send(browser, catalogue(web, "a.png", "b.png", "c.png"))
    browser.post("/admin/imports/1/application")
    monkeypatch.setattr(picture_fetches, "BATCH", 1)
    monkeypatch.setattr(turns, "TURN", 0)  # one batch in a turn
    browser.post(FETCH)
    browser.post(FETCH)  # a second click changes nothing
    picture_fetches.run_due()
    assert len(missing()) == 2
    browser.post(STOP)
    assert not picture_fetches.run_due()
    assert len(missing()) == 2
    assert "data-running" not in browser.get(IMPORTS).text


def test_only_those_who_change_products_may_fetch(app: Flask) -> None:
    for role in ("viewer", "orders"):
        assert staff_browser(app, role).post(FETCH).status_code == 404
    assert picture_fetches.find_latest() is None
