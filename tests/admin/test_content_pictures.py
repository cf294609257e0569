"""Pictures in the text of a page are sent with its form, described, and never lost."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.catalog import picture_queue
from storefront.catalog.models import PagePicture
from storefront.content.models import ContentPage
from storefront.extensions import db
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser
from tests.factories import png

pytestmark = pytest.mark.any_database

WORDS = {"title": "Our house", "body_html": "<p>We bake cups.</p>", "published": "1"}
ADD = {"add-picture": "1"}
NEW = "/admin/uploads/pages/new"


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def send(owner: Browser, address: str, file: int | None = None, **form: Any) -> TestResponse:
    """Send the form of a page, with a picture of this number."""
    db.session.rollback()
    sent = {} if file is None else {"p1-file": (io.BytesIO(png(file, (800, 600))), "a.png")}
    return owner.client.post(address, data=WORDS | form | sent, headers=SAME_ORIGIN, **owner.options)


def body_of(page: str) -> str:
    [text] = re.findall(r'<textarea[^>]* name="body_html"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    return unescape(text)


def test_a_picture_is_put_into_the_text_and_saved_with_it(app: Flask, owner: Browser) -> None:
    assert f'action="{NEW}"' in owner.get("/admin/pages/new").text
    page = send(owner, NEW, 1, **ADD, **{"p1-alt": 'A "blue" <cup>', "title": ""})
    assert page.status_code == 200, "the title is asked for when the page is saved"
    assert db.session.execute(select(ContentPage)).first() is None
    [digest] = db.session.execute(select(PagePicture.digest)).scalars()
    assert digest in picture_queue.find_unmade(), "all renditions are made"
    body = body_of(page.text)
    image = f'src="/media/{digest}-640.webp" width="640" height="480"'
    assert body.startswith("<p>We bake cups.</p>\n<p><img ")
    assert image in body
    assert f'data-src="/media/{digest}-640.webp"' in page.text, "the editor can set it elsewhere"
    assert 'name="p1-digest"' not in page.text, "the fields are empty for the next one"
    answer = send(owner, NEW, body_html=body + "<p onclick='x()'>Done.</p>")
    assert answer.status_code == 303
    shown = Browser(app).get("/pages/our-house").text
    address = f"/media/{digest}"
    offered = f'src="{address}-640.webp" srcset="{address}-320.webp 320w, {address}-640.webp 640w'
    assert offered in shown
    assert 'width="640" height="480" alt="A &quot;blue&quot; &lt;cup&gt;" loading="lazy"' in shown
    picture_queue.make_due()
    assert (
        f'<source type="image/avif" srcset="{address}-320.avif 320w'
        in Browser(app).get("/pages/our-house").text
    )
    assert "A &quot;blue&quot; &lt;cup&gt;" in shown
    assert "onclick" not in shown
    with Browser(app).get(f"/media/{digest}-640.webp") as picture:
        assert picture.mimetype == "image/webp"


def test_no_error_loses_a_picture(app: Flask, owner: Browser) -> None:
    answer = send(owner, NEW, 2)
    assert answer.status_code == 422
    assert "Describe the picture for people who don’t see it" in answer.text
    digest = re.search(r'name="p1-digest" value="(\w+)"', answer.text)[1]
    answer = send(owner, NEW, title="", **{"p1-digest": digest, "p1-decorative": "1"})
    assert answer.status_code == 422
    assert "Enter a title." in answer.text
    assert f'/media/{digest}-640.webp" width="640" height="480" alt=""' in body_of(answer.text)
    assert 'name="p1-digest"' not in answer.text, "it is put into the text once"
    assert send(owner, NEW, body_html=body_of(answer.text)).status_code == 303
    assert "Choose a picture." in send(owner, NEW, **ADD).text
    assert (
        "This file can’t be used." in send(owner, NEW, **{"p1-file": (io.BytesIO(b"<svg/>"), "a.svg")}).text
    )
    made_up = send(owner, NEW, **ADD, **{"p1-digest": "0" * 32, "p1-alt": "A"})
    assert body_of(made_up.text) == WORDS["body_html"]


def test_adding_a_picture_hides_no_change_of_others(app: Flask, owner: Browser) -> None:
    send(owner, NEW)
    [number] = db.session.execute(select(ContentPage.id)).scalars()
    address = f"/admin/uploads/pages/{number}"
    send(owner, address, made_from="1", title="The house")
    page = send(owner, address, 3, **ADD, **{"p1-alt": "A cup", "made_from": "1"}).text
    assert 'name="made_from" value="1"' in page
    answer = send(owner, address, body_html=body_of(page), made_from="1")
    assert answer.status_code == 409
    assert "Saved now: <bdi>The house</bdi>" in answer.text
    assert "/media/" in body_of(answer.text)
    viewer = staff_browser(app, "viewer")
    assert viewer.post(address, **WORDS).status_code == 404
    assert "add-picture" not in viewer.get(f"/admin/pages/{number}").text
