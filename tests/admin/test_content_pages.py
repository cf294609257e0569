"""/admin/pages: the merchant writes pages, and nothing that somebody typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.content import starting_drafts
from storefront.content.models import ContentPage
from storefront.extensions import db
from storefront.shop_settings import stored_settings
from tests.accounts.people import Browser, staff_browser

pytestmark = pytest.mark.any_database

WORDS = {"title": "Our house", "body_html": "<p>We bake cups.</p>", "slug": "", "published": "1"}


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def make(owner: Browser, **more: str) -> str:
    answer = owner.post("/admin/pages/new", **WORDS | more)
    assert answer.status_code == 303
    return str(answer.location).partition("?")[0]


def test_a_page_is_written_published_and_found(app: Flask, owner: Browser) -> None:
    address = make(owner)
    assert "We bake cups." in Browser(app).get("/pages/our-house").text
    page = owner.get(address).text
    assert "Version 1" in page
    assert 'name="made_from" value="1"' in page
    assert "Our house" in owner.get("/admin/pages").text
    assert owner.post(address, **WORDS | {"made_from": "1", "published": ""}).status_code == 303
    assert Browser(app).get("/pages/our-house").status_code == 404
    restored = owner.post(f"{address}/versions/1", made_from="2")
    assert restored.status_code == 303
    assert owner.post(f"{address}/removal", made_from="3").location == "/admin/pages?said=deleted"
    assert owner.get(address).status_code == 404


def test_addresses_are_shown_as_people_write_them(owner: Browser) -> None:
    page = make(owner, title="会社概要", slug="")
    for place in ("/admin/pages", page):
        text = owner.get(place).text
        assert "/pages/会社概要<" in text
        assert "%E4" not in re.sub(r'"[^"]*"', "", text), "outside of attributes"


def test_publication_is_planned_by_the_shops_clock(app: Flask, owner: Browser) -> None:
    stored_settings.set_value("timezone", "Asia/Tokyo")
    plan = {"published": "", "publish_at": "2990-01-02T03:04", "withdraw_at": "2990-01-03T03:04"}
    address = make(owner, **plan)
    page = db.session.execute(select(ContentPage)).scalar_one()
    assert page.published_at == datetime(2990, 1, 1, 18, 4, tzinfo=UTC)
    assert page.withdraw_at == datetime(2990, 1, 2, 18, 4, tzinfo=UTC)
    assert 'value="2990-01-02T03:04"' in owner.get(address).text
    assert "Asia/Tokyo" in owner.get(address).text
    assert "Published <local-time>" in owner.get("/admin/pages").text
    wrong = {
        "Publish at: enter a day": {"published": "", "publish_at": "tomorrow"},
        "This moment has passed": {"published": "", "publish_at": "2020-01-02T03:04"},
        "Leave this empty": {"publish_at": "2990-02-02T03:04"},
        "Choose a moment after": {"published": "", "publish_at": "2990-02-02T03:04"},
    }
    for sentence, more in wrong.items():
        answer = owner.post(address, **WORDS | plan | {"published": "1"} | more, made_from="1")
        assert answer.status_code == 422
        assert sentence in answer.text
    past = owner.post(address, **WORDS | plan | {"withdraw_at": "2020-01-02T03:04", "published": "1"})
    assert past.status_code == 422
    assert Browser(app).get("/pages/our-house").status_code == 404
    assert owner.post(address, **WORDS | plan | {"published": "1"}, made_from="1").status_code == 303
    assert Browser(app).get("/pages/our-house").status_code == 200, "the tick ends the plan"
    assert owner.post(address, **WORDS | {"published": ""}, made_from="2").status_code == 303
    db.session.expire_all()
    assert (page.published_at, page.withdraw_at) == (None, None)


def test_versions_are_compared_word_by_word(owner: Browser) -> None:
    address = make(owner)
    newer = WORDS | {"title": "The house", "body_html": "<p>We bake <b>blue</b> cups.</p>"}
    owner.post(address, **newer, made_from="1")
    page = owner.get(f"{address}/versions/1")
    assert "<del>" in page.text
    assert re.search(r"<del>.{0,60}Our</del><ins>.{0,60}The</ins> house", page.text)
    assert re.search(r"We bake <ins>.{0,60}blue </ins>cups", page.text)
    assert "Restore this version" in page.text
    assert f"{address}/versions/1" in owner.get(address).text
    owner.post(address, **newer | {"body_html": "<p>We bake blue cups.</p>"}, made_from="2")
    assert "their formatting" in owner.get(f"{address}/versions/2").text
    assert "the same texts" in owner.get(f"{address}/versions/3").text
    assert owner.get(f"{address}/versions/9").status_code == 404


def test_two_people_see_what_the_other_saved(app: Flask, owner: Browser) -> None:
    address = make(owner)
    owner.post(address, **WORDS | {"made_from": "1", "title": "The house"})
    answer = owner.post(address, **WORDS | {"made_from": "1", "title": "A home"})
    assert answer.status_code == 409
    assert "Saved now: <bdi>The house</bdi>" in answer.text
    assert 'value="A home"' in answer.text
    assert 'name="made_from" value="2"' in answer.text, "sent again, it is saved"
    assert owner.post(f"{address}/removal", made_from="1").status_code == 409


def test_wrong_fields_come_back_with_what_was_typed(app: Flask, owner: Browser) -> None:
    make(owner)
    answer = owner.post("/admin/pages/new", **WORDS)
    assert answer.status_code == 422
    assert "Another page has this address" in answer.text
    assert "We bake cups." in answer.text
    answer = owner.post("/admin/pages/new", **WORDS | {"title": "", "seo_title": "x" * 201})
    assert answer.status_code == 422
    assert "Use up to 200 characters" in answer.text


def test_legal_drafts_wait_until_they_are_checked(app: Flask, owner: Browser) -> None:
    assert owner.post("/admin/pages/drafts").status_code == 303
    assert owner.post("/admin/pages/drafts").status_code == 303
    pages = {page.kind: page for page in db.session.execute(select(ContentPage)).scalars()}
    assert set(pages) == set(starting_drafts.DRAFTS)
    assert all(page.published_at is None and "[" in page.body_html for page in pages.values())
    assert "To be checked for your country" in owner.get("/admin/pages").text
    assert "Add these drafts" not in owner.get("/admin/pages").text
    terms = pages["terms"]
    sent = {"title": terms.title, "slug": terms.slug, "body_html": terms.body_html, "made_from": "1"}
    address = f"/admin/pages/{terms.id}"
    answer = owner.post(address, **sent, published="1")
    assert answer.status_code == 422
    assert "tick the box" in answer.text
    assert owner.post(address, **sent, published="1", checked="1").status_code == 303
    assert Browser(app).get("/pages/terms").status_code == 200
    assert "Still to be filled in or removed: [name and address]" in owner.get(address).text
    filled = sent | {"body_html": "<p>You buy from Ada [the potter&#93;.</p>", "made_from": "2"}
    assert owner.post(address, **filled, published="1").status_code == 303
    assert "Still to be filled in or removed: [the potter]" in owner.get(address).text


def test_roles_without_content_find_nothing(app: Flask) -> None:
    assert staff_browser(app, "orders").get("/admin/pages").status_code == 404
    viewer = staff_browser(app, "viewer")
    assert viewer.get("/admin/pages").status_code == 200
    assert viewer.post("/admin/pages/new", **WORDS).status_code == 404
