"""The merchant's texts in further languages: shown with fallback, cached apart, exported and imported as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, bindparam, select

from storefront import languages
from storefront.cache import collect_dependencies
from storefront.catalog.list_index import writer
from storefront.catalog.models import Category, Product
from storefront.content import page_edits
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.joint_queries import read_rows
from storefront.shop_cache import keys
from storefront.shop_settings import stored_settings
from storefront.shop_settings.language_choice import languages_of
from storefront.text_translations import built_once, sources, translated
from storefront.text_translations.models import CATEGORY, TextTranslation
from storefront.text_translations.sources import SourceTexts
from storefront.text_translations.translation_edits import (
    NewText,
    TranslationsChangedError,
    read_texts,
    save_texts,
)
from tests.factories import make_category, make_product
from tests.statements import statements


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop with a mug in two colours and a page, in English and German."""
    variants = [{"sku": "M1", "price": 100, "on_hand": 9, "option1": "Blue"}]
    variants.append({"sku": "M2", "price": 100, "on_hand": 9, "option1": "Red"})
    make_product("Mug", category=make_category("Cups"), option_names=["Colour"], variants=variants)
    with write_transaction() as session:
        page_edits.create(session, PageValues("Imprint", "imprint", "<p>Words</p>", published_at=None))
    stored_settings.set_value("languages", "de_DE, fr_FR")
    return app


def owner(kind: str, key: str = "") -> SourceTexts:
    """The texts of one owner."""
    found = sources.find_kind(kind)
    assert found is not None
    db.session.rollback()
    [here] = [each for each in found.read(db.session(), None) if each.key == key]
    return here


def translate(kind: str, key: str = "", locale: str = "de_DE", seen: str = "", **texts: str) -> None:
    """Save translations."""
    found = sources.find_kind(kind)
    assert found is not None
    here = owner(kind, key)
    with write_transaction() as session:
        save_texts(session, found, here, locale, {name: NewText(text, seen) for name, text in texts.items()})


@pytest.mark.any_database
def test_pages_show_translations_and_fall_back(shop: Flask, client: FlaskClient) -> None:
    translate("product", "mug", title="Becher", description_html="<p>Ein Becher</p><script>x</script>")
    translate("category", "cups", name="Tassen", seo_title="Unsere Tassen")
    translate("option", Blue="Blau", Colour="Farbe")
    page = client.get("/de/products/mug").text
    assert all(
        text in page for text in ("<title>Becher", "Ein Becher", ">Tassen</a>", "Farbe", "Blau", "Red")
    )
    assert "<script>x" not in page
    assert "Becher" in client.get("/de/products").text
    assert "<title>Unsere Tassen" in client.get("/de/categories/cups").text
    assert "Tassen" in client.get("/de/categories").text
    assert "Tassen" in client.get("/de/").text
    for path in ("/products/mug", "/fr/products/mug", "/products", "/categories/cups", "/"):
        assert not any(text in client.get(path).text for text in ("Becher", "Tassen", "Blau", "Farbe")), path


@pytest.mark.any_database
def test_a_translation_shows_at_once(shop: Flask, client: FlaskClient) -> None:
    paths = ("/de/", "/de/products", "/de/products/mug", "/de/categories/cups", "/de/categories")
    assert all(client.get(path).status_code == 200 for path in paths)
    translate("product", "mug", title="Becher")
    translate("category", "cups", name="Tassen")
    for path in paths:
        assert "Tassen" in client.get(path).text, path
    assert "Becher" in client.get("/de/products").text
    own = client.get("/products/mug").headers["Cache-Status"]
    translate("category", "cups", name="Schalen", seen="Tassen")
    assert "Schalen" in client.get("/de/products/mug").text
    assert "hit" in client.get("/products/mug").headers["Cache-Status"], own


