"""Fixtures for every test: an app on its own migrated database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from redis import Redis
from sqlalchemy import event

from storefront import cache, periodic, postgresql
from storefront.app import create_app
from storefront.cache.state import cache_state
from storefront.extensions import Model, db
from storefront.redis_roles import clients, embedded
from tests import durations, selection
from tests.first_imports import import_share
from tests.groups import RoomScheduling, group
from tests.named_tests import NamedTestsGuard, find_named_tests
from tests.postgresql import package
from tests.processes import with_terms
from tests.programs import missing_programs, require_program, search_path
from tests.shared_connections import close_connections, share_connections
from tests.shared_work import share_statements, share_templates, share_work

# A process that a script starts with `&` ignores SIGINT (POSIX, XCU 2.11), and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_MADE: list[Flask] = []
share_work()
# Garbage is a fifth of the tests' time as it is collected by default: each test's shop makes many objects.
gc.set_threshold(50_000, 10, 10)
gc.freeze()  # what is imported so far
# On a busy machine Redis may need longer than a page waits, and the shop would do without it. Also in processes that
# import this module.
SHIPPED_TIMEOUT = clients.TIMEOUT
clients.TIMEOUT = 0.5
# Nor would it use PostgreSQL for half a second after one connection that a busy machine made slowly.
SHIPPED_CONNECT_SECONDS, SHIPPED_PING_SECONDS = postgresql.CONNECT_SECONDS, postgresql.PING_SECONDS
postgresql.CONNECT_SECONDS, postgresql.PING_SECONDS = 10.0, 5.0
os.environ["PATH"] = search_path()  # started programs look for others: PostgreSQL for useradd


def pytest_xdist_auto_num_workers() -> int:
    """Return some processes more than there are cores: tests wait for servers half of the time."""
    return 2 + (os.cpu_count() or 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RoomScheduling:
    """Schedule by rooms."""
    return RoomScheduling(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that select tests, and the one that records durations."""
    selection.add_options(parser)
    parser.addoption("--record-durations", action="store_true", help="write tests/durations.json")


def pytest_configure(config: pytest.Config) -> None:
    """Apply --long; record durations and guard the named tests in the process that hears of all tests."""
    selection.configure(config)
    is_recorded = config.getoption("--record-durations")
    if is_recorded and not config.getoption("numprocesses", None):
        config.pluginmanager.register(durations.ProcessorMeter())
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(NamedTestsGuard(find_named_tests()))
    if is_recorded:
        config.pluginmanager.register(durations.Recorder(group))


