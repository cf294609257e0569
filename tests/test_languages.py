"""A shop in several languages: addresses, cached pages that never mix, the chooser; one language costs nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import languages
from storefront.errors import ConfigurationError
from storefront.shop_settings import stored_settings
from storefront.web import same_origin
from tests.cache.conftest import listen
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

PLACES = (
    "/",
    "/categories",
    "/categories/cups",
    "/products",
    "/products/mug",
    "/cart",
    "/account/login",
    "/orders",
)


LANGUAGES = (("", "en-US"), ("/de", "de-DE"), ("/ar", "ar"))
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop with a mug, in English, German and Arabic."""
    make_product(
        "Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 123_400, "on_hand": 9}]
    )
    stored_settings.set_value("languages", "de_DE, ar")
    return app


def _links(text: str) -> set[str]:
    text = re.sub(r"<language-offer.*?</language-offer>", "", text, flags=re.S)
    return set(re.findall(r'(?:href|action)="(/[^"]*)"', text))


@pytest.mark.parametrize("path", PLACES)
def test_pages_answer_in_each_language(shop: Flask, client: FlaskClient, path: str) -> None:
    own, german, arabic = (client.get(f"{tag}{path}") for tag in ("", "/de", "/ar"))
    assert [each.status_code for each in (own, german, arabic)] == [200] * 3
    assert '<html lang="en-US" dir="ltr"' in own.text
    assert '<html lang="de-DE" dir="ltr"' in german.text
    assert '<html lang="ar" dir="rtl"' in arabic.text
    pages = {link for link in _links(german.text) if languages.is_translated(link)}
    assert pages == set(), "links to pages keep the language"
    assert not any(link.startswith("/de/static") for link in _links(german.text))
    assert not any(link.startswith("/de/") for link in _links(own.text))


def test_amounts_follow_the_language_of_the_page(shop: Flask, client: FlaskClient) -> None:
    assert "$1,234.00" in client.get("/products/mug").text
    assert "1.234,00\xa0$" in client.get("/de/products/mug").text


def test_other_addresses_have_no_language(shop: Flask, client: FlaskClient) -> None:
    for path in (
        "/de/admin",
        "/de/api/v1/products",
        "/de/robots.txt",
        "/de/me",
        "/de/sitemap.xml",
        "/fr/products",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/de").headers["Location"] == "/de/"
    assert client.get("/de/products/MUG").headers["Location"] == "/de/products/mug"
    page = client.get("/de/nowhere")
    assert (page.status_code, 'lang="de-DE"' in page.text) == (404, True)


def test_alternates_name_each_language_once(shop: Flask, client: FlaskClient) -> None:
    found = [
        re.findall(
            r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', client.get(f"{tag}/products/mug").text
        )
        for tag in ("", "/de", "/ar")
    ]
    with shop.test_request_context():
        start = same_origin.get_origin()
    addresses = {"en-US": "", "x-default": "", "de-DE": "/de", "ar": "/ar"}
    wanted = {lang: f"{start}{tag}/products/mug" for lang, tag in addresses.items()}
    assert list(map(dict, found)) == [wanted] * 3
    assert f'<link rel="canonical" href="{start}/de/products/mug">' in client.get("/de/products/mug").text
    part = client.get("/sitemap-1.xml").text
    assert f'hreflang="de-DE" href="{start}/de/products/mug"/>' in part
    assert "Disallow: /de/cart" in client.get("/robots.txt").text


def test_a_cached_page_is_of_one_language(shop: Flask) -> None:
    client, keys, details = shop.test_client(), {}, set()
    for _store in listen(shop):
        for tag, lang in LANGUAGES * 2:
            for path in ("/", "/products", "/products/mug", "/categories/cups"):
                answer = client.get(f"{tag}{path}")
                assert f'<html lang="{lang}"' in answer.text
                name = re.search('key="([^"]+)"(?:; detail=(..))?', answer.headers["Cache-Status"])
                assert name is not None
                keys[tag, path] = name[1]
                details.add(name[2])
                assert "Cookie" not in answer.headers["Vary"]
    assert len(set(keys.values())) == len(keys)
    assert "L1" in details, "the second time, before Flask makes a request"


def test_the_choice_is_kept_in_a_cookie_that_no_page_reads(shop: Flask, client: FlaskClient) -> None:
    before = client.get("/products/mug")
    chosen = client.post("/language", headers=SAME_SITE, data={"language": "de", "next": "/products/mug"})
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/de/products/mug")
    assert chosen.headers["Set-Cookie"].split(";")[0].endswith("=de-DE")
    assert client.get("/products/mug").data == before.data
    back = client.post("/language", headers=SAME_SITE, data={"language": "", "next": "/de/products/mug"})
    assert back.headers["Location"] == "/products/mug"
    own = client.post("/language", headers=SAME_SITE, data={"language": "en", "next": "/de/products/mug"})
    assert own.headers["Location"] == "/products/mug", "the shop's own language by its name"
    for evil in ("//evil.example", "https://evil.example/", "/\\evil.example", "x"):
        assert (
            client.post("/language", headers=SAME_SITE, data={"language": "de", "next": evil}).headers[
                "Location"
            ]
            == "/de/"
        )
    assert (
        client.post("/language", headers=SAME_SITE, data={"language": "fr", "next": "/"}).status_code == 400
    )


def test_a_page_in_a_language_goes_with_the_language(shop: Flask, client: FlaskClient) -> None:
    assert client.get("/de/products/MUG").status_code == 301
    assert client.get("/de/products/mug").status_code == 200
    stored_settings.set_value("languages", "ar")
    assert [client.get(f"/de/products/{slug}").status_code for slug in ("mug", "MUG")] == [404, 404]


def test_one_language_changes_nothing(app: Flask, client: FlaskClient) -> None:
    make_product("Mug", category=make_category("Cups"))
    page = client.get("/products/mug")
    assert "hreflang" not in page.text
    assert "language-chooser" not in page.text
    assert re.search(r"key=\"page:catalog.product:[0-9a-f]+-[0-9a-f]{8}:mug\"", page.headers["Cache-Status"])
    assert "xhtml" not in client.get("/sitemap-1.xml").text
    assert client.get("/de/products/mug").status_code == 404


def test_tags_of_languages_differ() -> None:
    found = languages.parse("de_DE", "de_DE, de_AT, en_GB, ja")
    assert [(each.tag, each.locale) for each in found] == [("de-at", "de_AT"), ("en", "en_GB"), ("ja", "ja")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("de_DE, de-DE", "twice"), ("klingon", "use a locale such as"), ("de_DE, xx", "use a locale such as")],
)
def test_languages_that_cannot_be_are_refused(app: Flask, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        stored_settings.set_value("languages", text)
    assert app.test_client().get("/").status_code == 200
