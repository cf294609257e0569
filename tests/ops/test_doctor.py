"""`flask doctor` passes a healthy shop and reports each fault with the way to fix it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import text
from werkzeug.serving import make_server

from storefront.extensions import db, migrations_folder, write_transaction
from storefront.mail.queue import QueuedMail
from storefront.ops import doctor
from storefront.ops.doctor import database as database_checks
from storefront.ops.doctor import proxies as proxy_checks
from storefront.ops.doctor import proxy_echo
from storefront.outbox import OutboxMessage
from tests.conftest import make_app
from tests.processes import ROOT, free_port, served
from tests.redis_roles.servers import Server

PRODUCTION = {"STOREFRONT_ENV": "production", "TRUSTED_HOSTS": "shop.example", "SECRET_KEY": "k" * 32}


_LOOKS_AT = (ROOT / "docs" / "runbook.md").read_text().partition("It looks at\n")[2].partition("\n## ")[0]
DOCUMENTED = {name for name in re.findall(r"`([^`]+)`", _LOOKS_AT) if re.fullmatch("[a-z ]+", name)}
FRONT = {"proxies", "worker class", "scheme", "streams"}


def findings(url: str | None = None) -> dict[str, doctor.Finding]:
    db.session.rollback()
    found = {finding.about: finding for finding in doctor.examine(url)}
    assert names(found) - {"", "front"} <= DOCUMENTED  # without servers that do not answer
    return found


def names(found: Iterable[str]) -> set[str]:
    """Return the names of findings without the Redis roles in them."""
    return {re.sub(r"^redis(?: (?:cache|session|limit|stock),?)* ?", "", about) for about in found}


def test_a_healthy_shop_passes_and_a_broken_one_fails(app: Flask, database: str) -> None:
    shown = app.test_cli_runner().invoke(args=["doctor", "--no-front", "--json"])
    told = json.loads(shown.output)
    # The test environment is not production.
    assert (shown.exit_code, told["worst"]) == (0, "warn"), shown.output
    not_here = {"postgresql": {"sqlite"}, "sqlite": {"postgresql", "database clock", "connections"}}
    looked_at = names(row["about"] for row in told["findings"])
    assert looked_at == DOCUMENTED - FRONT - {"replicas"} - not_here[database]
    about = {row["about"] for row in told["findings"] if row["level"] == "ok"}
    assert {"database", "outbox", "redis memory", "redis version", "redis clock", "instance", "disk"} <= about
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        shown = app.test_cli_runner().invoke(args=["doctor", "--no-front"])
    finally:
        with db.engine.begin() as connection:
            head = ScriptDirectory(migrations_folder()).get_current_head()
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    assert shown.exit_code == 1
    assert "Run: flask db upgrade" in " ".join(shown.output.split())
    assert "1 wrong" in shown.output


@pytest.mark.usefixtures("app")
def test_old_outbox_messages_and_mails_are_reported() -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with write_transaction() as session:
        session.add(OutboxMessage(id="a", topic="t", payload=[], created_at=hour_ago))
        session.add(QueuedMail(id="b", recipient="", message="", created_at=hour_ago))
    found = findings()
    assert found["outbox"].level == "wrong"
    assert "wait, the oldest for 3,60" in found["outbox"].sentence
    assert found["letters"].level == "wrong"


def test_postgresql_clock_and_connections_are_checked(app: Flask, database: str) -> None:
    if database == "postgresql":
        app.config["WORKERS"] = 1000
        found = findings()
        assert found["database clock"].level == "ok"
        assert found["connections"].level == "warn"
        assert "max_connections" in found["connections"].sentence
    else:
        app.config["ENV"] = "production"
        assert "DATABASE_URL" in findings()["sqlite"].sentence


@pytest.mark.parametrize(("seconds", "level"), [(0.2, "ok"), (-3, "warn"), (31, "wrong"), (-4000, "wrong")])
def test_clock_differences_are_reported(seconds: float, level: str) -> None:
    assert database_checks.skew("clock", seconds, "the database's").level == level


@pytest.fixture
def redis_servers(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def start(*options: str) -> str:
            one = Server(tmp_path, *options).start()
            stack.callback(one.kill)
            return one.url

        yield start


def shop(tmp_path: Path, **environ: str) -> Flask:
    (tmp_path / "i").mkdir(exist_ok=True)
    return make_app(f"sqlite:///{tmp_path / 'none.sqlite3'}", tmp_path / "i", **environ)


def test_each_redis_is_checked_for_its_roles(tmp_path: Path, redis_servers: Any) -> None:
    flooded = redis_servers("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
    stuck = redis_servers("--maxmemory", "50mb", "--maxmemory-policy", "noeviction")
    state = redis_servers("--maxmemory-policy", "noeviction", "--appendonly", "yes")
    pages = redis_servers("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lfu")
    replica = redis_servers("--replicaof", "127.0.0.1", "1")

    def found(**environ: str) -> dict[str, doctor.Finding]:
        with shop(tmp_path, **environ).app_context():
            return findings()

    shared = found(REDIS_URL=flooded)["redis memory"]
    assert (shared.level, "CACHE_REDIS_URL" in shared.sentence) == ("wrong", True)
    assert found(REDIS_URL=stuck)["redis memory"].level == "wrong"
    apart = found(REDIS_URL=state, CACHE_REDIS_URL=pages)
    assert {f.level for about, f in apart.items() if about.startswith("redis")} == {"ok"}
    swapped = found(REDIS_URL=pages, CACHE_REDIS_URL=stuck)
    assert "allkeys-lfu" in swapped["redis cache memory"].sentence
    assert swapped["redis session, limit, stock memory"].level == "wrong"
    assert swapped["redis session, limit, stock persistence"].level == "warn"
    assert found(REDIS_URL=replica)["redis replicas"].level == "wrong"


def test_valid_but_unwise_settings_are_reported(tmp_path: Path) -> None:
    (tmp_path / "i").mkdir()
    (tmp_path / "i" / "secret_key").write_text("k")
    (tmp_path / "i" / "secret_key").chmod(0o644)
    closed = f"127.0.0.1:{free_port()}"
    environ = {"REDIS_URL": f"redis://{closed}/0", "STOREFRONT_SMTP_URL": f"smtp://{closed}"}
    environ["STOREFRONT_MEDIA_DIR"] = "/proc/media"  # not writable, even for root
    environ |= PRODUCTION | {"TRUSTED_HOSTS": "127.0.0.1,shop.example"}
    with shop(tmp_path, **environ, STOREFRONT_CACHE="off").app_context():
        found = findings(f"http://{closed}")
    wrong = {about for about, finding in found.items() if finding.level == "wrong"}
    assert wrong == {"secret", "mail", "media", "secrets", "disk", "database", "redis"}
    assert "REDIS_URL" in found["redis"].sentence
    assert {found[about].level for about in ("cache", "front", "hosts")} == {"warn"}
    assert "Put the public name first" in found["hosts"].sentence


@contextmanager
def listening(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def behind_a_proxy(app: Flask) -> Any:
    """Append the client's address to a request as nginx does."""

    def proxied(environ: dict[str, Any], start_response: Any) -> Any:
        before = environ.get("HTTP_X_FORWARDED_FOR")
        environ["HTTP_X_FORWARDED_FOR"] = f"{before}, 127.0.0.9" if before else "127.0.0.9"
        return app(environ, start_response)

    return proxied


