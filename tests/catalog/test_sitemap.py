"""The sitemap names every page of the shop, and is cached until pages are added, removed or moved."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.models import Product
from storefront.extensions import write_transaction
from storefront.shop_cache import keys
from tests.cache.conftest import get
from tests.cache.writer_process import edit_product, set_price
from tests.factories import make_category, make_product
from tests.statements import statements

pytestmark = pytest.mark.any_database

HERE = "http://127.0.0.1:8000"
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def read_addresses(client: FlaskClient, address: str) -> dict[str, str | None]:
    """Return the addresses in a file with their dates, after checking the file against the protocol."""
    answer = get(client, address)
    assert (answer.status_code, answer.content_type) == (200, "application/xml; charset=utf-8"), address
    top = ElementTree.fromstring(answer.data)
    index_tag, entry_tag = ("sitemapindex", "sitemap") if address == "/sitemap.xml" else ("urlset", "url")
    assert top.tag == SPACE + index_tag
    assert 1 <= len(top) <= 50_000
    for node in top:
        assert node.tag == SPACE + entry_tag
        assert [child.tag for child in node] in ([f"{SPACE}loc"], [f"{SPACE}loc", f"{SPACE}lastmod"])
    return {node.findtext(f"{SPACE}loc", ""): node.findtext(f"{SPACE}lastmod") for node in top}


def list_parts(client: FlaskClient) -> list[str]:
    """Return the addresses of the parts, without the host."""
    return [urlsplit(address).path for address in read_addresses(client, "/sitemap.xml")]


def is_hit(client: FlaskClient, address: str) -> bool:
    return "hit" in get(client, address).headers["Cache-Status"]


@pytest.fixture
def mug(client: FlaskClient) -> int:
    """Create a mug in a category, an empty category, and two hidden products; return the mug's id."""
    make_category("Plates")
    make_product("Old", status="archived")
    make_product("Coming", status="draft")
    return make_product("Mug", category=make_category("Table", "Cups"), updated_at=CHANGED).id


def test_sitemap_names_the_products_in_the_shop_only(client: FlaskClient, mug: int) -> None:
    odd = make_product("Odd", slug="salt&pepper 'tis <é>", updated_at=CHANGED)
    assert keys.sitemap_part(odd.id) == keys.sitemap_part(mug)
    categories, products = list_parts(client)
    assert list(read_addresses(client, categories)) == [
        f"{HERE}{path}"
        for path in ("/", "/categories", "/products", "/categories/table", "/categories/table/cups")
    ]
    assert products == f"/sitemap-{keys.sitemap_part(mug)}.xml"
    second = f"{HERE}/products/salt&pepper%20'tis%20%3C%C3%A9%3E"
    assert read_addresses(client, products) == dict.fromkeys(
        (f"{HERE}/products/mug", second), CHANGED.isoformat().replace("+00:00", "Z")
    )
    assert b"salt&amp;pepper" in get(client, products).data
    assert [
        get(client, urlsplit(address).path).status_code for address in read_addresses(client, products)
    ] == [200] * 2
    assert f"\nSitemap: {HERE}/sitemap.xml\n" in client.get("/robots.txt").text


def test_parts_are_ranges_of_ids_without_empty_ones(client: FlaskClient, mug: int) -> None:
    last, first = 7 * keys.SITEMAP_PART - 1, 7 * keys.SITEMAP_PART
    make_product("Last", id=last), make_product("First", id=first), make_product("Far", id=900 * first)
    numbers = [keys.sitemap_part(mug), 7, 8, keys.sitemap_part(900 * first)]
    assert list_parts(client)[1:] == [f"/sitemap-{number}.xml" for number in numbers]
    assert list(read_addresses(client, "/sitemap-7.xml")) == [f"{HERE}/products/last"]
    assert list(read_addresses(client, "/sitemap-8.xml")) == [f"{HERE}/products/first"]
    for unknown in ("0", "9", "50000", "50001", "9" * 30, "-1", "x"):
        assert get(client, f"/sitemap-{unknown}.xml").status_code == 404, unknown


def test_sitemap_is_cached_until_products_change_place(client: FlaskClient, mug: int) -> None:
    categories, products = list_parts(client)
    other = "/sitemap-9.xml"
    make_product("Elsewhere", id=8 * keys.SITEMAP_PART)
    files = ("/sitemap.xml", categories, products, other)

    def invalidated() -> list[str]:
        gone = [address for address in files if not is_hit(client, address)]
        assert all(is_hit(client, address) for address in files)
        return gone

    invalidated()
    set_price(mug, 4321)
    assert invalidated() == []
    new = make_product("New", id=mug + 1)
    assert invalidated() == ["/sitemap.xml", products]
    assert f"{HERE}/products/new" in read_addresses(client, products)
    edit_product(mug, slug="beaker")
    assert invalidated() == [products]
    assert list(read_addresses(client, products)) == [f"{HERE}/products/beaker", f"{HERE}/products/new"]
    edit_product(new.id, status="archived")
    assert invalidated() == ["/sitemap.xml", products]
    edit_product(mug, status="archived")
    assert get(client, products).status_code == 404
    assert products not in list_parts(client)
    assert not any("cups" in address for address in read_addresses(client, categories))
    with write_transaction() as session:
        session.get_one(Product, mug).status = "active"
    edit_product(mug, title="Mug again")
    assert list(read_addresses(client, products)) == [f"{HERE}/products/beaker"], (
        "the cache kept that the part was missing"
    )


def test_sitemap_file_costs_at_most_three_statements(client: FlaskClient, mug: int) -> None:
    for address in ("/sitemap.xml", "/sitemap-categories.xml", f"/sitemap-{keys.sitemap_part(mug)}.xml"):
        with statements() as seen:
            assert get(client, address).status_code == 200
        assert len(seen) <= 3, seen


def test_sitemap_names_the_configured_host(app: Flask, client: FlaskClient) -> None:
    assert list(read_addresses(client, "/sitemap.xml")) == [f"{HERE}/sitemap-categories.xml"]
    app.config |= {"TRUSTED_HOSTS": ["shop.example", "www.shop.example"], "ENV": "production"}
    for host in ("www.shop.example", "shop.example"):
        answer = client.get("/sitemap.xml", headers={"Host": host})
        assert "<loc>https://shop.example/sitemap-categories.xml</loc>" in answer.text
    assert client.get("/sitemap.xml", headers={"Host": "evil.example"}).status_code == 400