@pytest.mark.any_database
def test_the_basket_and_pages_are_translated(shop: Flask, client: FlaskClient) -> None:
    translate("product", "mug", title="Becher")
    translate("option", Blue="Blau")
    translate("page", "imprint", title="Impressum", body_html="<p>Text auf Deutsch</p>")
    client.post(
        "/de/cart/lines", data={"sku": "M1", "quantity": "1"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    basket = client.get("/de/cart").text
    assert "Becher" in basket
    assert "Blau" in basket
    assert "Mug" in client.get("/cart").text


def test_one_language_takes_no_statement_more(app: Flask, client: FlaskClient) -> None:
    make_product("Mug", category=make_category("Cups"))
    with statements() as seen:
        for path in ("/", "/products", "/products/mug", "/categories/cups", "/categories"):
            client.get(path)
    assert seen
    assert not any("text_translation" in statement for statement in seen)


def test_two_people_at_once_do_not_overwrite_each_other(shop: Flask) -> None:
    translate("product", "mug", title="Becher")
    with pytest.raises(TranslationsChangedError):
        translate("product", "mug", title="Tasse")
    assert read_texts(db.session(), "product", owner("product", "mug"), "de_DE")["title"].text == "Becher"


def test_a_changed_source_marks_the_translation(shop: Flask) -> None:
    translate("product", "mug", title="Becher")
    with write_transaction() as session:
        session.execute(select(Product).where(Product.slug == "mug")).scalar_one().title = "Big mug"
    found = read_texts(db.session(), "product", owner("product", "mug"), "de_DE")["title"]
    assert (found.text, found.is_outdated) == ("Becher", True)


def test_translations_go_with_their_owner(shop: Flask) -> None:
    make_category("Plates")
    translate("category", "plates", name="Teller")
    with write_transaction() as session:
        session.delete(session.execute(select(Category).where(Category.path == "plates")).scalar_one())
    assert db.session.execute(select(TextTranslation)).first() is None


def test_a_file_comes_back_with_translations(shop: Flask, tmp_path: Path, client: FlaskClient) -> None:
    translate("category", "cups", name="Tassen")
    run, file = shop.test_cli_runner().invoke, tmp_path / "de.csv"
    assert run(args=["translations", "export", str(file), "--language", "de"]).exit_code == 0
    with file.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {
        "Language": "de",
        "Kind": "option",
        "Key": "",
        "Field": "Blue",
        "Source": "Blue",
        "Translation": "",
    } in rows
    for row in rows:
        row["Translation"] = "" if row["Kind"] == "category" else f"{row['Source']} (de)"
    _write(file, rows)
    dry = run(args=["translations", "import", str(file), "--dry-run"])
    assert "would be changed" in dry.output
    assert "Tassen" in client.get("/de/categories").text
    done = run(args=["translations", "import", str(file)])
    assert (done.exit_code, "refused" in done.output) == (0, False), done.output
    assert "Mug (de)" in client.get("/de/products/mug").text
    assert "Tassen" not in client.get("/de/categories").text, "an empty cell removes a translation"
    again = run(args=["translations", "import", str(file)])
    assert "Translations: 0 changed" in again.output


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Language": "xx"}, "not a further language"),
        ({"Kind": "thing"}, "not a kind of text"),
        ({"Key": "none"}, "has no product"),
        ({"Field": "price"}, "not a field"),
        ({"Translation": "x" * 501}, "longer than 500"),
    ],
)
def test_a_file_with_a_wrong_row_changes_nothing(
    shop: Flask, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    good = {
        "Language": "de",
        "Kind": "product",
        "Key": "mug",
        "Field": "title",
        "Source": "Mug",
        "Translation": "B",
    }
    _write(tmp_path / "de.csv", [{**good, "Field": "seo_title"}, good | change])
    done = shop.test_cli_runner().invoke(args=["translations", "import", str(tmp_path / "de.csv")])
    assert (done.exit_code, "line 3" in done.output, reason in done.output) == (1, True, True), done.output
    assert db.session.execute(select(TextTranslation)).first() is None


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_search_finds_words_of_its_language(shop: Flask, client: FlaskClient) -> None:
    translate("product", "mug", title="Große Tassen", description_html="<p>mit zwei Henkeln</p>")
    translate("product", "mug", locale="fr_FR", title="Bols bleus")

    def finds(address: str) -> bool:
        return "/products/mug" in client.get(address).text.partition("<main")[2]

    for words in ("tasse", "grosse tasse", "henkel", "Gross Mug", "M1", "tass"):
        assert finds(f"/de/products?q={words}"), words
    assert finds("/fr/products?q=bol+bleu")
    for address in ("/products?q=tasse", "/fr/products?q=henkel", "/de/products?q=bleus"):
        assert not finds(address), address
    with write_transaction() as session:
        writer.refresh(session, [owner("product", "mug").owner_id])
    assert finds("/de/products?q=henkel"), "a change of the product keeps its translations"
    translate("product", "mug", seen="Große Tassen", title="")
    assert not finds("/de/products?q=tasse")


def test_a_kept_statement_depends_on_translations_each_time(shop: Flask) -> None:
    built = []

    @built_once
    def select_name(hidden: bool) -> Select[str]:
        built.append(hidden)
        name = translated(Category.name, CATEGORY, Category.id, "name")
        return select(name).where(Category.path == bindparam("path"), Category.hidden.is_(hidden))

    translate("category", "cups", name="Tassen")
    german = next(each for each in languages_of(shop) if each.tag == "de")
    for _ in range(2):
        with collect_dependencies() as tags, languages.use(german):
            assert read_rows(select_name(False), {"path": "cups"})[0].name == "Tassen"
        assert keys.texts_tag(CATEGORY) in tags
        with collect_dependencies() as tags:
            assert read_rows(select_name(False), {"path": "cups"})[0].name == "Cups"
            assert read_rows(select_name(True), {"path": "cups"}) == []
        assert not tags
    assert built == [False, False, True]
