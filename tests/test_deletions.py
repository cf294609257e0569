"""A deleted row leaves a record of who deleted it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from storefront import actors, deletions
from storefront.accounts.models import Address
from storefront.actors import Actor, ChangedBy
from storefront.api import tokens, webhooks
from storefront.catalog.models import Product
from storefront.deletions import RETENTION, Deletion
from storefront.extensions import db, write_transaction
from storefront.stock import items as stock_items
from tests.accounts.people import EMAIL, PASSWORD, Browser, make_user
from tests.factories import make_product

ROOT = Path(__file__).parent.parent


def recorded() -> list[tuple[str, str, str]]:
    db.session.rollback()
    rows = db.session.execute(
        db.select(Deletion.kind, Deletion.name, Deletion.actor).order_by(Deletion.id)
    ).all()
    return [(row.kind, row.name, row.actor) for row in rows]


def test_deleting_a_product_names_the_actor(app: Flask) -> None:
    product_id = make_product("Pot", variants=[{"sku": "POT"}]).id
    with actors.acting_as(Actor("staff", "7")), write_transaction() as session:
        session.delete(session.get_one(Product, product_id))
    assert sorted(recorded()) == [("product", "pot", "staff:7"), ("variant", "POT", "staff:7")]
    assert db.session.scalar(db.select(Deletion.row_id).filter_by(kind="product")) == str(product_id)


def test_a_removed_variant_names_the_token(app: Flask) -> None:
    product = make_product("Pot", variants=[{"sku": "POT"}, {"sku": "LID", "option1": "lid"}])
    token = tokens.create_token("till", ["catalog:write", "catalog:read"])
    head = {"Authorization": f"Bearer {token}"}
    read = app.test_client().get(f"/api/v1/products/{product.id}", headers=head)
    kept = {"sku": "POT", "price": {"amount": 5, "currency": "USD"}}
    answer = app.test_client().put(
        f"/api/v1/products/{product.id}",
        json={"title": "Pot", "status": "active", "variants": [kept]},
        headers={**head, "If-Match": read.headers["ETag"]},
    )
    assert answer.status_code == 200, answer.text
    actor = f"token:{token.split('_')[1]}"
    assert sorted(recorded()) == [("stock_item", "LID", actor), ("variant", "LID", actor)]


def test_a_removed_webhook_leaves_no_secret(app: Flask) -> None:
    webhook = webhooks.add_webhook("https://hooks.example/secret-path", ["order.changed"])
    answer = app.test_cli_runner().invoke(args=["webhook", "remove", webhook.id])
    assert answer.exit_code == 0, answer.output
    assert recorded() == [("webhook", "hooks.example", f"command:{actors.login_name()}")]


def test_a_deleted_account_leaves_nothing_personal(app: Flask) -> None:
    user_id = make_user()
    with write_transaction() as session:
        session.add(Address(user_id=user_id, name="Kim Lee", line1="1 Kiln Row", city="X", country="US"))
    browser = Browser(app)
    browser.sign_in()
    answer = browser.post("/account/deletion", password=PASSWORD)
    assert answer.status_code == 303, answer.text
    rows = recorded()
    assert ("user_account", "", f"customer:{user_id}") in [(kind, name, actor) for kind, name, actor in rows]
    assert not any(name for _kind, name, _actor in rows)
    assert EMAIL not in str(rows)


def test_old_records_are_deleted(app: Flask) -> None:
    with write_transaction() as session:
        for days in (0, 399, 401):
            at = datetime.now(UTC) - timedelta(days=days)
            session.add(Deletion(kind="product", row_id=str(days), actor="system", at=at))
    assert RETENTION.days == 400
    assert [deletions.delete_old(), deletions.delete_old()] == [1, 0]
    assert set(db.session.scalars(db.select(Deletion.row_id))) == {"0", "399"}


def test_stock_rows_deleted_by_a_statement_are_recorded(app: Flask) -> None:
    make_product("Pot", variants=[{"sku": "POT"}])
    with actors.acting_as(Actor("staff", "7")), write_transaction() as session:
        stock_items.remove_items(session, ["POT", "NONE"], reason="gone", reference="")
    assert recorded() == [("stock_item", "POT", "staff:7")]


def test_no_bulk_statement_deletes_unrecorded_rows() -> None:
    """Only the ORM records a deletion by itself; change sets name the actor and all that they changed."""
    recorded_tables = {model.__name__ for model in ChangedBy.__subclasses__()}
    assert len(recorded_tables) >= 9
    for file in sorted((ROOT / "storefront").rglob("*.py")):
        source = file.read_text()
        if "deletions.record(" in source or "change_sets" in file.parts:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "delete":
                named = {part.id for one in node.args for part in ast.walk(one) if isinstance(part, ast.Name)}
                assert not named & recorded_tables, f"{file}:{node.lineno}"
