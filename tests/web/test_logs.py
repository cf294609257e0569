"""The log: one line of JSON for each request, without personal data."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from storefront.web import logs
from tests.processes import ROOT, eventually, free_port, served

PRODUCTION = {
    "STOREFRONT_ENV": "production",
    "TRUSTED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "0123456789abcdef" * 2,
}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a letter to kim.q+x@mail.example.com failed", "a letter to <mail> failed"),
        ("redis://shop:secret@10.0.0.5:6379/0 is away", "redis://…@10.0.0.5:6379/0 is away"),
        ("asked by 203.0.113.9, by 2001:db8::17.", "asked by <address>, by <address>."),
        ("GET /orders/7?token=abc123&x=1 HTTP/1.1", "GET /orders/7?… HTTP/1.1"),
        ("Authorization: Bearer sk_live_123", "Authorization: Bearer …"),
        ('{"password": "hunter2", "n": 1}', '{"password": "…", "n": 1}'),
        (
            "at 12:00:01 version 7.0.15 of redis on 127.0.0.1",
            "at 12:00:01 version 7.0.15 of redis on 127.0.0.1",
        ),
    ],
)
def test_personal_data_is_removed(text: str, left: str) -> None:
    assert logs.remove_personal_data(text) == left


def test_traceback_is_logged_without_personal_data() -> None:
    try:
        raise ValueError("kim@example.com is no number")
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    record = logging.LogRecord("shop", logging.ERROR, "", 1, "failed for %s", ("kim@example.com",), raised)
    for form in (logs.JsonFormatter(), logs.TextFormatter()):
        logged = form.format(record)
        assert "<mail> is no number" in logged
        assert "kim" not in logged
    assert json.loads(logs.JsonFormatter().format(record))["level"] == "error"


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.mark.slow
def test_each_request_is_logged_once_without_personal_data(tmp_path: Path, redis_url: str) -> None:
    instance = tmp_path / "shop"
    command = (str(ROOT / ".venv/bin/gunicorn"), "--config", "deploy/gunicorn.conf.py", "--workers", "1")
    environ = {**PRODUCTION, "REDIS_URL": redis_url, "TRUSTED_PROXIES": "1"}
    environ["DATABASE_URL"] = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    environ["STOREFRONT_SMTP_URL"] = f"smtp://127.0.0.1:{free_port()}"
    environ["STOREFRONT_CACHE_PREFIX"] = tmp_path.name
    with served(instance, *command, "--bind", "127.0.0.1:{port}", "wsgi:app", **environ) as shop:
        assert shop.flask("setup", "--no-demo").returncode == 0
        ids: list[str] = []
        opener = urllib.request.build_opener(Stay)

        def ask(path: str, **form: str) -> None:
            ids.append(f"request-{len(ids):04}")
            about = {
                "X-Request-ID": ids[-1],
                "X-Forwarded-For": "203.0.113.77",
                "Sec-Fetch-Site": "same-origin",
            }
            about |= {
                "Authorization": "Bearer opensesame",
                "Cookie": "signin=cookiesecret",
                "User-Agent": "Lynx",
            }
            data = urllib.parse.urlencode(form).encode() if form else None
            request = urllib.request.Request(shop.url + path, data=data, headers=about)
            try:
                with opener.open(request, timeout=30) as answer:
                    answer.readline()
            except urllib.error.HTTPError:
                pass

        for _ in range(3):
            ask("/products?q=opensesame")  # the second and third by the fast path
        ask("/account/login", email="kim@example.com", password="opensesame")
        ask("/account/register", email="kim@example.com", name="Kim Quillfeather")
        ask("/account/reset/opensesame")
        ask("/orders/7?token=opensesame")
        ask("/opensesame/kim@example.com")
        ask("/stock/stream?product=1")
        ask("/readyz")
        log = instance.parent / f"{instance.name}.log"
        eventually(lambda: log.read_text().count('"request_id":"request-') >= len(ids))
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    logged = [
        line for line in lines if line["logger"] == "storefront.requests" and "request-" in line["request_id"]
    ]
    assert [line["request_id"] for line in logged if line["route"] != "none"][:2] == ids[:2]
    assert sorted(line["request_id"] for line in logged) == ids
    assert {line["route"] for line in logged} >= {"/products", "/account/login", "/stock/stream", "none"}
    assert "alembic" not in {line["logger"].partition(".")[0] for line in lines}
    text = log.read_text()
    for secret in ("opensesame", "kim@", "Quillfeather", "203.0.113.77", "cookiesecret", "Lynx"):
        assert secret not in text, [line for line in text.splitlines() if secret in line][:3]


def test_each_line_names_the_zone_of_its_time() -> None:
    record = logging.makeLogRecord({"created": 0.0, "levelname": "INFO", "name": "shop", "msg": "opened"})
    assert logs.TextFormatter().format(record) == "1970-01-01 00:00:00Z INFO    shop: opened"
    assert '"time":"1970-01-01T00:00:00.000+00:00"' in logs.JsonFormatter().format(record)
