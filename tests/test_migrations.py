"""Migrations: up, down, up again, and the same tables as the models."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from storefront.extensions import Model, db
from storefront.ops import schema
from tests.conftest import make_app


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
        assert "flask db upgrade" in str(schema.problem())
        upgrade()
        assert schema.problem() is None
        db.session.remove()
        db.engine.dispose()


def _not_search(_object: object, name: str | None, *_: object) -> bool:
    return "product_search" not in (name or "")
