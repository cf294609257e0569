"""The front page in further languages: each text of its sections with fallback, in the form and in files."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.content import page_edits
from storefront.content.front_page import front_page_draft, front_page_edits
from storefront.content.front_page.page_sections import (
    GridItem,
    GridSection,
    HeroSection,
    QuoteSection,
    TextSection,
)
from storefront.content.page_edits import PageValues
from storefront.extensions import write_transaction
from storefront.shop_settings import stored_settings
from tests.accounts.people import staff_browser
from tests.content.test_front_page import picture, publish
from tests.factories import make_product
from tests.test_text_translations import owner, translate

pytestmark = pytest.mark.any_database


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop in English and German with a front page of its own."""
    stored_settings.set_value("languages", "de_DE")
    hero = HeroSection(
        id="aa", heading="Winter tea", text="Warm", button="Shop", link="/products", picture=picture(app)
    )
    items = (
        GridItem(picture(app, 2, "A cup"), "Cups", "/products"),
        GridItem(picture(app, 3, "A pot"), "Pots", "/products"),
    )
    texts = TextSection(id="cc", heading="About", body_html="<p>We <b>fire</b> clay.</p>")
    quote = QuoteSection(id="dd", text="Fine cups.", author="A guest")
    publish(hero, GridSection(id="bb", heading="Shelves", items=items), texts, quote)
    return app


def field(text: str) -> str:
    """Return the name of the field with this text."""
    return next(name for name, source in owner("front-page").texts.items() if source == text)


def test_each_text_of_a_section_is_shown_in_the_language(shop: Flask, client: FlaskClient) -> None:
    before = client.get("/").data
    assert "Winter tea" in client.get("/de/").text
    words = {
        "Winter tea": "Wintertee",
        "Warm": "Wärmt",
        "Shop": "Einkaufen",
        "A cup": "Eine Tasse",
        "Cups": "Tassen",
        "Shelves": "Regale",
        "<p>We <b>fire</b> clay.</p>": "<p>Wir <b>brennen</b> Ton.</p><script>1</script>",
        "Fine cups.": "Feine Tassen.",
    }
    translate("front-page", **{field(source): text for source, text in words.items()})
    german = client.get("/de/").text
    for text in ("Wintertee", "Wärmt", "Einkaufen", 'alt="Eine Tasse"', "Tassen", "Regale", "Feine Tassen."):
        assert text in german
    assert "brennen</strong> Ton" in german or "brennen</b> Ton" in german
    assert "<script>1" not in german
    assert "A guest" in german, "what is not translated is as it is"
    assert 'alt="A pot"' in german
    assert client.get("/").data == before


def test_previews_are_in_each_language(shop: Flask, client: FlaskClient) -> None:
    translate("front-page", **{field("Winter tea"): "Wintertee"})
    with write_transaction() as session:
        page = page_edits.create(session, PageValues("Imprint"))
    product = make_product("Mug", status="draft", variants=[{"sku": "M"}])
    translate("page", "imprint", title="Impressum")
    translate("product", "mug", title="Becher")
    staff = staff_browser(shop)
    for path, own, german in (
        ("/admin/front-page", "Winter tea", "Wintertee"),
        (f"/admin/pages/{page.id}", "Imprint", "Impressum"),
        (f"/admin/products/{product.id}", "Mug", "Becher"),
    ):
        links = re.findall(r'<a href="((?:/de)?/previews/[^"]+)"', staff.get(path).text)
        assert [link.startswith("/de/") for link in links] == [False, True]
        assert f">{own}</h1>" in client.get(links[0]).text
        shown = client.get(links[1])
        assert f">{german}</h1>" in shown.text
        assert (shown.headers["Cache-Control"], shown.headers["X-Robots-Tag"]) == (
            "private, no-store",
            "noindex",
        )
        assert 'href="/de/cart"' in shown.text
        assert client.get(f"{links[1]}x").status_code == 404


def test_a_picture_keeps_its_words_in_another_place(shop: Flask, client: FlaskClient) -> None:
    translate("front-page", **{field("Cups"): "Tassen"})
    with write_transaction() as session:
        grid = GridSection(
            id="bb",
            items=(GridItem(picture(shop, 3, "A pot"), "Pots"), GridItem(picture(shop, 2, "A cup"), "Cups")),
        )
        page = front_page_edits.add(session, TextSection(id="ee", heading="More"))
        seen = front_page_edits.page_sections.version_of(front_page_edits.page_sections.decode(page.draft)[1])
        page = front_page_edits.change(session, grid, expected=seen)
        front_page_draft.publish(session, expected=page.version)
    german = client.get("/de/").text
    assert german.index("Pots") < german.index("Tassen")
    assert "Cups" not in re.sub(r'alt="[^"]*"', "", german)


def test_staff_translate_the_whole_page_in_one_form(shop: Flask) -> None:
    staff = staff_browser(shop, "catalogue")
    path = "/admin/translations/front-page/0"
    for page in ("/admin/front-page", "/admin/front-page/sections/aa", "/admin/translations"):
        assert f'href="{path}"' in staff.get(page).text
    page = staff.get(path).text
    assert "Section 1: Heading" in page
    assert "Section 4: Who said it" in page
    sent = {
        name: unescape(value)
        for name, value in re.findall(r'<input[^>]*? name="([\w-]+)"[^>]*? value="([^"]*)"', page)
    }
    number = next(name[5:] for name, value in sent.items() if value == "aa.heading")
    sent[f"text-{number}"] = "Wintertee"
    assert staff.post(path, **sent).status_code == 303
    assert "Wintertee" in shop.test_client().get("/de/").text
    assert (
        staff.post(path, **sent | {f"text-{number}": "x" * 121, f"seen-{number}": "Wintertee"}).status_code
        == 422
    )
    assert "de,front-page,,aa.heading,Winter tea,Wintertee" in staff.get("/admin/translations/de.csv").text
