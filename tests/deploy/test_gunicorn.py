"""deploy/gunicorn.conf.py: the number of workers, and figures that must match those of nginx."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, Shop, eventually, gunicorn, served

CONF = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
NGINX = "".join(path.read_text() for path in sorted((ROOT / "deploy" / "nginx").rglob("*.conf")))


def workers(shop: Shop) -> set[psutil.Process]:
    master = psutil.Process(shop.process.pid)
    return {one for one in master.children() if "keeper" not in " ".join(one.cmdline())}


@pytest.mark.slow
def test_there_is_a_worker_for_each_core(tmp_path: Path) -> None:
    command = [word for word in gunicorn(1) if word not in ("--workers", "1")]
    with served(tmp_path / "shop", *command) as shop:
        assert eventually(lambda: len(workers(shop)) == max(2, len(os.sched_getaffinity(0))))


@pytest.mark.slow
def test_queued_messages_are_delivered_without_a_visitor(tmp_path: Path) -> None:
    with served(tmp_path / "shop", *gunicorn(1)) as shop:
        old = workers(shop)
        os.kill(shop.process.pid, signal.SIGHUP)
        assert eventually(lambda: len(workers(shop)) == 1 and workers(shop) != old)
        with closing(sqlite3.connect(shop.instance / "storefront.sqlite3", timeout=20)) as database:
            payload = json.dumps(
                {"tags": ["vendor:nobody"], "hard": False, "cause": "a shop that was killed"}
            )
            row = ("0" * 32, "cache.tags", payload, "2026-01-01 00:00:00")
            database.execute("INSERT INTO outbox (id, topic, payload, created_at) VALUES (?, ?, ?, ?)", row)
            database.commit()
            assert eventually(lambda: not database.execute("SELECT 1 FROM outbox").fetchone())


@pytest.mark.slow
def test_accepted_connections_are_answered_during_shutdown(tmp_path: Path) -> None:
    with served(tmp_path / "shop", *gunicorn(1)) as shop, ExitStack() as stack:
        (worker,) = workers(shop)
        worker.suspend()
        waiting = [
            stack.enter_context(socket.create_connection(("127.0.0.1", int(shop.url.rpartition(":")[2])), 20))
            for _ in range(150)  # more than gevent accepts at a time
        ]
        for one in waiting:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        os.kill(shop.process.pid, signal.SIGTERM)
        # The worker checks each second whether to stop, before it accepts waiting connections.
        time.sleep(1.1)
        worker.resume()
        assert [one.recv(15) for one in waiting] == [b"HTTP/1.1 200 OK"] * 150
        assert shop.process.wait(timeout=30) == 0


def of_gunicorn(name: str) -> int:
    return int(re.findall(rf"^{name} = ([\d_]+)", CONF, re.M)[0])


def of_nginx(name: str) -> list[int]:
    return [int(found) for found in re.findall(rf"\b{name} (\d+)[a-z]*;", NGINX)]


def test_limits_of_nginx_and_gunicorn_agree() -> None:
    assert max(of_nginx("keepalive_timeout")[1:]) < of_gunicorn("keepalive"), "nginx hangs up first"
    assert min(of_nginx("proxy_read_timeout")) >= of_gunicorn("timeout"), (
        "a page is waited for as long as it may take"
    )
    assert "large_client_header_buffers 4 16k" in NGINX
    assert of_gunicorn("limit_request_field_size") == 16 * 1024
    assert of_gunicorn("max_requests_jitter") < of_gunicorn("max_requests")
