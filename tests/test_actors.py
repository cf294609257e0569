"""Rows name the actor who made the change: the caller of a request, a command, an import, or the system."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from storefront import actors, periodic
from storefront.actors import Actor
from storefront.api import tokens
from storefront.api.models import ApiToken
from storefront.catalog.models import Variant
from storefront.extensions import Model, db, write_transaction
from storefront.stock import StockItem, StockMovement, cli, set_on_hand
from tests.accounts.people import Browser, make_user, user
from tests.factories import make_product

ROOT = Path(__file__).parent.parent
# Tables whose rows do not name who added or changed them, and why.
WITHOUT_ACTOR = {
    "of one person or browser alone": {
        "cart",
        "cart_line",
        "checkout",
        "hold",
        "hold_time",
        "sign_in",
        "failed_sign_in",
        "known_device",
        "passkey",
        "totp_secret",
        "recovery_code",
        "code_guess",
        "used_challenge",
        "pending_sign_in",
        "sign_in_link",
        "saved_filter",
    },
    "part of an order, whose events name the actor": {
        "customer_order",
        "order_line",
        "order_name_word",
        "payment",
        "payment_dispute",
        "payment_event",
    },
    "names who planned, applied and undid it in columns of its own": {
        "change_set",
        "catalog_upload",
        "picture_fetch",
    },
    "part of a stock-taking, whose counts name the actor": {"stock_taking_line"},
    "part of a menu, whose row names the actor": {"menu_item"},
    "part of a change set": {"change_set_row", "change_set_problem"},
    "derived from rows that name the actor": {
        "account_name_word",
        "category_redirect",
        "collection_listing",
        "further_category",
        "listing",
        "search_index",
        "search_rebuild",
        "search_word",
        "listing_vendor",
        "page_picture",
        "product_redirect",
        "product_sales",
        "rendition_set",
    },
    "messages in transit, and counts of them": {
        "api_idempotency_key",
        "counted_mail",
        "edge_purge",
        "letter",
        "outbox",
        "webhook_delivery",
    },
}


def recorded_actors() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(StockMovement.actor).order_by(StockMovement.id)))


def test_the_ledger_names_the_member_of_staff(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    staff = make_user(staff=True)
    browser = Browser(app)
    browser.sign_in()
    browser.post("/admin/stock", sku="TP", number="9", reason="counted")
    assert recorded_actors() == [f"staff:{staff}"]
    assert "Kim (kim@example.com)" in browser.get("/admin/stock?sku=TP").text


def test_the_ledger_names_the_token(app: Flask, client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    token = tokens.create_token("till", ["stock:write"])
    answer = client.put(
        "/api/v1/variants/TP/stock",
        json={"stock": 3, "reason": "count"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    assert recorded_actors() == [f"token:{token.split('_')[1]}"]
    assert actors.describe_actor(recorded_actors()[0]) == "token till"


def test_the_ledger_names_who_runs_a_command(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    answer = app.test_cli_runner().invoke(cli.stock, ["set", "TP", "7", "--reason", "counted"])
    assert answer.exit_code == 0, answer.output
    assert recorded_actors() == [f"command:{actors.login_name()}"]


def test_an_import_names_who_started_it(app: Flask, tmp_path: Path) -> None:
    make_product("Pot", slug="pot", variants=[{"sku": "POT", "on_hand": 5}])
    file = tmp_path / "stock.csv"
    file.write_text(
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n"
        "pot,Pot,POT,19.99,shopify,8\n"
    )
    answer = app.test_cli_runner().invoke(args=["catalog", "import", str(file), "--stock=set"])
    assert answer.exit_code == 0, answer.output
    assert recorded_actors() == [f"import:command:{actors.login_name()}"]
    assert actors.describe_actor(recorded_actors()[0]).startswith("import, started by command line")


def test_a_periodic_task_acts_for_the_system(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])

    def count_stock() -> None:
        with write_transaction() as session:
            set_on_hand(session, "TP", 6, reason="counted")

    periodic.add_task(app, "counting", count_stock, interval=3600, idle_runs=1, run_at_start=True)
    task = app.extensions["periodic.tasks"].tasks["counting"]
    task.start()
    task._thread.join()
    assert recorded_actors() == ["system:counting"]


def test_old_actors_are_described_as_they_were(app: Flask) -> None:
    texts = ["staff", "checkout", "token till", "staff:99", "customer", "import", "staff:x"]
    assert actors.describe_actors(texts) == {
        "staff": "a member of staff, name not recorded",
        "checkout": "checkout",
        "token till": "token till",
        "staff:99": "a former member of staff (account 99)",
        "customer": "a visitor",
        "import": "an import",
        "staff:x": "a former member of staff (account x)",
    }


def test_actors_survive_storing(app: Flask) -> None:
    for actor in (
        Actor("staff", "12"),
        Actor("command", "kim:x"),
        Actor("import", "staff:3"),
        Actor("system"),
    ):
        assert actors.parse_actor(str(actor)) == actor


def test_no_code_writes_an_actor_of_its_own() -> None:
    """A literal actor would hide who it was, as "staff" once did."""
    literal = re.compile(r"actor=f?\"|\"actor\": \"")
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sorted((ROOT / "storefront").rglob("*.py"))
        for line in file.read_text().splitlines()
        if literal.search(line)
    ]
    assert found == []


def test_every_table_names_its_actor_or_says_why_not() -> None:
    named = {
        table.name
        for table in Model.metadata.sorted_tables
        if {"actor", "changed_by"} & set(table.columns.keys())
    }
    unnamed = set().union(*WITHOUT_ACTOR.values())
    assert named & unnamed == set()
    assert {table.name for table in Model.metadata.sorted_tables} - named - unnamed == set()


def test_catalogue_rows_name_who_changed_them(app: Flask, client: FlaskClient) -> None:
    with actors.acting_as(Actor("staff", "1")):
        product = make_product("Pot", variants=[{"sku": "POT"}, {"sku": "LID", "option1": "lid"}])
    token = tokens.create_token("till", ["catalog:write"])
    answer = client.patch(
        f"/api/v1/products/{product.id}",
        json={"variants": [{"sku": "POT", "price": {"amount": 5, "currency": "USD"}}]},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text
    db.session.rollback()
    rows = db.session.execute(db.select(Variant.sku, Variant.changed_by))
    who = {row.sku: row.changed_by for row in rows}
    assert who == {"POT": f"token:{token.split('_')[1]}", "LID": "staff:1"}
    assert db.session.scalar(db.select(StockItem.changed_by).where(StockItem.sku == "LID")) == "staff:1"


def test_rows_of_accounts_name_who_changed_them(app: Flask) -> None:
    user_id = make_user()
    assert user(user_id).changed_by == "system"
    browser = Browser(app)
    browser.sign_in()
    browser.post("/account/name", name="Kim Lee")
    assert user(user_id).changed_by == f"customer:{user_id}"
    app.test_cli_runner().invoke(args=["token", "create", "till", "--scope", "stock:read"])
    assert db.session.scalar(db.select(ApiToken.changed_by)) == f"command:{actors.login_name()}"
