"""/admin/front-page: sections are written, ordered, hidden, published and restored, and nothing typed is lost."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.catalog.models import PagePicture
from storefront.content.front_page import page_sections
from storefront.content.front_page.models import FrontPage
from storefront.content.front_page.page_sections import MOST_SECTIONS, PageSection
from storefront.extensions import db
from storefront.history.models import RecordedChange
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser
from tests.factories import make_category, make_product, png

pytestmark = pytest.mark.any_database

PAGE = "/admin/front-page"
QUOTE = {"text": "The best cups.", "author": "Kim"}
FILE = {"p1-file": 1, "p1-decorative": "1"}


@pytest.fixture
def owner(app: Flask) -> Browser:
    found = staff_browser(app, "owner")
    found.post(f"{PAGE}/start", **{"from": "empty"})
    return found


def read_draft() -> tuple[PageSection, ...]:
    """Return the sections of the draft as it is stored now; none if it has not been begun."""
    stored = db.session.execute(select(FrontPage.draft)).scalar_one_or_none()
    return page_sections.decode(stored or "[]")


def send(owner: Browser, place: str, **form: Any) -> TestResponse:
    """Send the form of a section; numbers stand for pictures."""
    sent = {
        key: (io.BytesIO(png(one, (400, 300))), "a.png") if isinstance(one, int) else one
        for key, one in form.items()
    }
    db.session.rollback()
    address = f"/admin/uploads/front-page/{place}"
    return owner.client.post(address, data=sent, headers=SAME_ORIGIN, **owner.options)


def add(owner: Browser, kind: str, **form: Any) -> str:
    """Add a section; return its id."""
    answer = send(owner, f"new/{kind}", **form)
    assert answer.status_code == 303, answer.text
    return str(answer.location).partition("?")[0].rpartition("/")[2]


def value(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


def press(owner: Browser, verb: str, **form: str) -> TestResponse:
    """Send a form of the page with all of its hidden fields, as it is now."""
    page = owner.get(PAGE).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page))
    return owner.post(f"{PAGE}/{verb}", **hidden | form)


def order_of(owner: Browser) -> list[str]:
    return re.findall(r"/admin/front-page/sections/(\w+)\"><strong", owner.get(PAGE).text)


def test_a_draft_is_private_until_it_is_published(app: Flask, owner: Browser) -> None:
    make_product("Sencha")
    shopper = Browser(app)
    before = shopper.get("/").text
    add(owner, "hero", heading="Winter tea", text="Warm", button="Shop", link="/products?q=a", **FILE)
    add(owner, "products", heading="Just in", source="newest", count="4")
    assert shopper.get("/").text == before
    preview = re.search(r'data-src="(/previews/front-page/[^"]+)"', owner.get(PAGE).text)
    assert preview
    shown = shopper.get(preview[1])
    assert "Winter tea" in shown.text
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in owner.get(PAGE).headers["Content-Security-Policy"]
    assert shopper.get(preview[1] + "x").status_code == 404
    assert press(owner, "publication").status_code == 303
    page = shopper.get("/").text
    assert page.count("<h1") == 1
    assert page.count('fetchpriority="high"') == 1
    assert 'href="/products?q=a"' in page
    assert "Sencha" in page
    assert "Everybody sees this page." in owner.get(PAGE).text
    assert press(owner, "withdrawal").status_code == 303
    assert shopper.get("/").text == before


def test_the_present_page_is_where_a_draft_can_start(app: Flask) -> None:
    for name in ("Tea", "Cups"):
        make_product(f"A {name}", category=make_category(name), pictures=1)
    owner, shopper = staff_browser(app, "catalogue"), Browser(app)
    assert "Start from the present page" in owner.get(PAGE).text
    assert owner.post(f"{PAGE}/start", **{"from": "present"}).status_code == 303
    assert owner.post(f"{PAGE}/start", **{"from": "empty"}).status_code == 409
    assert press(owner, "publication").status_code == 303
    page = shopper.get("/").text
    assert "Shop by category" in page
    assert 'href="/categories/tea"' in page
    assert "A Cups" in page


def test_sections_are_ordered_hidden_removed_and_put_back(owner: Browser) -> None:
    one, two, three = (add(owner, "quote", text=text) for text in ("One", "Two", "Three"))
    assert press(owner, "order", **{f"step-{three}": "up"}).status_code == 303
    assert order_of(owner) == [one, three, two]
    assert press(owner, "order", **{f"place-{two}": "1", f"place-{one}": "2", f"place-{three}": "3"})
    assert order_of(owner) == [two, one, three]
    assert press(owner, "order", **{f"place-{two}": "x"}).status_code == 422
    assert press(owner, f"sections/{one}/hiding", wanted="hide").status_code == 303
    assert [section.hidden for section in read_draft()] == [False, True, False]
    removed = press(owner, f"sections/{one}/removal")
    assert order_of(owner) == [two, three]
    offer = owner.get(removed.location)
    assert "Put it back" in offer.text
    number = value(offer.text, "version")
    assert owner.post(f"{PAGE}/sections/{one}/return", version=number).status_code == 303
    assert order_of(owner) == [two, one, three]
    assert owner.post(f"{PAGE}/sections/{one}/return", version=number).status_code == 409
    assert owner.post(f"{PAGE}/sections/{one}/return", version="77").status_code == 422
    assert press(owner, "versions/2").status_code == 303
    assert order_of(owner) == [one]
    assert press(owner, "versions/77").status_code == 422
    db.session.rollback()
    changes = db.session.scalars(select(RecordedChange).where(RecordedChange.kind == "front_page")).all()
    assert {change.actor.partition(":")[0] for change in changes} == {"staff"}


def test_two_people_never_overwrite_each_other(owner: Browser) -> None:
    one, two = add(owner, "quote", **QUOTE), add(owner, "quote", text="Two")
    seen = value(owner.get(f"{PAGE}/sections/{one}").text, "made_from")
    page = owner.get(PAGE).text
    draft, made, order = value(page, "draft"), value(page, f"made-{one}"), value(page, "made_from")
    assert (
        send(owner, f"sections/{two}", made_from=value(page, f"made-{two}"), text="Zwei").status_code == 303
    )
    assert send(owner, f"sections/{one}", made_from=seen, text="Mine", author="").status_code == 303
    late = send(owner, f"sections/{one}", made_from=seen, text="Yours")
    assert late.status_code == 409
    assert "Saved now: <bdi>Mine</bdi>" in late.text
    assert "Yours" in late.text
    assert owner.post(f"{PAGE}/sections/{one}/removal", **{f"made-{one}": made}).status_code == 409
    assert owner.post(f"{PAGE}/sections/{one}/hiding", **{f"made-{one}": made}).status_code == 409
    assert owner.post(f"{PAGE}/publication", draft=draft).status_code == 409
    assert owner.post(f"{PAGE}/versions/1", draft=draft).status_code == 409
    add(owner, "quote", text="Three")
    assert owner.post(f"{PAGE}/order", made_from=order).status_code == 409
    assert [section.text for section in read_draft()] == ["Mine", "Zwei", "Three"]  # type: ignore[union-attr]


def test_wrong_sections_come_back_with_what_was_typed(owner: Browser) -> None:
    hero, story = {"heading": "A hero", "p1-decorative": "1"}, {"body_html": "A story", "side": "end"}
    row = {"heading": "A row", "source": "newest", "count": "4"}
    grid = {"p1-decorative": "1", "p2-decorative": "1", "p1-file": 1, "p2-file": 2, "p1-caption": "A grid"}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("hero", {"text": "A hero"}, "Enter a heading"),
        ("hero", {"heading": "A hero" + "x" * 120}, "Use up to 120"),
        ("hero", hero | {"button": "Buy"}, "Enter where the button leads"),
        ("hero", hero | {"link": "/products"}, "Enter the text of the button"),
        ("hero", hero | {"button": "Buy", "link": "javascript:alert(1)"}, "Enter an address of this shop"),
        ("hero", hero | {"button": "Buy", "link": "//evil.example"}, "Enter an address of this shop"),
        ("hero", hero | {"p1-decorative": "", "p1-file": 1}, "Describe the picture"),
        ("hero", hero | {"p1-alt": "A pot", "p1-file": 1}, "take away one of the two"),
        ("hero", hero | {"shown_from": "tomorrow"}, "Enter a day and a time"),
        (
            "hero",
            hero | {"shown_from": "2030-01-02T00:00", "shown_until": "2030-01-01T00:00"},
            "must be later",
        ),
        ("products", row | {"source": "category", "category": "999"}, "Choose a category"),
        ("products", row | {"source": "collection"}, "Choose a collection"),
        ("products", row | {"source": "all"}, "Choose which products"),
        ("products", row | {"count": "13"}, "Enter a number from 2 to 12"),
        ("story", {"side": "end", "link": "A story"}, "Enter a heading or a text"),
        ("story", story, "Choose a picture"),
        ("story", story | FILE | {"body_html": "A story" + "x" * 20_001}, "The text is too long"),
        ("story", story | FILE | {"side": "top"}, "Choose a side"),
        ("grid", {"p1-caption": "A grid"}, "Choose a picture"),
        ("grid", {key: one for key, one in grid.items() if key != "p2-file"}, "Choose at least 2"),
        ("grid", grid | {"p2-link": "/products"}, "needs a caption"),
        ("quote", {"author": "A quote", "text": "  "}, "Enter what was said"),
        ("text", {"shown_from": "A text"}, "Enter a heading or a text"),
    ]
    for kind, form, sentence in wrong:
        answer = send(owner, f"new/{kind}", **form)
        assert answer.status_code == 422, (kind, form)
        assert sentence in answer.text, (kind, form)
        assert {"products": "A row"}.get(kind, f"A {kind}") in answer.text
    assert read_draft() == ()
    assert send(owner, "new/nothing").status_code == 404
    assert owner.get(f"{PAGE}/new/nothing").status_code == 404


def test_a_good_picture_is_kept_beside_a_wrong_field(owner: Browser) -> None:
    bad = send(owner, "new/hero", heading="Tea", **{"p1-file": 3, "p1-alt": "A pot", "link": "x"})
    digest = value(bad.text, "p1-digest")
    assert db.session.get(PagePicture, digest)
    number = add(owner, "hero", heading="Tea", **{"p1-digest": digest, "p1-alt": "A pot"})
    assert f"/media/{digest}-" in owner.get(f"{PAGE}/sections/{number}").text
    svg = (io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "a.svg")
    answer = send(owner, "new/hero", heading="Tea", **{"p1-file": svg})
    assert answer.status_code == 422
    assert "This file can’t be used." in answer.text
    made_up = send(owner, "new/story", body_html="Tea", side="end", **{"p1-digest": "0" * 32, "p1-alt": "A"})
    assert "Choose a picture." in made_up.text
    seen = value(owner.get(f"{PAGE}/sections/{number}").text, "made_from")
    gone = {"p1-digest": digest, "p1-alt": "A pot", "p1-removed": "1", "made_from": seen}
    assert send(owner, f"sections/{number}", heading="Tea", **gone).status_code == 303
    assert f"/media/{digest}-" not in owner.get(f"{PAGE}/sections/{number}").text


def test_a_page_has_no_more_sections_than_fit(owner: Browser) -> None:
    for _ in range(MOST_SECTIONS):
        last = add(owner, "quote", **QUOTE)
    assert "The page is full" in owner.get(PAGE).text
    answer = send(owner, "new/quote", text="One too many")
    assert answer.status_code == 422
    assert "One too many" in answer.text
    removed = press(owner, f"sections/{last}/removal")
    add(owner, "quote", **QUOTE)
    number = value(owner.get(removed.location).text, "version")
    assert owner.post(f"{PAGE}/sections/{last}/return", version=number).status_code == 422


def test_scripts_do_not_reach_the_page(app: Flask, owner: Browser) -> None:
    add(owner, "text", heading="<script>x()</script>", body_html="<p onclick=x()>Hi</p><script>x()</script>")
    press(owner, "publication")
    page = Browser(app).get("/").text
    assert "Hi" in page
    assert "onclick" not in page
    assert "<script>x" not in page


def test_roles_without_content_find_nothing(app: Flask, owner: Browser) -> None:
    one = add(owner, "quote", **QUOTE)
    viewer, clerk = staff_browser(app, "viewer"), staff_browser(app, "orders")
    assert viewer.get(f"{PAGE}/sections/{one}").status_code == 200
    assert "Put it back" not in viewer.get(f"{PAGE}?back={one}&version=1").text
    for staff in (viewer, clerk):
        assert send(staff, f"sections/{one}", **QUOTE).status_code == 404
        assert send(staff, "new/quote", **QUOTE).status_code == 404
        for verb in ("start", "order", "publication", "withdrawal", "versions/1", f"sections/{one}/removal"):
            assert staff.post(f"{PAGE}/{verb}").status_code == 404
    assert clerk.get(PAGE).status_code == 404


def test_a_moved_section_goes_first_at_its_typed_place(owner: Browser) -> None:
    ids = [add(owner, "quote", **QUOTE | {"author": name}) for name in ("Ada", "Bea", "Cleo")]
    seen = value(owner.get(PAGE).text, "made_from")
    places = {f"place-{each}": place for each, place in zip(ids, ("1", "2", "1"), strict=True)}
    assert owner.post(f"{PAGE}/order", made_from=seen, **places).status_code == 303
    found = [each.id for each in read_draft()]
    assert found == [ids[2], ids[0], ids[1]], "as in menus and categories"
