"""Any address gets a page, which names the invalid value; none causes an error of the server."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storefront import redis_roles
from storefront.redis_roles import Role
from tests.factories import make_category, make_product
from tests.selection import effort
from tests.statements import statements

CLEAR = {200, 301, 302, 414}


JUNK = [
    *("page=0", "page=-1", "page=abc", "page=1.5", "page=%EF%BC%91", "page=99999999999999999999999999"),
    *(
        "min_price=-1",
        "max_price=nan",
        "min_price=inf",
        "min_price=1e99",
        "min_price=1e999999",
        "min_price=a",
    ),
    *(
        "min_price=9&max_price=1",
        "max_price=12,505",
        "min_price=" + "9" * 400,
        "in_stock=perhaps",
        "sort=random",
    ),
    *("q=%00", "vendor=%00", "category=%00", "min_price=%00", "page=%00", "q=%EF%BF%BD", "other=%00"),
    *("q=" + "a" * 10_000, "vendor=" + "v" * 300, "category=nowhere", "category=nowhere&q=tea"),
    "&".join(f"vendor={number}" for number in range(50)),
]


def test_a_list_answers_whatever_is_typed(client: FlaskClient) -> None:
    make_product("Tea bowl", category=make_category("Tea"))
    for query in JUNK:
        for path in ("/products", "/categories/tea"):
            response = client.get(f"{path}?{query}", follow_redirects=True)
            assert response.status_code == 200, query
            shown = ("Tea bowl", "No products found", "There is no page")
            assert any(words in response.text for words in shown), query


@pytest.mark.any_database
def test_the_api_refuses_what_it_cannot_use(client: FlaskClient) -> None:
    for query in (*JUNK, "min_price=12,50"):
        status = client.get(f"/api/v1/products?{query}").status_code
        assert status in (200, 400, 404), query
    assert status == 400, "its prices have one form"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("query", "field", "typed", "others"),
    [
        ("min_price=cheap&vendor=Kiln+Row", "min_price", "cheap", "Remove filter"),
        ("max_price=-5&in_stock=1&min_price=2", "max_price", "-5", "from <bdi>$2.00</bdi>"),
        ("min_price=30&max_price=3,5", "max_price", "3,5", ""),
        ("min_price=<b>&q=tea", "min_price", "&lt;b&gt;", "Search: “tea”"),
    ],
)
def test_an_unreadable_price_is_a_note_at_its_field(
    client: FlaskClient, query: str, field: str, typed: str, others: str
) -> None:
    make_product("Tea bowl", variants=[{"price": 2500}])
    page = client.get(f"/products?{query}").text
    assert f'name="{field}" value="{typed}"' in page
    assert f'id="{field}-wrong">' in page
    assert "<details open>" in page, "the note is in view"
    assert "Tea bowl" in page
    assert others in page


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("locale", "currency", "typed", "written"),
    [
        ("de_DE", "EUR", ("12,50", "1.299,00"), ("12,50", "1299,00")),
        ("de_DE", "EUR", ("12.50", "1299.00"), ("12,50", "1299,00")),
        ("de_CH", "CHF", ("52.90", "1'299.–"), ("52.90", "1299.00")),
        ("de_DE", "EUR", ("12,50 €", "1.299"), ("12,50", "1299,00")),
        ("en_US", "USD", ("12.5", "$1,299.00"), ("12.50", "1299.00")),
        ("ja_JP", "JPY", ("12", "1,299"), ("12", "1299")),
    ],
)
def test_prices_are_read_as_the_shop_writes_them(
    app: Flask,
    client: FlaskClient,
    locale: str,
    currency: str,
    typed: tuple[str, str],
    written: tuple[str, str],
) -> None:
    app.config |= {"SHOP_SETTINGS": {"locale": locale, "currency": currency}}
    page = client.get("/products", query_string={"min_price": typed[0], "max_price": typed[1]}).text
    assert "field__wrong" not in page
    for name, value in zip(("min_price", "max_price"), written, strict=True):
        assert f'name="{name}" value="{value}"' in page


@pytest.mark.any_database
def test_junk_makes_no_entries_in_the_cache(client: FlaskClient) -> None:
    make_product("Tea bowl")
    redis = redis_roles.get_client(Role.CACHE)

    def entries() -> set[bytes]:
        kinds = (b"page:catalog.product_list", b"catalog:list")
        found = {key for key in redis.keys("*") if any(kind in key for kind in kinds)}
        return {key for key in found if redis.type(key) == b"hash"}  # leases are strings

    # Twice: a page that was built while the invalidation of the new product was on its way is not stored.
    for address in ("/products", "/products?q=tea") * 2:
        client.get(address)
    before = entries()
    for number in range(2, 5):
        for query in (
            *(
                f"page={number}00",
                f"page=x{number}",
                f"sort=x{number}",
                f"in_stock=x{number}",
                f"min_price=x{number}",
            ),
            f"min_price={number}&max_price=1",
            f"q=tea&page={number}00",
        ):
            assert client.get(f"/products?{query}").status_code == 200
    assert entries() - before == set()


@pytest.mark.parametrize(
    "query",
    [
        "page=1000000000",
        "page=99999999999999999999999999",
        "min_price=50&max_price=1",
        "q=%F0%9F%AB%96",
        "q=%22",
        "q=%ff%fe",
        "q=*",
        "q=%25",
        "q='%3B--",
        "q=NEAR(a b)",
        "q=a OR",
        "q=title:tea",
        "q=-tea",
        "q=%5B%5D%7B%7D()",
        "utm_source=x&fbclid=y",
        "vendor=nobody",
        "page=",
        "min_price=",
        "sort=",
        "x=" + "b" * 5_000,
    ],
)
def test_odd_but_usable_values_give_a_page(client: FlaskClient, query: str) -> None:
    make_product("Tea bowl")
    assert client.get(f"/products?{query}").status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize(
    "url",
    [
        "/products/nothing",
        "/products/%00",
        "/products/%ff",
        "/products/" + "a" * 3000,
        "/categories/nowhere",
        "/categories/a/b/c/d/e",
        "/categories/%00",
        "/categories/tea//green",
        "/media/../../etc/passwd",
        "/media/x.webp",
        "/media/" + "0" * 32 + "-99999.webp",
        "/media/" + "0" * 32 + "-320.svg",
    ],
)
def test_unknown_address_is_not_found(client: FlaskClient, url: str) -> None:
    make_category("Tea")
    assert client.get(url).status_code in (404, 308)


@pytest.mark.any_database
@pytest.mark.parametrize("url", ["/products/call-0900-123", "/categories/call-0900-123"])
def test_page_that_is_not_found_repeats_no_address(client: FlaskClient, url: str) -> None:
    make_category("Tea")
    answer = client.get(url)
    assert answer.status_code == 404
    assert "0900" not in answer.text
    assert "It may have been renamed or removed." in answer.text


@pytest.mark.any_database
@pytest.mark.parametrize("url", ["/products/mug%00", "/categories/%00", "/orders/%00", "/api/v1/orders/%00"])
def test_paths_with_nul_never_reach_the_database(client: FlaskClient, url: str) -> None:
    client.get("/nowhere")  # loads the menu, which error pages show
    with statements() as seen:  # PostgreSQL would answer with an error
        answer = client.get(url, headers={"Authorization": "Bearer sf_x_y.z"})
    assert answer.status_code == 404
    assert not any("product" in one or "category" in one or "order" in one for one in seen), seen


@pytest.mark.any_database
def test_post_to_a_page_is_refused(client: FlaskClient) -> None:
    response = client.post("/products")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.long
@settings(
    max_examples=effort(60, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    params=st.dictionaries(
        st.sampled_from(
            ["page", "q", "category", "vendor", "min_price", "max_price", "in_stock", "sort", "other"]
        ),
        st.text(max_size=40),
    )
)
def test_no_query_string_breaks_a_list(client: FlaskClient, params: dict[str, str]) -> None:
    assert client.get("/products", query_string=params).status_code in CLEAR


@pytest.mark.any_database
@pytest.mark.parametrize("path", ["a" * 2000, "%00", "a%00b", "a/" * 400, "%EF%BF%BD"])
@pytest.mark.parametrize("query", ["", "?min_price=x", "?category=" + "b" * 2000])
def test_an_unusable_path_ends_in_a_page(client: FlaskClient, path: str, query: str) -> None:
    assert client.get(f"/categories/{path}{query}").status_code in (400, 404)


def test_prices_of_a_filter_are_written_as_those_of_products(client: FlaskClient) -> None:
    make_product("Teapot", variants=[{"price": 129900}])
    page = client.get("/products?min_price=1299.00&max_price=2000.00").text
    assert "Price from <bdi>$1,299.00</bdi> to <bdi>$2,000.00</bdi></span>" in page
