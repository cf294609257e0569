"""The SKU that people see is the variant's label; its code stands in addresses only."""

from __future__ import annotations

import json
import re

from flask.testing import FlaskClient

from tests.api.conftest import BOTH, Call, read
from tests.factories import make_product


def found(client: FlaskClient, word: str) -> bool:
    """Whether the search finds the shirt."""
    return "/products/shirt" in client.get(f"/products?q={word}").text


def structured_data(page: str) -> dict[str, object]:
    match = re.search(
        r'<script type="application/ld\+json">(\{"@context".*?"@type": "Product".*?)</script>', page
    )
    assert match is not None
    data: dict[str, object] = json.loads(match[1])
    return data


def test_page_shows_the_label_and_no_made_up_code(client: FlaskClient) -> None:
    sizes = [
        {"sku": "made-up-s", "label": "LINEN", "option1": "S"},
        {"sku": "made-up-m", "label": "", "option1": "M"},
    ]
    make_product("Shirt", option_names=["Size"], variants=sizes)
    page = client.get("/products/shirt?variant=made-up-s").text
    assert "<bdi>LINEN</bdi>" in page
    assert "<bdi>made-up" not in page
    assert structured_data(page)["sku"] == "LINEN"
    page = client.get("/products/shirt?variant=made-up-m").text
    assert "<dt>SKU" not in page
    assert "sku" not in structured_data(page)


def test_a_new_label_is_shown_and_searched_at_once(client: FlaskClient, call: Call) -> None:
    shirt = make_product("Shirt", variants=[{"sku": "made-up", "label": "LINEN-7"}]).id
    assert (found(client, "linen-7"), found(client, "made-up"), found(client, "flax")) == (True, True, False)
    assert "LINEN-7" in client.get("/products/shirt").text
    variant = {"sku": "made-up", "label": " FLAX "}
    assert call("PATCH", f"/products/{shirt}", {"variants": [variant]}, scopes=BOTH).status_code == 200
    assert (found(client, "linen-7"), found(client, "made-up"), found(client, "flax")) == (False, True, True)
    assert "<bdi>FLAX</bdi>" in client.get("/products/shirt").text
    assert client.get(f"/api/v1/products/{shirt}").get_json()["variants"][0]["label"] == "FLAX"


def test_put_without_label_keeps_the_present_one(call: Call) -> None:
    shirt = make_product(
        "Shirt", option_names=["Size"], variants=[{"sku": "x", "label": "", "option1": "S"}]
    ).id
    wanted = read(call, shirt)
    del wanted["price"], wanted["stock"], wanted["variants"][0]["label"]
    more = wanted["variants"][0] | {"sku": "y", "options": {"Size": "M"}}
    labelled = more | {"sku": "z", "options": {"Size": "L"}, "label": "LINEN"}
    wanted["variants"] += [more, labelled]
    answer = call("PUT", f"/products/{shirt}", wanted, scopes=BOTH)
    assert [(v["sku"], v["label"]) for v in answer.get_json()["variants"]] == [
        ("x", ""),
        ("y", "y"),
        ("z", "LINEN"),
    ]