def pytest_collection(session: pytest.Session) -> None:
    """Let each process of a whole run begin with its share of the test modules."""
    config = session.config
    if hasattr(config, "workerinput") and config.args_source == config.ArgsSource.TESTPATHS:
        import_share(int(config.workerinput["workerid"][2:]), config.workerinput["workercount"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop the tests that the options do not want; put the others into the order in which their groups start."""
    last = durations.recorded()
    groups = {item: group(item.nodeid) for item in items}
    wanted = {item for item in items if selection.is_selected(item, last[groups[item]].seconds)}
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = [item for item in items if item in wanted]
    names = dict.fromkeys(groups[item] for item in items)
    place = {name: number for number, name in enumerate(durations.start_order(names, last))}
    items.sort(key=lambda item: place[groups[item]])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that use a browser, and the few that need more than its engine."""
    fixtures = getattr(item, "fixturenames", ())
    if "full_chromium" in fixtures or "chromium" in fixtures:
        item.add_marker(pytest.mark.browser)
        whole = "full_chromium" in fixtures
        item.add_marker(pytest.mark.needs("chromium" if whole else "chromium-headless-shell"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say before the first test which programs are missing, and how many tests that skips."""
    gc.freeze()  # the modules and tests, which stay
    lines = missing_programs(session.items)
    if lines and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("", *lines, sep="\n", file=sys.stderr, flush=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a program which is missing; in CI it fails."""
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            require_program(name)


@pytest.fixture(scope="session", params=selection.DATABASES)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the database that the test runs on. Every test that uses `app` runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """This test session's PostgreSQL server, reached through a unix socket."""
    # Not below pytest's own folder: later test sessions remove it while this one may still run.
    with tempfile.TemporaryDirectory(prefix="storefront-postgresql-", ignore_cleanup_errors=True) as folder:
        server = package().get_server(Path(folder), cleanup_mode="delete")
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off")  # the data need not survive the tests
            server.psql("SELECT pg_reload_conf()")
            yield server
        finally:
            close_connections()
            server.cleanup()


@pytest.fixture(scope="session")
def schemas() -> dict[str, str]:
    """URLs of migrated databases by name, kept while tests alternate between databases."""
    return {}


@pytest.fixture(scope="session")
def migrated(
    database: str,
    schemas: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The URL of a migrated, empty database."""
    if database not in schemas:
        folder = tmp_path_factory.mktemp("migrated")
        sqlite = f"sqlite:///{folder / 'shop.sqlite3'}"
        url = sqlite if database == "sqlite" else request.getfixturevalue("postgresql_server").get_uri()
        app = make_app(url, folder)
        with app.app_context():
            upgrade()
            db.engine.dispose()
        schemas[database] = str(url)
    return schemas[database]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A media directory for the demo's pictures: all test processes share it, so each is stored once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "media"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real Redis for the whole test session; it ends with this process. Nothing restarts it, so it stores nothing.

    While a disk is busy, a Redis that writes there answers later than a page waits.
    """
    url = embedded.acquire_server(tmp_path_factory.mktemp("redis"))
    with Redis.from_url(url) as client:
        client.config_set("appendonly", "no")
    return url


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
        if database == "postgresql":
            share_connections(db.engine)
        yield app
        db.session.rollback()
        db.session.remove()
        if database == "postgresql":
            _empty()
        db.engine.dispose()


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database without tables, of the kind that the test runs on."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server = request.getfixturevalue("postgresql_server")
    server.psql("CREATE DATABASE nothing_yet")
    yield str(server.get_uri("nothing_yet"))
    server.psql("DROP DATABASE nothing_yet WITH (FORCE)")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the shop."""
    return app.test_client()


@pytest.fixture
def patient_writers(app: Flask, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the transactions of many threads wait for each other as long as a busy machine needs."""
    monkeypatch.setattr("storefront.sqlite.BUSY_SECONDS", 60.0)
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", 60.0)
    if database == "postgresql":
        pool: Any = db.engine.pool
        pool._timeout = 60.0
        event.listen(db.engine, "begin", _wait_for_locks)


def make_app(database_url: str, instance: Path, **environ: str) -> Flask:
    """Return the shop on this database, configured by these settings alone."""
    settings = {
        "STOREFRONT_ENV": "testing",
        "SECRET_KEY": "only for tests",
        "STOREFRONT_COOKIE_NAME": "plain",  # so that tests know the names
        "DATABASE_URL": database_url,
        "STOREFRONT_LIMIT_BROWSE": "100000/minute",  # tests of other things send more requests than people
        "STOREFRONT_LIMIT_SEARCH": "100000/minute",
        "STOREFRONT_CACHE_VERIFY_PERCENT": "0",  # tests change rows past the models
        "STOREFRONT_CACHE_PREFIX": f"test-{uuid.uuid4().hex}",  # the Redis is shared by all tests
    }
    app = create_app({"PATH": os.environ["PATH"], **settings, **with_terms(environ)}, instance=instance)
    share_templates(app)
    with app.app_context():
        share_statements(db.engine)
        if database_url.startswith("postgresql"):
            event.listen(db.engine, "connect", _allow_idle_transactions)
        elif database_url.startswith("sqlite"):
            event.listen(db.engine, "connect", _leave_writes_to_the_system)
    _MADE.append(app)
    return app


def _allow_idle_transactions(connection: Any, _record: object) -> None:
    """Let a test keep a transaction open while it does other work, for which a busy machine may need many seconds."""
    connection.execute("SET SESSION idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _wait_for_locks(connection: Any) -> None:
    connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")


def _leave_writes_to_the_system(connection: Any, _record: object) -> None:
    """Do not wait for the disk, as on PostgreSQL: the data need not survive the machine."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """End the background work of all shops before their databases are removed.

    Also close their connections: an open one would be a warning, and so an error, of a later test.
    """
    yield
    while _MADE:
        app = _MADE.pop()
        with app.app_context():
            close_shop(app)


def close_shop(app: Flask) -> None:
    """End the background work of the shop whose context this is, and then close its connections.

    In this order: those that a thread still uses would stay open.
    """
    if not app.testing:
        state = cache_state.find(app)
        if state is not None and state.is_started:
            cache.stop(app)
        periodic.stop_tasks(app)
    db.session.remove()
    db.engine.dispose()


def _empty() -> None:
    """Empty every table except the root category, as after the migrations; ids start at 1 again.

    Deleting the few rows that a test makes is several times as quick as truncating thirty tables.
    """
    tables = [table.name for table in reversed(Model.metadata.sorted_tables)]
    keep = {"category": " WHERE path <> ''"}
    every = ("product_search", "product_search_2", *tables)
    deletions = [f"DELETE FROM {name}{keep.get(name, '')};" for name in every]
    with db.engine.begin() as connection:
        connection.exec_driver_sql("".join(deletions) + "UPDATE category SET product_count = 0;" + _IDS)


_IDS = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relname <> 'category_id_seq';"
