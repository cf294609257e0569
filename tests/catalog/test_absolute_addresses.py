"""Canonical links, structured data and Open Graph name the shop's own origin; descriptions end after a word."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.gtin import find_gtin
from storefront.unicode_text import shorten
from tests.cache.conftest import get
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def pot(app: Flask) -> str:
    variants = [
        {"sku": "P/1", "label": "P 1", "option1": "S", "price": 1000, "barcode": "4006381333931"},
        {"sku": "P2", "option1": "L", "price": 1250, "barcode": "4006381333932", "on_hand": 0},
    ]
    product = make_product(
        "Pot",
        category=make_category("Tea"),
        pictures=1,
        variants=variants,
        option_names=["Size"],
        seo_description="Pots of stoneware " * 20,
    )
    return f"/products/{product.slug}"


def data(page: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"ld\+json\">(.*?)</script>", page, re.S)]


def tags(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', page))
    return found | {"canonical": re.findall(r'<link rel="canonical" href="([^"]+)"', page)[0]}


def test_every_public_page_has_absolute_addresses(client: FlaskClient, pot: str) -> None:
    for path in ("/", "/products", "/categories", "/categories/tea", pot):
        for host in ("localhost", "127.0.0.1:9"):
            page = client.get(path, headers={"Host": host}).text
            found = tags(page)
            assert found["canonical"] == found["og:url"] == HERE + path, "whatever name the request used"
            for one in data(page):
                steps = [step["item"] for step in one.get("itemListElement", ())]
                for address in (*steps, *one.get("image", ()), *([one["url"]] if "url" in one else [])):
                    assert address.startswith(f"{HERE}/"), address
    assert tags(client.get("/products?vendor=x&page=2").text)["canonical"] == f"{HERE}/products"


def test_another_origin_gets_pages_of_its_own(app: Flask, client: FlaskClient, pot: str) -> None:
    get(client, pot)
    app.config |= {"TRUSTED_HOSTS": ["shop.example"], "ENV": "production"}
    page = client.get(pot, headers={"Host": "shop.example"}).text
    assert tags(page)["canonical"] == f"https://shop.example{pot}"
    assert tags(page)["og:image"].startswith("https://shop.example/media/")


def test_every_variant_is_an_offer(client: FlaskClient, pot: str) -> None:
    offers = next(one for one in data(get(client, pot).text) if one["@type"] == "Product")["offers"]
    assert [offer["price"] for offer in offers] == ["10.00", "12.50"]
    assert offers[0] == {
        "@type": "Offer",
        "url": f"{HERE}{pot}?variant=P%2F1",
        "price": "10.00",
        "priceCurrency": "USD",
        "availability": "https://schema.org/InStock",
        "sku": "P 1",
        "gtin13": "4006381333931",
    }
    assert offers[1]["availability"] == "https://schema.org/OutOfStock"
    assert "gtin13" not in offers[1], "its check digit is wrong"


def test_gtins_are_known_by_their_check_digit() -> None:
    assert find_gtin("4006381333931") == ("gtin13", "4006381333931")
    assert find_gtin("0 36000 29145-2") == ("gtin12", "036000291452")
    assert find_gtin("96385074") == ("gtin8", "96385074")
    assert find_gtin("10614141000415") == ("gtin14", "10614141000415")
    for other in ("", "4006381333932", "00000000", "123", "A006381333931", "४००६३८१३३३९३१"):
        assert find_gtin(other) is None, other


def test_descriptions_end_after_a_word(client: FlaskClient, pot: str) -> None:
    assert "at Kettle &amp; Clay" in tags(get(client, "/products").text)["description"], "escaped once"
    description = tags(get(client, pot).text)["description"]
    assert len(description) <= 160
    assert re.fullmatch(r"(Pots of stoneware )+Pots( of( stoneware)?)?…", description)
    assert shorten("one two", 7) == "one two"
    assert shorten("one two, three", 9) == "one two…"
    assert shorten("x" * 20, 5) == "xxxx…"
    assert shorten(" a \n b ", 9) == "a b"


def test_browsers_find_icons_and_the_password_form(client: FlaskClient) -> None:
    for path, kind in (("/favicon.ico", b"\0\0\1\0"), ("/apple-touch-icon.png", b"\x89PNG")):
        answer = client.get(path)
        assert (answer.status_code, answer.data[:4]) == (200, kind)
        assert "max-age=86400" in answer.headers["Cache-Control"]
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.location) == (303, "/account#part-password")


def test_robots_leave_out_what_is_personal_or_endless(client: FlaskClient) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert {"Disallow: /cart", "Disallow: /me$", "Disallow: /*?*sort=", "Disallow: /*?*q="} <= set(lines)
    assert f"Sitemap: {HERE}/sitemap.xml" in lines
    assert not any("/media" in line or line == "Disallow: /me" for line in lines)
