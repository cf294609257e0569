"""Products and categories as the public reads them: in the documented format, from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from storefront.cache.store import CacheStore
from storefront.extensions import db, write_transaction
from storefront.stock import set_on_hand
from tests.api.conftest import Call
from tests.cache.conftest import another, listen
from tests.factories import make_category, make_product


@pytest.fixture
def blue(app: Flask) -> int:
    """A tea pot in two colours: one is low in stock, one is sold out."""
    return make_product(
        "Pot",
        category=make_category("Tea", "Pots"),
        option_names=["Color"],
        pictures=1,
        description_html="<p>Round.</p>",
        variants=[
            {
                "sku": "POT-B",
                "option1": "Blue",
                "price": 1999,
                "compare_at_price": 2999,
                "on_hand": 9,
                "reserved": 6,
            },
            {"sku": "POT-R", "option1": "Red", "price": 2999, "on_hand": 0},
        ],
    ).id


@pytest.mark.any_database
def test_product_has_the_documented_format(call: Call, blue: int) -> None:
    answer = call("GET", f"/products/{blue}")
    assert answer.mimetype == "application/json"
    found = answer.get_json()
    image, updated = found.pop("images"), found.pop("updated_at")
    assert found == {
        "id": blue,
        "slug": "pot",
        "title": "Pot",
        "description_html": "<p>Round.</p>",
        "vendor": "Kiln Row",
        "category": {"path": "tea/pots", "name": "Pots"},
        "further_categories": [],
        "status": "active",
        "unlisted": False,
        "publish_at": None,
        "withdraw_at": None,
        "price": {"amount": 1999, "currency": "USD"},
        "stock": 3,
        "variants": [
            {
                "sku": "POT-B",
                "label": "POT-B",
                "options": {"Color": "Blue"},
                "price": {"amount": 1999, "currency": "USD"},
                "compare_at_price": {"amount": 2999, "currency": "USD"},
                "stock": 3,
                "band": "low",
                "requires_shipping": True,
                "taxable": True,
            },
            {
                "sku": "POT-R",
                "label": "POT-R",
                "options": {"Color": "Red"},
                "price": {"amount": 2999, "currency": "USD"},
                "compare_at_price": None,
                "stock": 0,
                "band": "out",
                "requires_shipping": True,
                "taxable": True,
            },
        ],
    }
    assert [(i["alt"], i["width"], i["height"]) for i in image] == [("Pot", 1024, 1024)]
    assert call("GET", "/..").status_code == 404
    assert updated.endswith("Z")


def test_list_contains_the_same_products(call: Call, blue: int) -> None:
    make_product("Bare", variants=[{"on_hand": 50, "tracked": False}])
    listed = call("GET", "/products?category=tea").get_json()
    assert listed == {
        "items": [call("GET", f"/products/{blue}").get_json()],
        "page": 1,
        "pages": 1,
        "total": 1,
    }
    assert [item["title"] for item in call("GET", "/products").get_json()["items"]] == ["Bare", "Pot"]
    assert call("GET", "/products?page=9").get_json() == {"items": [], "page": 9, "pages": 1, "total": 2}
    assert call("GET", "/products?q=nothing").get_json()["total"] == 0


@pytest.mark.any_database
def test_list_returns_selected_fields(call: Call, blue: int) -> None:
    answer = call("GET", "/products?fields=title,id&utm_source=x")
    assert answer.get_json()["items"] == [{"id": blue, "title": "Pot"}]
    same = call("GET", "/products?fields=id,title")
    assert same.headers["Cache-Status"].startswith("storefront; hit")
    wrong = call("GET", "/products?fields=id,colour")
    assert (wrong.status_code, wrong.get_json()["errors"][0]["parameter"]) == (400, "fields")


def test_list_pages_are_linked(call: Call) -> None:
    for _ in range(49):
        make_product()
    for _ in range(2):  # first built, then from the cache
        links = call("GET", "/products?page=2&vendor=Kiln+Row").headers["Link"]
        assert links == ", ".join(
            f'</api/v1/products?vendor=Kiln+Row&page={page}>; rel="{name}"'
            for name, page in (("first", 1), ("prev", 1), ("next", 3), ("last", 3))
        )
    assert 'rel="next"' not in call("GET", "/products?page=3").headers["Link"]


@pytest.mark.any_database
def test_responses_are_cached_like_pages(call: Call, blue: int) -> None:
    for address in (f"/products/{blue}", "/products", "/categories", "/categories/tea", "/products/999"):
        assert "fwd=miss; stored" in call("GET", address, Accept_Encoding="br").headers["Cache-Status"]
        hit = call("GET", address, Accept_Encoding="br").headers
        assert hit["Cache-Status"].startswith("storefront; hit")
        assert hit["Vary"] == "Accept-Encoding, Authorization"
        assert "everything" in hit["Surrogate-Key"].split()
        assert "max-age=1," in hit["CDN-Cache-Control"]
        assert hit["RateLimit-Policy"].startswith('"api"')
        held = call("GET", address, Accept_Encoding="br", If_None_Match=hit["ETag"])
        assert (held.status_code, held.data) == (304, b"")


@pytest.mark.any_database
def test_not_modified_response_costs_api_limit_only(app: Flask, call: Call, blue: int) -> None:
    for store in listen(app):
        assert isinstance(store, CacheStore)
        for _ in range(3):
            answer = call("GET", f"/products/{blue}")
        assert "detail=L1" in answer.headers["Cache-Status"]
        assert answer.headers["RateLimit-Policy"].startswith('"api"')
        assert (
            call("GET", f"/products/{blue}", scopes="stock:read").headers["Cache-Control"]
            == "private, no-store"
        )
        assert call("GET", f"/products/{blue}", Authorization="Bearer x").status_code == 401


def test_change_of_band_invalidates_product_and_list(call: Call, blue: int) -> None:
    for address in (f"/products/{blue}", "/products"):
        call("GET", address)
        assert "hit" in call("GET", address).headers["Cache-Status"]
        with write_transaction() as session:
            set_on_hand(session, "POT-B", len(address), reason="count", actor="test")
        found = call("GET", address).get_json()
        assert (found["items"][0] if "items" in found else found)["stock"] == len(address) - 6


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("display", "stock"), [("band", [None, 0, None]), ("low", [3, 0, None]), ("exact", [3, 0, 40])]
)
def test_stock_is_shown_as_the_setting_allows(
    app: Flask, call: Call, blue: int, tmp_path: Path, display: str, stock: list[int | None]
) -> None:
    full = make_product(variants=[{"on_hand": 40}]).id
    for other in another(
        app, tmp_path / "other", REDIS_URL=app.config["REDIS_URL"], STOREFRONT_STOCK_DISPLAY=display
    ):
        client = other.test_client()
        pot, many = (client.get(f"/api/v1/products/{i}").get_json() for i in (blue, full))
        assert [v["stock"] for v in (*pot["variants"], *many["variants"])] == stock
        assert many["stock"] == stock[2]


@pytest.mark.any_database
def test_token_responses_are_never_shared(call: Call, app: Flask, blue: int) -> None:
    full, draft = make_product(variants=[{"on_hand": 40}]).id, make_product("Draft", status="draft").id
    for address, where in ((f"/products/{full}", ()), ("/products", ("items", 0))):
        call("GET", address)
        for scopes, stock in (("stock:read", 40), ("stock:write", 40), ("catalog:read", None), ("", None)):
            answer = call("GET", address, scopes=scopes)
            found = answer.get_json()
            for step in where:
                found = found[step]
            assert found["stock"] == stock, scopes
            assert (answer.headers["Cache-Control"] == "private, no-store") == bool(scopes)
            assert ("hit" in answer.headers.get("Cache-Status", "")) == (not scopes)
    assert call("GET", f"/products/{draft}", scopes="catalog:read").get_json()["status"] == "draft"
    assert [call("GET", f"/products/{draft}", scopes=s).status_code for s in ("", "stock:read")] == [404, 404]
    db.session.rollback()


def test_category_has_parents_and_children(call: Call, blue: int) -> None:
    make_category("Empty")
    pots, tea = {"path": "tea/pots", "name": "Pots"}, {"path": "tea", "name": "Tea"}
    texts = {"description_html": "", "seo_title": "", "seo_description": "", "picture": None}
    assert call("GET", "/categories").get_json() == {
        "items": [tea | {"products": 1}, pots | {"products": 1}],
        "page": 1,
        "pages": 1,
        "total": 2,
    }
    assert call("GET", "/categories/tea/pots").get_json() == pots | {
        **texts,
        "products": 1,
        "hidden": False,
        "position": 0,
        "parents": [tea],
        "children": [],
    }
    assert call("GET", "/categories/tea").get_json()["children"] == [pots | {"products": 1}]
    make_product(category=make_category("Empty"))
    assert [c["path"] for c in call("GET", "/categories").get_json()["items"]] == ["empty", "tea", "tea/pots"]


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("method", "address", "status", "said"),
    [
        ("GET", "/products/999", 404, "no product 999"),
        ("GET", "/products/99999999999999999999", 404, "/api/v1/docs"),
        ("GET", "/nowhere", 404, "/api/v1/docs"),
        ("GET", "/products/%00", 404, "/api/v1/docs"),
        ("DELETE", "/products", 405, "Allow"),
        ("GET", "/products?page=x", 400, "whole number"),
        ("GET", "/products?sort=upwards", 400, "must be one of"),
        ("GET", "/products?min_price=1000000000.5", 400, "1000000000 at most"),
        ("GET", "/categories/none", 404, "no category"),
        ("GET", "/categories?page=0", 400, "whole number"),
        ("GET", "/products?category=none", 404, "no category"),
    ],
)
def test_errors_are_problem_documents(call: Call, method: str, address: str, status: int, said: str) -> None:
    answer = call(method, address)
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["status"], answer.mimetype) == (
        status,
        status,
        "application/problem+json",
    )
    assert said in problem["detail"]
    assert problem["type"] == "about:blank"
    assert problem["title"]
    if status == 405:
        assert "GET" in answer.headers["Allow"]


@pytest.mark.any_database
def test_internal_error_reveals_no_secret(app: Flask, call: Call) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False

    @app.get("/api/v1/broken")
    def broken() -> str:
        raise RuntimeError("the password is 1234")

    answer = call("GET", "/broken")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "1234" not in answer.text


@pytest.mark.any_database
def test_archived_product_is_gone(call: Call) -> None:
    old = make_product("Old", status="archived").id
    assert call("GET", f"/products/{old}").status_code == 410
    assert call("GET", f"/products/{old}", scopes="catalog:read").get_json()["status"] == "archived"
