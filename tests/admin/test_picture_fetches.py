"""Pictures that an import names by web address: staff fetch them with a button, in the background."""

from __future__ import annotations

from http.server import ThreadingHTTPServer

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.background import turns
from storefront.catalog.models import Product, ProductImage
from storefront.catalog_files import picture_fetches
from storefront.extensions import db
from tests.accounts.people import staff_browser
from tests.admin.test_upload_pages import send
from tests.catalog_files.test_picture_download import Handler, web
from tests.internet import PUBLIC, Internet, serving

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


def test_a_stop_in_the_middle_of_a_turn_ends_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, asked = staff_browser(app, "catalogue"), list[str]()

    class Interrupted(Handler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) == 2:
                with app.app_context():  # that of a request while another process fetches
                    assert browser.post(STOP).status_code == 303
            super().do_GET()

    Internet(monkeypatch).names["pictures.example"] = [[PUBLIC]]
    monkeypatch.setattr(picture_fetches, "BATCH", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Interrupted)
    with serving(server):
        address = f"http://pictures.example:{server.server_port}"
        send(browser, catalogue(address, "a.png", "b.png", "c.png", "d.png"))
        browser.post("/admin/imports/1/application")
        browser.post(FETCH)
        assert picture_fetches.run_due(), "one turn is long enough for all four"
        assert asked == ["/a.png", "/b.png"], "the one that was being fetched is the last"
        page = browser.get(IMPORTS).text
        assert "Fetched: 2. Failed: 0." in page
        assert "data-running" not in page
        assert not picture_fetches.run_due(), "nothing goes on by itself"
        assert missing() == [f"{address}/c.png", f"{address}/d.png"]
        browser.post(FETCH)
        assert picture_fetches.run_due()
        assert missing() == []


def test_only_those_who_change_products_may_fetch(app: Flask) -> None:
    for role in ("viewer", "orders"):
        assert staff_browser(app, role).post(FETCH).status_code == 404
    assert picture_fetches.find_latest() is None