@pytest.mark.parametrize(
    ("trusted", "proxies", "sentence"),
    [
        ("0", 0, "passes 0 proxies, as"),
        ("1", 1, "passes 1 proxy, as"),
        ("1", 0, "forge their address"),
        ("2", 1, "forge their address"),
        ("0", 1, "all shoppers share the rate limits of 127.0.0.1"),
    ],
)
def test_trusted_proxies_are_compared_with_real_ones(
    tmp_path: Path, redis_url: str, trusted: str, proxies: int, sentence: str
) -> None:
    one = shop(tmp_path, TRUSTED_PROXIES=trusted, REDIS_URL=redis_url)
    with one.app_context(), listening(behind_a_proxy(one) if proxies else one) as url:
        found = {finding.about: finding for finding in proxy_checks.check(url)}
    assert set(found) == FRONT <= DOCUMENTED
    assert sentence in found["proxies"].sentence
    assert (found["proxies"].level == "ok") == sentence.endswith(", as")
    assert found["scheme"].level == "ok"


def test_the_proxy_echo_answers_the_doctor_only(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (shop(tmp_path, REDIS_URL=redis_url, SECRET_KEY=key) for key in ("one", "other"))
    with other.app_context():
        foreign = proxy_echo.token()
    with one.app_context():
        own = proxy_echo.token()
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 62)
        old = proxy_echo.token()
        monkeypatch.undo()
    client = one.test_client()
    for token, status in (("", 404), (foreign, 404), (own[:-1], 404), (old, 404), (own, 200)):
        assert client.get("/ops/mirror", headers={proxy_echo.HEADER: token}).status_code == status


@pytest.mark.slow
def test_workers_that_streams_would_block_are_reported(tmp_path: Path, redis_url: str) -> None:
    instance = tmp_path / "served"
    instance.mkdir()
    command = ("gunicorn", "--worker-class", "sync", "--bind", "127.0.0.1:{port}", "wsgi:app")
    command = (str(ROOT / ".venv" / "bin" / command[0]), *command[1:])
    with served(instance, *command, REDIS_URL=redis_url) as running:
        shown = running.flask("doctor", "--json", "--url", running.url)
    told = {row["about"]: row for row in json.loads(shown.stdout)["findings"]}
    assert told["worker class"]["level"] == "wrong", told
    assert shown.returncode == 1
