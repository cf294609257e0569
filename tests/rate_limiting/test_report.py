"""Statistics of refusals: sent to Redis, bounded, and shown to staff."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from storefront.rate_limiting import statistics as module
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.statistics import LimitStatistics
from tests.accounts.people import sign_in_as_staff
from tests.conftest import make_app
from tests.processes import eventually
from tests.rate_limiting.conftest import MakeShop, ask, new_limiter


@pytest.fixture
def tally(redis_url: str, prefix: str) -> LimitStatistics:
    return LimitStatistics(new_limiter(redis_url, prefix)._roles, prefix)


def refused(tally: LimitStatistics) -> int:
    return sum(events["refused"] for events in tally.read_report().events.values())


def test_the_report_names_limits_and_clients(shop: MakeShop) -> None:
    app = shop(STOREFRONT_LIMIT_BROWSE="2/hour", STOREFRONT_LIMIT_DENY="203.0.113.0/24")
    client = app.test_client()
    for address, times in (("192.0.2.1", 5), ("2001:db8::1", 3), ("203.0.113.5", 1)):
        for _ in range(times):
            client.get("/robots.txt", environ_overrides={"REMOTE_ADDR": address})
    assert rate_limits.get(app).statistics.flush(at_once=True) is False
    shown = app.test_cli_runner().invoke(args=["limits", "report"])
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.output.splitlines()]
    assert ["browse", "2/3600", "s", "8", "4", "0", "0"] in rows
    assert ["deny-list", "1"] in rows
    assert sorted(rows[-3:]) == [
        ["192.0.2.1", "browse", "3"],
        ["2001:db8::/64", "browse", "1"],
        ["203.0.113.5", "deny-list", "1"],
    ]


@pytest.mark.any_database
def test_staff_see_the_report_as_a_page(app: Flask, redis_url: str, tmp_path: Path) -> None:
    (instance := tmp_path / "limited").mkdir()
    limits = {"STOREFRONT_LIMIT_BROWSE": "1/hour", "STOREFRONT_LIMIT_SHADOW": "search"}
    shop = make_app(app.config["SQLALCHEMY_DATABASE_URI"], instance, REDIS_URL=redis_url, **limits)
    client = shop.test_client()
    for _ in range(3):
        client.get("/robots.txt")
    rate_limits.get(shop).statistics.flush(at_once=True)
    assert client.get("/admin/system/limits").status_code == 303
    with shop.app_context():
        sign_in_as_staff(client)
    page = client.get("/admin/system/limits")
    assert page.headers["RateLimit-Policy"].startswith('"staff"')
    assert page.headers["Cache-Control"] == "private, no-store"
    assert re.search(r"<th scope=\"row\">browse</th><td>1\s/ 3,600 s</td><td>3</td><td>2</td>", page.text)
    assert "search (shadow)" in page.text
    assert re.search(r"<th scope=\"row\">127.0.0.1</th><td>browse</td><td>2</td>", page.text)


def test_a_shop_that_refuses_nobody_says_so(shop: MakeShop) -> None:
    shown = shop().test_cli_runner().invoke(args=["limits", "report", "--hours", "2"])
    assert "Nobody was refused in the last 2 hours." in shown.output


def test_the_report_says_that_redis_is_away(shop: MakeShop) -> None:
    app = shop(REDIS_URL="redis://127.0.0.1:1/0")
    shown = app.test_cli_runner().invoke(args=["limits", "report"])
    assert shown.exit_code == 1
    assert "Redis for limit is away" in shown.output


def test_refusals_are_sent_in_the_background(shop: MakeShop) -> None:
    app = shop(STOREFRONT_LIMIT_BROWSE="1/hour")
    client = app.test_client()
    for _ in range(3):
        client.get("/robots.txt")
    limits = rate_limits.get(app)
    assert eventually(lambda: refused(limits.statistics) == 2)


def test_counts_that_cannot_be_sent_are_sent_later(prefix: str, redis_url: str) -> None:
    away = LimitStatistics(new_limiter("redis://127.0.0.1:1/0", prefix)._roles, prefix)
    back = new_limiter(redis_url, prefix)._roles
    away.count_exceeded([ask("1/hour")])
    away.flush(at_once=True)
    away._roles = back
    away.count_exceeded([ask("1/hour")])
    away.flush(at_once=True)
    assert away.read_report().refused == [("trial", "192.0.2.1", 2)]


def test_many_clients_are_bounded_here_and_there(
    tally: LimitStatistics, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS_PER_FLUSH", 30)
    monkeypatch.setattr(module, "MAX_CLIENTS_PER_HOUR", 20)
    for number in range(100):
        tally.count_exceeded([ask("1/hour", who=str(number))])
    tally.flush(at_once=True)
    (name,) = redis.scan_iter(f"{tally._prefix.replace('{', '?')}*:refused")
    assert redis.zcard(name) == 20
    assert redis.ttl(name) > 24 * 3600
    assert ("trial", "others", 70) in tally.read_report().refused


def test_foreign_data_under_its_keys_heals(tally: LimitStatistics, redis: Redis) -> None:
    hour = int(time.time() // 3600)
    for name in (f"{tally._prefix}:{hour}", f"{tally._prefix}:{hour}:refused"):
        redis.set(name, "x")
    assert tally.read_report().refused == []
    for _ in range(2):
        tally.count_exceeded([ask("1/hour")])
        tally.flush(at_once=True)
    assert tally.read_report().refused == [("trial", "192.0.2.1", 1)]
