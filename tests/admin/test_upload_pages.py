"""Catalogue files and pictures that staff send: what becomes of good ones, and of those that mean harm."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog_files import picture_zip, uploads
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser
from tests.factories import make_product, png

CSV = "URL handle,Title,Price,SKU,Product image URL\npot,Pot,12.50,POT,pot.png\n"


def send(
    browser: Browser, file: bytes = CSV.encode(), pictures: bytes | None = None, **form: str
) -> TestResponse:
    """Send a catalogue file, and pictures if there are any, with the choices of the form."""
    db.session.rollback()
    values = {"stock": "default", "stock_missing": "zero"} | form
    data: dict[str, object] = {**values, "file": (io.BytesIO(file), "new/../pots.csv")}
    if pictures is not None:
        data["pictures"] = (io.BytesIO(pictures), "pictures.zip")
    return browser.client.post("/admin/uploads/catalogue", data=data, headers=SAME_ORIGIN, **browser.options)


def pack(**files: bytes) -> bytes:
    """Return a zip file; "__" in a name stands for "/"."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def follow(browser: Browser, answer: TestResponse) -> TestResponse:
    """Follow redirects to the page at their end."""
    while answer.status_code == 303:
        answer = browser.get(answer.location)
    return answer


def test_a_file_with_pictures_is_planned_applied_and_undone(app: Flask) -> None:
    browser = staff_browser(app, "catalogue")
    page = follow(browser, send(browser, pictures=pack(**{"pot.png": png()})))
    assert page.request.path == "/admin/imports/1"
    assert "pots.csv" in page.text
    assert db.session.query(Product).count() == 0
    assert "You can undo it" in follow(browser, browser.post("/admin/imports/1/application")).text
    db.session.rollback()
    assert db.session.scalars(db.select(Variant.price)).all() == [1250]
    assert db.session.scalar(db.select(ProductImage.digest)) is not None
    assert db.session.scalar(db.select(ChangeSet.created_by)).startswith("staff:")
    head, row = csv.reader(browser.get("/admin/imports/products.csv").text.splitlines())
    assert (row[head.index("Title")], row[head.index("Price")]) == ("Pot", "12.50")
    browser.post("/admin/imports/1/undo")
    db.session.rollback()
    assert db.session.query(Product).count() == 0


def test_a_large_file_is_planned_in_the_background(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 10)
    browser = staff_browser(app, "catalogue")
    page = follow(browser, send(browser))
    assert "data-running" in page.text
    assert uploads.plan_due()
    assert not uploads.plan_due()
    assert browser.get(page.request.path).location == "/admin/imports/1"
    assert db.session.scalar(db.select(ChangeSet.created_by)).startswith("staff:")


@pytest.mark.any_database
def test_a_question_is_answered_without_sending_the_file_again(app: Flask) -> None:
    browser = staff_browser(app, "catalogue")
    page = follow(browser, send(browser, stock_missing="ask"))
    assert "no quantity for 1 new variant." in page.text
    path = page.request.path
    imports = browser.get("/admin/imports").text
    assert "Waiting for your answer" in imports
    assert f'href="{path}"' in imports
    assert "discarded" not in imports
    answer = browser.post(f"{path}/plan", stock="default", stock_missing="untracked")
    assert "Waiting for your answer" not in browser.get("/admin/imports").text
    assert (
        follow(browser, answer).request.path == "/admin/imports/2"
        or follow(browser, answer).status_code == 200
    )
    db.session.rollback()
    assert db.session.scalars(db.select(ChangeSet.status)).all().count("planned") == 1


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + b"\x00" * 30, "cannot be imported"),
        (b"Name,Colour\nPot,blue\n", "not a product CSV"),
        (b"Title,Price\n", "no rows below its header"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(app: Flask, file: bytes, sentence: str) -> None:
    browser = staff_browser(app, "catalogue")
    page = follow(browser, send(browser, file))
    assert page.status_code == 200
    assert sentence in page.text
    assert app.instance_path not in page.text


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("pictures", "sentence"),
    [
        (b"no zip at all", "not a zip file"),
        (pack(**{"..__..__evil.png": b"x"}), "leads elsewhere"),
        (pack(**{"__etc__evil.png": b"x"}), "leads elsewhere"),
        (pack(**{"pot.png": b"<html>"}), "cannot be used"),
        (pack(**{"pot.exe": b"MZ"}), "is not a picture"),
        (pack(**{"pot.png": b"\0" * (21 * 1024 * 1024)}), "too large"),
    ],
)
def test_a_harmful_zip_file_is_refused_whole(app: Flask, pictures: bytes, sentence: str) -> None:
    browser = staff_browser(app, "catalogue")
    answer = send(browser, pictures=pictures, stock="set")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert '<option value="set" selected>' in answer.text
    assert list((Path(app.instance_path) / uploads.FOLDER).iterdir()) == []
    assert db.session.query(ChangeSet).count() == 0


@pytest.mark.any_database
def test_too_many_files_in_a_zip_are_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_zip, "MOST_FILES", 1)
    answer = send(staff_browser(app, "catalogue"), pictures=pack(**{"a.png": b"", "b.png": b""}))
    assert (answer.status_code, "2 files" in answer.text) == (422, True)


@pytest.mark.any_database
def test_files_of_others_are_not_read(app: Flask) -> None:
    make_product("Mug")
    for role in ("viewer", "orders"):
        assert send(staff_browser(app, role)).status_code == 404
    assert send(Browser(app)).status_code in (303, 404)
    assert not (Path(app.instance_path) / uploads.FOLDER).exists()
