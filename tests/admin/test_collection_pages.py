"""/admin/collections: lists by rule in the back office."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.collection import collection_builds, rule_preview
from storefront.catalog.collection.models import Collection
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.cache.conftest import get
from tests.factories import make_product
from tests.statements import count_statements

pytestmark = pytest.mark.any_database

NEW = "/admin/collections/new"
GIFTS = {"title": "Gifts", "match": "all", "kind-0": "tag", "value-0": "gift"}
TITLES = re.compile(r'rule-matches__title"[^>]*>([^<]+)')


@pytest.fixture
def staff(app: Flask) -> Browser:
    make_product("Mug", tags=["gift"], variants=[{"price": 900}])
    make_product("Pot", tags=["gift", "tea"], variants=[{"price": 2000}])
    make_product("Jug", tags=["tea"])
    return staff_browser(app, "catalogue")


def stored() -> Collection:
    db.session.rollback()
    return db.session.execute(select(Collection)).scalar_one()


def version(staff: Browser, page: str) -> str:
    found = re.search(r'name="made_from" value="(\w+)"', staff.get(page).text)
    return found[1] if found else ""


def make(staff: Browser, **form: str) -> str:
    answer = staff.post(NEW, **GIFTS | form)
    assert answer.status_code == 303, re.findall(r'class="[^"]*(?:wrong|problem)[^>]*>([^<]+)', answer.text)
    return str(answer.location).partition("?")[0]


def test_previewed_made_changed_and_deleted(staff: Browser, client: FlaskClient) -> None:
    shown = staff.post(NEW, **GIFTS, do="preview")
    assert TITLES.findall(shown.text) == ["Pot", "Mug"]
    assert "2 products match. Nothing is saved yet." in shown.text
    assert 'value="Gifts"' in shown.text
    page = make(staff, description_html="<p>Nice<script>x()</script></p>")
    assert TITLES.findall(staff.get(page).text) == ["Pot", "Mug"]
    assert "Tag is gift" in staff.get("/admin/collections").text
    public = get(client, "/collections/gifts")
    assert "<p>Nice</p>" in public.text
    cheap = GIFTS | {"slug": "presents", "kind-1": "price_to", "value-1": "15.00"}
    assert staff.post(page, made_from=version(staff, page), **cheap).status_code == 303
    assert TITLES.findall(staff.get(page).text) == ["Mug"]
    assert get(client, "/collections/gifts").location == "/collections/presents"
    assert "Mug" in get(client, "/collections/presents").text
    removal = {"made_from": version(staff, page), "target": "/products"}
    assert staff.post(f"{page}/removal", **removal | {"target": "https://evil.example"}).status_code == 422
    assert staff.post(f"{page}/removal", **removal).status_code == 303
    assert get(client, "/collections/gifts").location == "/products"
    assert get(client, "/collections/presents").location == "/products"
    assert staff.post(f"{page}/removal", **removal).status_code == 404
    assert "Put back" in staff.get("/admin/collections").text
    make(staff, slug="presents")
    assert staff.post(f"{page}/restoration").status_code == 303
    assert TITLES.findall(staff.get(page).text) == ["Mug"]
    assert "Mug" in get(client, f"/collections/presents-{page.rpartition('/')[2]}").text


WRONG = (
    ({"title": ""}, "Enter a title."),
    ({"title": "x" * 256}, "Use up to 255 characters"),
    ({"kind-0": "", "value-0": ""}, "Choose at least one condition"),
    ({"kind-0": ""}, "Choose what is compared with “gift”."),
    ({"value-0": ""}, "Enter a tag."),
    ({"value-0": "x" * 300}, "Use one line of up to 255 characters."),
    ({"kind-0": "vendor", "value-0": "\u202e"}, "Enter a brand."),
    ({"kind-0": "price_to", "value-0": "cheap"}, "Enter a price."),
    ({"kind-0": "price_to", "value-0": "-1"}, "Enter a price."),
    ({"kind-0": "new", "value-0": "0"}, "Enter a whole number of days from 1 to"),
    ({"kind-0": "new", "value-0": "99999"}, "Enter a whole number of days from 1 to"),
    ({"kind-0": "nonsense"}, "Choose what is compared"),
    ({"match": "none"}, "Choose whether all conditions or any must hold."),
    ({"description_html": "<b>" * 100_000}, "The text is too long"),
)


def test_a_wrong_value_is_a_sentence_and_nothing_is_lost(staff: Browser) -> None:
    for wrong, sentence in WRONG:
        answer = staff.post(NEW, **GIFTS | {"seo_title": "Kept text"} | wrong)
        assert answer.status_code == 422, wrong
        assert sentence in answer.text
        assert 'value="Kept text"' in answer.text
    assert db.session.execute(select(Collection)).first() is None


def test_an_address_that_is_taken_is_refused(staff: Browser) -> None:
    make(staff)
    answer = staff.post(NEW, **GIFTS)
    assert answer.status_code == 422
    assert "There is already a collection at /collections/gifts." in answer.text


def test_two_people_never_overwrite_each_other(staff: Browser) -> None:
    page = make(staff)
    seen = version(staff, page)
    assert staff.post(page, made_from=seen, **GIFTS | {"slug": "gifts", "value-0": "tea"}).status_code == 303
    late = staff.post(page, made_from=seen, **GIFTS | {"slug": "gifts", "title": "Presents"})
    assert late.status_code == 409
    assert 'value="Presents"' in late.text
    assert "Saved now: <bdi>tea</bdi>" in late.text
    assert staff.post(f"{page}/removal", made_from=seen, target="/products").status_code == 409
    assert (stored().title, stored().rule["conditions"][0]["text"]) == ("Gifts", "tea")
    assert (
        staff.post(f"{page}/removal", made_from=version(staff, page), target="/products").status_code == 303
    )
    lost = staff.post(page, made_from=seen, **GIFTS | {"title": "Typed"})
    assert lost.status_code == 409
    assert "Somebody has deleted this collection meanwhile." in lost.text
    assert 'value="Typed"' in lost.text


def test_more_rows_keep_what_was_typed(staff: Browser) -> None:
    answer = staff.post(NEW, **GIFTS | {"title": ""}, do="more")
    assert answer.status_code == 200
    assert 'id="kind-4"' in answer.text
    assert 'value="gift"' in answer.text


def test_only_those_who_may_write_change_collections(staff: Browser, app: Flask) -> None:
    page = make(staff)
    viewer = staff_browser(app, "viewer")
    assert viewer.get(page).status_code == 200
    assert "Delete this collection" not in viewer.get(page).text
    assert [viewer.get(NEW).status_code, viewer.post(NEW, **GIFTS).status_code] == [404, 404]
    assert viewer.post(page, made_from=version(staff, page), **GIFTS).status_code == 404
    assert viewer.post(f"{page}/removal", target="/products").status_code == 404
    assert stored().title == "Gifts"


def test_a_large_shop_is_previewed_in_part_and_filled_later(
    staff: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_preview, "SCANNED", 2)
    monkeypatch.setattr(collection_builds, "BATCH", 2)
    assert "1 of the newest 2 products match." in staff.post(NEW, **GIFTS, do="preview").text
    page = make(staff)
    assert "It is being filled" in staff.get(page).text
    assert "(being filled)" in staff.get("/admin/collections").text
    while collection_builds.work():
        pass
    assert "It is being filled" not in staff.get(page).text
    assert TITLES.findall(staff.get(page).text) == ["Pot", "Mug"]


def test_pages_and_saves_need_few_statements(staff: Browser) -> None:
    page = make(staff)
    for path in ("/admin/collections", NEW, page):
        assert count_statements(lambda path=path: staff.get(path)) <= 8, path  # type: ignore[misc]
    assert count_statements(lambda: staff.post(NEW, **GIFTS, do="preview")) <= 8
    form = GIFTS | {"slug": "gifts", "made_from": version(staff, page)}
    assert count_statements(lambda: staff.post(page, **form | {"title": "Presents"})) <= 12
    assert stored().build_before is None, "the rule is the same"
