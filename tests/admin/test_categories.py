"""/admin/categories: the category tree in the back office."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.models import Category, Product
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.cache.conftest import get
from tests.factories import make_category, make_product
from tests.statements import count_statements


@pytest.fixture
def staff(app: Flask) -> Browser:
    return staff_browser(app, "catalogue")


def at(path: str) -> Category:
    db.session.rollback()
    return db.session.execute(select(Category).where(Category.path == path)).scalar_one()


def versions(staff: Browser, page: str) -> tuple[str, str]:
    """Return the versions in the forms of a page: of the order, and of the category (either may be missing)."""
    text = staff.get(page).text
    order, _, rest = text.partition('id="itself"')
    found = [re.search(r'name="made_from" value="(\w+)"', part) for part in (order, rest)]
    return tuple(match[1] if match else "" for match in found)  # type: ignore[return-value]


def save(staff: Browser, path: str, **form: str) -> int:
    page = f"/admin/categories/{at(path).id}"
    form = {"made_from": versions(staff, page)[1], "name": at(path).name, "slug": at(path).slug} | form
    return staff.post(page, **{"parent": f"/{path.rpartition('/')[0]}"} | form).status_code


def test_made_renamed_and_moved_with_all_below(staff: Browser, client: FlaskClient) -> None:
    make_product("Sencha", category=make_category("Tea", "Green"))
    assert staff.post("/admin/categories", new="Kitchen", below="/").status_code == 303
    assert staff.post("/admin/categories", new="kitchen!", below="/").status_code == 422
    assert get(client, "/categories/tea/green").status_code == 200
    assert save(staff, "tea", name="Teas", slug="", parent="kitchen") == 303
    assert get(client, "/categories/tea/green").location == "/categories/kitchen/teas/green"
    assert "Sencha" in get(client, "/categories/kitchen").text
    assert save(staff, "kitchen/teas", parent="kitchen/teas/green") == 422
    assert save(staff, "kitchen/teas", parent="nowhere") == 422


@pytest.mark.any_database
def test_the_menu_follows_order_and_hiding_at_once(staff: Browser, client: FlaskClient) -> None:
    for name in ("Cups", "Bowls", "Pots"):
        make_product(f"One of {name}", category=make_category(name))

    def menu() -> list[str]:  # of a product: its page depends on the menu alone
        text = get(client, "/products/one-of-cups").text.partition("<main")[0]
        return list(dict.fromkeys(re.findall(r'href="/categories/(\w+)"', text)))

    assert menu() == ["bowls", "cups", "pots"]
    root, pots = str(at("").id), at("pots").id
    order = versions(staff, "/admin/categories")[0]
    form = {"of": root, "made_from": order, f"place-{pots}": "1"}
    assert staff.post("/admin/categories/order", **form).status_code == 303
    assert menu() == ["pots", "bowls", "cups"]
    assert staff.post("/admin/categories/order", **form).status_code == 409, "made from an old order"
    order = versions(staff, "/admin/categories")[0]
    form = {"of": root, "made_from": order, f"step-{pots}": "down"}
    assert staff.post("/admin/categories/order", **form).status_code == 303
    assert menu() == ["bowls", "pots", "cups"]
    assert save(staff, "pots", hidden="1") == 303
    assert menu() == ["bowls", "cups"]
    assert "pots" not in get(client, "/categories").text.partition("<main")[2]
    assert get(client, "/categories/pots").status_code == 200, "its page stays"
    assert save(staff, "pots") == 303
    assert menu() == ["bowls", "pots", "cups"]


def test_two_people_never_overwrite_each_other(staff: Browser) -> None:
    page = f"/admin/categories/{make_category('Cups').id}"
    version = versions(staff, page)[1]
    assert save(staff, "cups", name="Cups and mugs") == 303
    late = staff.post(page, made_from=version, name="Mugs", slug="mugs", parent="/")
    assert late.status_code == 409
    assert 'value="Mugs"' in late.text
    assert "Saved now: <bdi>Cups and mugs</bdi>" in late.text
    assert at("cups").name == "Cups and mugs"


def test_deleted_only_if_empty_or_with_a_target(staff: Browser, client: FlaskClient) -> None:
    tea = make_category("Tea", "Green")
    pot = make_product("Sencha", category=tea)
    old = make_product("Old", category=tea, status="archived")
    make_category("Leaves")
    page = f"/admin/categories/{tea.id}"

    def delete(path: str, **form: str) -> int:
        here = f"/admin/categories/{at(path).id}"
        return staff.post(f"{here}/removal", made_from=versions(staff, here)[1], **form).status_code

    assert delete("tea", target="leaves") == 422, "there is a category below it"
    assert delete("tea/green") == 422
    assert delete("tea/green", target="tea/green") == 422
    assert delete("tea/green", target="nowhere") == 422
    assert delete("tea/green", target="leaves") == 303
    assert staff.get(page).status_code == 404
    assert {db.session.get_one(Product, one.id).category_id for one in (pot, old)} == {at("leaves").id}
    assert get(client, "/categories/tea/green").location == "/categories/leaves"
    assert delete("tea") == 303
    assert at("leaves").product_count == 1


def test_pages_take_eight_statements_and_roles_count(app: Flask, staff: Browser) -> None:
    page = f"/admin/categories/{make_category('Tea', 'Green').id}"
    staff.get(page)
    assert count_statements(lambda: staff.get(page)) <= 8
    assert count_statements(lambda: staff.get("/admin/categories")) <= 8
    viewer = staff_browser(app, "viewer")
    assert "made_from" not in viewer.get(page).text.partition('id="itself"')[2]
    assert viewer.post("/admin/categories", new="Mine", below="/").status_code == 404
    assert staff_browser(app, "orders").get("/admin/categories").status_code == 404


def test_an_unchanged_field_is_not_said_to_differ(staff: Browser) -> None:
    make_category("Tea")
    page = staff.post(f"/admin/categories/{at('tea').id}", name="", parent="/", slug="tea")
    assert (page.status_code, page.text.count("Saved now:")) == (422, 1), "the name alone"


@pytest.mark.any_database
def test_bad_input_changes_nothing_and_is_kept(staff: Browser) -> None:
    for name in ("", "\u202e", "x" * 256):
        assert staff.post("/admin/categories", new=name, below="/").status_code == 422
    kept = staff.post("/admin/categories", new="<script>alert(1)</script>" + "x" * 256, below="/")
    assert "&lt;script&gt;" in kept.text
    deep = "/".join(["a"] * 60)
    assert staff.post("/admin/categories", new="Deep", below=deep).status_code == 422
    assert staff.post("/admin/categories/order", of="999999", made_from="").status_code == 404
    assert staff.post("/admin/categories/999999", name="A").status_code == 404
    assert db.session.execute(select(Category.path)).scalars().all() == [""]
