"""Any address gets a page, which names the invalid value; none causes an error of the server."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.test_cost import statements
from tests.factories import make_category, make_product
from tests.selection import effort

CLEAR = {200, 301, 400, 404, 414}


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=abc",
        "page=1.5",
        "page=%EF%BC%91",
        "min_price=-1",
        "max_price=nan",
        "min_price=inf",
        "min_price=1e99",
        "min_price=1e999999",
        "min_price=a",
        "in_stock=perhaps",
        "sort=random",
        "q=%00",
        "vendor=%00",
        "q=" + "a" * 10_000,
        "category=%00",
    ],
)
def test_invalid_value_is_named_on_the_page(client: FlaskClient, query: str) -> None:
    response = client.get(f"/products?{query}")
    assert response.status_code == 400
    assert "text/html" in response.headers["Content-Type"]


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


@pytest.mark.parametrize("url", ["/products/mug%00", "/categories/%00", "/orders/%00", "/api/v1/orders/%00"])
def test_paths_with_nul_never_reach_the_database(client: FlaskClient, url: str) -> None:
    with statements() as seen:  # PostgreSQL would answer with an error
        answer = client.get(url, headers={"Authorization": "Bearer sf_x_y.z"})
    assert answer.status_code == 404
    assert not any("product" in one or "category" in one or "order" in one for one in seen), seen


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
