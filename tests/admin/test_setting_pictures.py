"""The logo and the icon: sent at /admin/settings/look, shown everywhere at once, refused with a sentence, removed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from storefront import shop_settings
from storefront.catalog import shop_pictures
from storefront.extensions import db
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser

pytestmark = pytest.mark.any_database

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def drawn(width: int = 600, height: int = 200) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 30, 30, 128)).save(file, "PNG")
    return file.getvalue()


def send(browser: Browser, name: str, data: bytes, made_from: str = "") -> Any:
    db.session.rollback()
    form = {"made_from": made_from, "picture": (io.BytesIO(data), "picture.png")}
    return browser.client.post(
        f"/admin/uploads/settings/{name}", data=form, headers=SAME_ORIGIN, **browser.options
    )


def test_a_logo_shows_everywhere_and_goes_again(app: Flask) -> None:
    owner, shopper = staff_browser(app, "owner"), Browser(app)
    assert "site-header__logo" not in shopper.get("/").text
    assert send(owner, "logo", drawn()).location == "/admin/settings/look?said=saved"
    for address in ("/", "/cart", "/nowhere"):
        [tag] = re.findall(r'<img class="site-header__logo"[^>]*>', shopper.get(address).text)
        assert 'width="600" height="200" alt="Kettle &amp; Clay"' in tag
    [source] = re.findall(r'src="([^"]+)"', tag)
    with shopper.get(source) as answer:
        assert answer.mimetype == "image/webp"
    assert "office-header__logo" in owner.get("/admin").text
    with app.test_request_context("/"):
        found = shop_pictures.find_letter_logo()
    assert found is not None
    address, *size = found
    assert size == [160, 53]
    with shopper.get(address) as answer:
        letter = Image.open(io.BytesIO(answer.data))
    assert (letter.format, letter.size) == ("PNG", (320, 107))
    stored = shop_settings.current().logo
    assert owner.post("/admin/settings/pictures/logo/removal", made_from="other").status_code == 409
    assert owner.post("/admin/settings/pictures/logo/removal", made_from=stored).status_code == 303
    assert "site-header__logo" not in shopper.get("/").text
    with shopper.get(address) as answer:
        assert answer.data, "letters that were sent show it"


def test_an_icon_is_what_browsers_ask_for(app: Flask) -> None:
    owner, shopper = staff_browser(app, "owner"), Browser(app)
    before = shopper.get("/favicon.ico").data
    assert send(owner, "icon", drawn(64, 64)).status_code == 303
    icon = Image.open(io.BytesIO(shopper.get("/favicon.ico").data))
    assert (icon.format, icon.size) == ("ICO", (48, 48))
    for path in ("/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"):
        touch = Image.open(io.BytesIO(shopper.get(path).data))
        assert (touch.format, touch.size, touch.mode) == ("PNG", (180, 180), "RGB")
    [href] = re.findall(r'rel="icon" href="([^"]+)" type="image/png"', shopper.get("/").text)
    with shopper.get(href) as answer:
        assert answer.mimetype == "image/png"
    made_from = shop_settings.current().icon
    owner.post("/admin/settings/pictures/icon/removal", made_from=made_from)
    assert shopper.get("/favicon.ico").data == before


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (SVG, "SVG pictures are refused, since they can contain scripts."),
        (b"\n<svg/>", "SVG pictures are refused"),
        (b"no picture", "The file is not a JPEG, PNG"),
        (drawn()[:200], "This file can’t be used."),
    ],
)
def test_a_file_that_is_no_picture_changes_nothing(app: Flask, data: bytes, sentence: str) -> None:
    owner = staff_browser(app, "owner")
    answer = send(owner, "logo", data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert shop_settings.current().logo == ""


def test_two_people_do_not_overwrite_each_others_logo(app: Flask) -> None:
    owner = staff_browser(app, "owner")
    send(owner, "logo", drawn())
    first = shop_settings.current().logo
    assert send(owner, "logo", drawn(300, 300)).status_code == 409
    assert shop_settings.current().logo == first
    assert send(owner, "logo", drawn(300, 300), first).status_code == 303
    assert owner.post("/admin/uploads/settings/logo").status_code == 422
    assert send(owner, "banner", drawn()).status_code == 404
    assert send(staff_browser(app, "viewer"), "logo", drawn()).status_code == 404
