"""deploy/gunicorn.conf.py: how many workers there are, and that figures of it and of nginx go together."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, eventually, gunicorn, served

CONF = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
NGINX = "".join(path.read_text() for path in sorted((ROOT / "deploy" / "nginx").rglob("*.conf")))


@pytest.mark.slow
def test_there_are_as_many_workers_as_cores(tmp_path: Path) -> None:
    command = [word for word in gunicorn(1) if word not in ("--workers", "1")]
    with served(tmp_path / "shop", *command) as shop:
        master = psutil.Process(shop.process.pid)

        def serving() -> int:
            return sum("keeper" not in " ".join(one.cmdline()) for one in master.children())

        assert eventually(lambda: serving() == max(2, len(os.sched_getaffinity(0))))


@pytest.mark.slow
def test_what_waits_to_be_told_does_not_wait_for_a_visitor(tmp_path: Path) -> None:
    with served(tmp_path / "shop", *gunicorn(1)) as shop:
        master = psutil.Process(shop.process.pid)

        def workers() -> set[int]:
            return {one.pid for one in master.children() if "keeper" not in " ".join(one.cmdline())}

        old = workers()
        os.kill(master.pid, signal.SIGHUP)
        assert eventually(lambda: len(workers()) == 1 and workers() != old)
        with closing(sqlite3.connect(shop.instance / "storefront.sqlite3", timeout=20)) as database:
            payload = json.dumps(
                {"tags": ["vendor:nobody"], "hard": False, "cause": "a shop that was killed"}
            )
            row = ("0" * 32, "cache.tags", payload, "2026-01-01 00:00:00")
            database.execute("INSERT INTO outbox (id, topic, payload, created_at) VALUES (?, ?, ?, ?)", row)
            database.commit()
            assert eventually(lambda: not database.execute("SELECT 1 FROM outbox").fetchone())


def of_gunicorn(name: str) -> int:
    return int(re.findall(rf"^{name} = ([\d_]+)", CONF, re.M)[0])


def of_nginx(name: str) -> list[int]:
    return [int(found) for found in re.findall(rf"\b{name} (\d+)[a-z]*;", NGINX)]


def test_nginx_and_gunicorn_agree() -> None:
    assert max(of_nginx("keepalive_timeout")[1:]) < of_gunicorn("keepalive"), "nginx hangs up first"
    assert min(of_nginx("proxy_read_timeout")) >= of_gunicorn("timeout"), (
        "a page is waited for as long as it may take"
    )
    assert "large_client_header_buffers 4 16k" in NGINX
    assert of_gunicorn("limit_request_field_size") == 16 * 1024
    assert of_gunicorn("max_requests_jitter") < of_gunicorn("max_requests")
