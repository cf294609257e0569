"""The choice of brands: all of them with true counts, several at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from storefront.catalog import queries
from storefront.catalog.list_index import reader, vendor_counts
from storefront.catalog.list_request import MAX_BRANDS, ListRequest
from tests.cache.conftest import get
from tests.factories import make_category, make_product
from tests.statements import statements


@pytest.fixture
def shelf(app: object) -> None:
    tea = make_category("Tea")
    for number, vendor in enumerate(["Élan", "Leaf", "leaf & Co", "Leaf", "Élan", "Élan", ""]):
        make_product(f"Sencha {number}", category=tea, vendor=vendor, variants=[{"price": 100 * number}])
    make_product("Bowl", vendor="Kiln", variants=[{"on_hand": 0}])


def counts(**wanted: Any) -> dict[str, int | None]:
    return {each.vendor: each.products for each in queries.load_list_page(ListRequest(**wanted)).vendors}


@pytest.mark.usefixtures("shelf")
def test_several_brands_are_chosen_at_once(client: FlaskClient) -> None:
    page = queries.load_list_page(ListRequest(vendors=("Kiln", "Leaf")))
    assert sorted(card.vendor for card in page.items) == ["Kiln", "Leaf", "Leaf"]
    text = get(client, "/products?vendor=Leaf&vendor=Kiln").text
    ticked = re.findall(r'name="vendor" value="([^"]+)" checked', text)
    assert ticked == ["Kiln", "Leaf"]
    assert "Remove filter: </span><span" in text
    assert 'href="/products?vendor=Leaf"' in text, "a chip removes its own brand only"


@pytest.mark.usefixtures("shelf")
def test_all_orders_of_brands_share_a_page(client: FlaskClient) -> None:
    get(client, "/products?vendor=Leaf&vendor=Kiln")
    for query in ("vendor=Kiln&vendor=Leaf", "vendor=Kiln&vendor=&vendor=Leaf&vendor=Kiln"):
        assert "hit" in get(client, f"/products?{query}").headers["Cache-Status"], query


@pytest.mark.usefixtures("shelf")
def test_brands_are_counted_by_what_other_filters_leave() -> None:
    everything = {"Élan": 3, "Kiln": 1, "Leaf": 2, "leaf & Co": 1}
    assert counts() == counts(vendors=("Leaf",)) == everything
    assert list(counts()) == ["Élan", "Kiln", "Leaf", "leaf & Co"], "by name, whatever their letters are"
    assert counts(path="tea") == {"Élan": 3, "Leaf": 2, "leaf & Co": 1}
    assert counts(min_price=250, max_price=450) == {"Élan": 1, "Leaf": 1}
    assert counts(min_price=250, max_price=450, vendors=("Leaf",)) == {"Élan": 1, "Leaf": 1}
    assert counts(min_price=250, max_price=450, vendors=("Kiln",)) == {"Élan": 1, "Kiln": 0, "Leaf": 1}
    assert counts(in_stock=True, vendors=("Leaf",)) == {"Élan": 3, "Leaf": 2, "leaf & Co": 1}
    searched = {"q": "sencha", "sort": "relevance"}
    assert (
        counts(**searched) == counts(**searched, vendors=("Leaf",)) == {"Élan": 3, "Leaf": 2, "leaf & Co": 1}
    )
    assert counts(**searched, path="tea", max_price=0, vendors=("Leaf",)) == {"Élan": 1, "Leaf": 0}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("filters", [{"in_stock": True}, {"q": "sencha", "sort": "relevance"}, {}], ids=str)
def test_counts_cost_one_statement_and_are_bounded(
    monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any]
) -> None:
    wanted = ListRequest(vendors=("Leaf", "Élan"), **filters)
    for limit in (reader.MATCH_LIMIT, 3):
        monkeypatch.setattr(reader, "MATCH_LIMIT", limit)
        with statements() as seen:
            page = queries.load_list_page(wanted)
        assert page.total_text == ("5 products" if limit > 3 else "3+ products")
        assert len(seen) <= 6
    monkeypatch.setattr(vendor_counts, "SCAN_LIMIT", 3)
    found = {each.vendor: each.products for each in queries.load_list_page(wanted).vendors}
    assert set(found) >= {"Leaf", "Élan"}
    assert not filters or set(found.values()) == {None}, "too many to count"


@pytest.mark.usefixtures("app")
def test_every_brand_is_listed_up_to_a_limit(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(15):
        make_product(vendor=f"Brand {number:02}")
    make_product(vendor="Brand 14")
    text = get(client, "/products").text
    assert re.findall(r'name="vendor" value="Brand (\d+)"', text) == [f"{n:02}" for n in range(15)]
    assert "<option-search" in text
    monkeypatch.setattr(queries, "MAX_VENDORS", 14)
    page = queries.load_list_page(ListRequest())
    assert (len(page.vendors), page.has_more_vendors) == (14, True)
    assert page.vendors[-1].vendor == "Brand 14", "the smallest are left out"


def test_brands_of_a_list_are_limited(client: FlaskClient) -> None:
    query = "&".join(f"vendor=Brand+{number}" for number in range(MAX_BRANDS + 1))
    assert client.get(f"/api/v1/products?{query}").status_code == 400


@pytest.mark.usefixtures("shelf")
def test_the_api_takes_several_vendors(client: FlaskClient) -> None:
    answer = client.get("/api/v1/products?vendor=Kiln&vendor=Leaf&fields=vendor&page=2")
    assert answer.get_json()["total"] == 3
    assert "vendor=Kiln&vendor=Leaf&fields=vendor&page=1" in answer.headers["Link"]
