"""The first steps tick themselves off from facts, and the demo goes with one button that says who pressed it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

import pytest
from flask import Flask

from storefront import actors, launch
from storefront.admin.shop_warnings import list_step_warnings
from storefront.catalog.models import Product
from storefront.content import page_edits
from storefront.content.page_edits import PageValues
from storefront.demo import choice
from storefront.extensions import db, write_transaction
from storefront.ops import doctor
from storefront.shop_settings import stored_settings
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def done() -> set[str]:
    db.session.rollback()
    return {step.name for step, is_done in launch.read_progress().steps if is_done}


def load_one_demo_product() -> int:
    """Make a product of the demo that only a command has written, as the loading does."""
    with actors.acting_as(actors.Actor("command", "kim")):
        product = make_product("Round-bellied teapot", slug="round-bellied-teapot")
    with write_transaction() as session:
        choice.record_choice(session, "loaded")
    return int(product.id)


def test_steps_are_ticked_from_facts(app: Flask, owner: Browser) -> None:
    load_one_demo_product()
    assert {"name", "legal pages", "products", "demo", "letter"} & done() == set()
    assert "Make it yours" in owner.get("/admin").text
    stored_settings.set_value("name", "Tea House")
    make_product("Mug", slug="our-own-mug")
    with write_transaction() as session:
        for kind in ("imprint", "terms"):
            page_edits.create(session, PageValues(kind, kind, "x", published_at=datetime.now(UTC)), kind)
        page_edits.create(session, PageValues("privacy", "privacy", "x"), "privacy")
    assert {"name", "legal pages", "products", "demo", "letter"} & done() == {"name", "products"}
    owner.post("/admin/pages/3", made_from="1", title="privacy", published="1", checked="1")
    owner.post("/admin/settings/letters/order_paid/test")
    assert {"name", "legal pages", "products", "demo", "letter"} & done() == {
        *("name", "products", "legal pages", "letter")
    }


def test_what_was_saved_leads_to_the_next_step(app: Flask, owner: Browser) -> None:
    load_one_demo_product()
    assert "Next step: Name of the shop" in owner.get("/admin/settings?said=saved").text
    stored_settings.set_value("name", "Tea House")
    page = owner.get("/admin/settings?said=saved").text
    assert "Next step: Country and currency" in page
    assert "Next step" not in owner.get("/admin/settings").text
    assert "Next step" not in staff_browser(app, "catalogue").get("/admin/pages?said=saved").text
    owner.post("/admin/setup/hidden", hidden="1")
    assert "Next step" not in owner.get("/admin/settings?said=saved").text


def test_steps_can_be_hidden_and_come_back(app: Flask, owner: Browser) -> None:
    owner.post("/admin/setup/hidden", hidden="1")
    assert "Make it yours" not in owner.get("/admin").text
    assert "again" in owner.get("/admin/setup").text
    owner.post("/admin/setup/hidden")
    assert "Make it yours" in owner.get("/admin").text


def test_doctor_and_first_page_name_what_a_live_shop_lacks(
    app: Flask, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {each.about: each for each in doctor.examine(None)}
    assert {f"step {step.name}" for step in launch.STEPS} <= set(found)
    assert "/admin/pages" in found["step legal pages"].sentence
    assert found["step legal pages"].level == "warn"
    assert "Needs your attention" not in owner.get("/admin").text
    monkeypatch.setitem(app.config, "ENV", "production")
    with app.test_request_context("/admin"):
        warnings = list_step_warnings(launch.read_progress())
    assert "/admin/pages" in {warning.url for warning in warnings}
    assert "still has the name of the demo" in str(warnings[0].sentence)


@pytest.mark.parametrize("decision", ["declined", "removed"])
def test_a_shop_without_the_demo_has_none_to_remove(
    app: Flask, decision: Literal["declined", "removed"]
) -> None:
    load_one_demo_product()
    assert "demo" not in done()
    with write_transaction() as session:
        choice.record_choice(session, decision)
    assert "demo" in done(), "a product of its own may have the address of one of the demo's"


def test_the_demo_goes_and_the_page_says_who_removed_it(app: Flask, owner: Browser) -> None:
    demo, own = load_one_demo_product(), make_product("Mug", slug="our-own-mug").id
    page = owner.get("/admin/setup/demo").text
    shown = re.findall(r'name="product" value="(\d+)"', page)
    assert shown == [str(demo)]
    assert owner.post("/admin/setup/demo/removal").status_code == 303
    assert db.session.get(Product, demo), "nothing that was not on the page"
    assert owner.post("/admin/setup/demo/removal", product=[str(demo), str(own), "x"]).status_code == 303
    db.session.rollback()
    assert (db.session.get(Product, demo), db.session.get(Product, own) is None) == (None, False)
    assert "removed the demo on" in owner.get("/admin/setup/demo").text
    assert "demo" in done()


def test_other_roles_see_neither_steps_nor_the_button(app: Flask) -> None:
    viewer = staff_browser(app, "viewer")
    assert "Make it yours" not in viewer.get("/admin").text
    assert viewer.get("/admin/setup").status_code == 404
    assert viewer.post("/admin/setup/demo/removal").status_code == 404
