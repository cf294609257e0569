"""Migrations go up, down and up again, match the models, and keep what older releases need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, inspect, select, text

from storefront.accounts.models import SignIn
from storefront.catalog.list_index import search_rebuild, writer
from storefront.catalog.list_index.reader import select_page
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Product, Variant
from storefront.catalog.search.models import SearchIndex
from storefront.checkout.models import OrderLine
from storefront.extensions import Model, db, write_transaction
from storefront.ops import schema
from tests.conftest import make_app

pytestmark = pytest.mark.root

Tables = dict[str, dict[str, Any]]


@pytest.mark.filterwarnings("ignore:.*expression-based index:")  # on lower(slug), in SQLite
def test_the_migrations_go_up_and_down_and_match_the_models(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade()
        assert schema.problem() is None
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _not_search})
            assert compare_metadata(context, Model.metadata) == []
            assert connection.execute(text("SELECT path FROM category")).scalars().all() == [""]
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        assert "flask setup" in str(schema.problem())
        tables: dict[str, Tables] = {}
        for revision in _in_order():
            upgrade(revision=revision)
            tables[revision] = _tables()
        after = _tables()
        for revision, before in tables.items():
            assert list(_taken(before, after)) == [], f"a release at {revision} could not go on"
        assert schema.problem() is None
        db.session.remove()
        db.engine.dispose()


def test_existing_sign_ins_count_from_the_migration(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade(revision="0010")
        started = datetime.now(UTC)
        times = {"created_at": started - timedelta(days=100), "expires_at": started + timedelta(days=80)}
        with db.engine.begin() as connection:
            tables = MetaData()
            tables.reflect(connection, only=["user_account", "sign_in"])
            for user_id, staff, kept in ((1, False, False), (2, False, True), (3, True, True)):
                connection.execute(
                    tables.tables["user_account"].insert(),
                    {
                        "id": user_id,
                        "email": f"{user_id}@example.com",
                        "password_hash": "",
                        "name": "",
                        "is_staff": staff,
                        "generation": 1,
                        "created_at": started,
                    },
                )
                connection.execute(
                    tables.tables["sign_in"].insert(),
                    {
                        "digest": str(user_id),
                        "user_id": user_id,
                        "generation": 1,
                        "device": "",
                        "kept": kept,
                        "last_seen_at": started,
                        **times,
                    },
                )
        upgrade()
        rows = {row.user_id: row for row in db.session.execute(select(SignIn)).scalars()}
        ends = [(rows[number].ends_at or started) - started for number in (1, 2)]
        assert [span.days for span in ends] == [30, 400]
        assert [rows[number].revoked_at is not None for number in (1, 2, 3)] == [False, False, True]
        db.session.remove()
        db.engine.dispose()


# What an import of an earlier release kept with a product.
KEPT = {"Variant Requires Shipping": "false", "Gift Card": "TRUE", "Charge tax": "", "Material": "clay"}


def test_existing_catalogue_is_carried_over(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade(revision="0021")
        now, texts = datetime.now(UTC), {"seo_title": "", "seo_description": "", "vendor": ""}
        product = {
            "id": 1,
            "slug": "pot",
            "title": "Pot",
            "description_html": "",
            "product_type": "",
            "tags": [],
        }
        product |= {
            "status": "draft",
            "option_names": ["Size"],
            "extra": KEPT,
            "created_at": now,
            "updated_at": now,
        }
        variant = {"id": 1, "product_id": 1, "sku": "POT", "option1": "", "option2": "", "option3": ""}
        variant |= {
            "price": 1,
            "barcode": "",
            "weight_grams": 0,
            "position": 0,
            "backorder": False,
            "extra": {},
        }
        order = {
            "id": 1,
            "number": "B",
            "request_digest": "",
            "email": "",
            "state": "placed",
            "currency": "USD",
        }
        order |= {
            "goods": 1,
            "delivery_price": 0,
            "tax": 0,
            "total": 1,
            "prices_include_tax": True,
            "taxes": [],
        }
        order |= {"ship_to": {}, "delivery": "", "payment": "", "paid": 0, "refunded": 0, "placed_at": now}
        order |= {"access": ""}
        line = {
            "id": 1,
            "order_id": 1,
            "sku": "OLD",
            "title": "Pot",
            "options": "",
            "quantity": 1,
            "total": 1,
        }
        line |= {"unit_price": 1, "tax_rate": 0, "tax": 0, "from_stock": 0, "returned": 0}
        rows = {"product": product | texts, "variant": variant, "customer_order": order, "order_line": line}
        with db.engine.begin() as connection:
            tables = MetaData()
            tables.reflect(connection, only=list(rows))
            for name, row in rows.items():
                connection.execute(tables.tables[name].insert(), row)
            other = {
                "id": 2,
                "sku": "LID",
                "option1": "L",
                "position": 1,
                "extra": {"Variant Taxable": "FALSE"},
            }
            connection.execute(tables.tables["variant"].insert(), variant | other)
        upgrade()
        assert db.session.execute(select(OrderLine.label)).scalar_one() == "OLD"
        found = db.session.scalars(select(Variant).order_by(Variant.id)).all()
        seen = [(one.label, one.requires_shipping, one.taxable, one.extra) for one in found]
        assert seen == [("POT", False, True, {}), ("LID", True, False, {})]
        whole = db.session.execute(select(Product.gift_card, Product.extra)).one()
        assert tuple(whole) == (True, {"Material": "clay"})
        db.session.remove()
        db.engine.dispose()


def test_an_old_search_index_answers_until_a_new_one_is_built(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade(revision="0035")
        is_sqlite = db.engine.dialect.name == "sqlite"
        row = "(rowid, title) VALUES (1, 'mug')" if is_sqlite else "VALUES (1, 'mug:1A')"
        with db.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO product_search {row}"))
        upgrade()
        index = db.session.execute(select(SearchIndex.table_number, SearchIndex.version)).one()
        assert (tuple(index), search_rebuild.is_needed()) == ((1, "1"), True)
        with write_transaction() as session:
            product = Product(slug="mug", title="Mug", status="active")
            product.variants.append(Variant(sku="MUG", price=1))
            session.add(product)
            session.flush()
            writer.refresh(session, [product.id])
        assert select_page(ListRequest(q="mug"), 1, 1).ids == [1]
        assert select_page(ListRequest(q="mugs"), 1, 1).ids == []
        search_rebuild.rebuild()
        assert select_page(ListRequest(q="mugs"), 1, 1).ids == [1]
        db.session.remove()
        db.engine.dispose()


def _in_order() -> list[str]:
    script = ScriptDirectory(current_app.extensions["migrate"].directory)
    found = [one.revision for one in script.walk_revisions()][::-1]
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)], "which is later, the number says"
    return found


def _tables() -> Tables:
    """Return the columns and the constraints of every table. PostgreSQL is asked once for all tables."""
    with db.engine.connect() as connection:
        look = inspect(connection)
        names = [name for name in look.get_table_names() if _not_search(None, name)]
        columns, checks = look.get_multi_columns(), look.get_multi_check_constraints()
        uniques, indexes = look.get_multi_unique_constraints(), look.get_multi_indexes()
        keys = look.get_multi_foreign_keys()
    return {
        name: {
            "columns": {one["name"]: one for one in columns[None, name]},
            "checks": {one["name"] for one in checks[None, name]},
            "uniques": {
                tuple(one["column_names"])
                for one in (*uniques[None, name], *indexes[None, name])
                if one.get("unique", True)
            },
            "keys": {(one["referred_table"], str(one["options"])) for one in keys[None, name]},
        }
        for name in names
    }


def _taken(before: Tables, after: Tables) -> Iterator[str]:
    """Yield changes that break a release which knows the older tables."""
    for name, old in before.items():
        if (new := after.get(name)) is None:
            yield f"{name} is gone"
            continue
        for column, now in new["columns"].items():
            was = old["columns"].get(column)
            if was is None and not now["nullable"] and now["default"] is None:
                yield f"{name}.{column} needs a value that it does not give: say nullable, or server_default"
            if was is not None and (str(was["type"]), was["nullable"]) != (str(now["type"]), now["nullable"]):
                yield f"{name}.{column} is another kind of column"
        yield from (f"{name}.{column} is gone" for column in old["columns"].keys() - new["columns"].keys())
        # The older release leaves a new column empty, and empty values are never alike.
        empty = {column for column, now in new["columns"].items() if now["nullable"]} - old["columns"].keys()
        harmless = {one for one in new["uniques"] if empty.issuperset(one)}
        for kind in ("checks", "uniques", "keys"):
            added = new[kind] - old[kind] - harmless
            yield from (f"{name}: {one} refuses what it may write" for one in added)
    for name in after.keys() - before.keys():
        for table, options in after[name]["keys"]:
            if table in before and "ondelete" not in options:
                yield f"{name} keeps it from deleting a row of {table}: say ondelete"


def _not_search(_object: object, name: str | None, *_: object) -> bool:
    return "product_search" not in (name or "")
