"""/metrics for Prometheus, for clients on this host or in a private network."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.ops.request_figures import BUCKETS, request_meter
from tests.accounts.people import sign_in_as_staff
from tests.chaos.shoppers import plain
from tests.factories import make_product
from tests.processes import eventually, gunicorn, served

TOKEN = "a-token-of-good-length"
pytestmark = pytest.mark.any_database


def test_metrics_count_cache_events_and_redis_calls(client: FlaskClient) -> None:
    product = make_product()
    for _ in range(3):
        client.get(f"/products/{product.slug}")
    told = sign_in_as_staff(client).get("/metrics").text
    for line in (
        'storefront_cache_events_total{event="hit_shared",kind="product_detail"}',
        'storefront_redis_calls_total{result="answered",role="cache"}',
        'storefront_request_seconds_count{endpoint="catalog.product",status="2xx"}',
        "storefront_stock_streams 0.0",
        "storefront_outbox_waiting",
    ):
        assert line in told, line


def test_answers_of_the_fast_path_are_counted_by_time_and_status(app: Flask, client: FlaskClient) -> None:
    before: dict[tuple[str, str], float] = {}
    after: dict[tuple[str, str], float] = {}
    meter = request_meter.get(app)
    counted = Counter(meter.counts)
    for found in (before, after):
        told = sign_in_as_staff(client).get("/metrics").text
        for name, about in (("bucket", 'le="0.002",'), ("bucket", 'le="0.005",'), ("count", ""), ("sum", "")):
            line = re.search(
                rf'^storefront_request_seconds_{name}{{endpoint="edge",{about}status="2xx"}} (\S+)',
                told,
                re.M,
            )
            found[name, about] = float(line[1]) if line else 0.0
        if found is before:
            for seconds in (0.001, 0.004, 7.0):
                meter.measure_fast({}, "200 OK", [], seconds)
    assert [round(after[key] - before[key], 6) for key in before] == [1, 2, 3, 7.005]
    new = meter.counts - counted
    assert [new[name] for name in ("le:0", "le:2", f"le:{len(BUCKETS) - 1}")] == [1, 1, 1]


def test_public_clients_get_no_metrics(app: Flask, client: FlaskClient) -> None:
    private = {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}}
    assert client.get("/metrics", **private).status_code == 404, "in development it may be anybody's tunnel"
    app.config["ENV"] = "production"
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "8.8.8.8"}).status_code == 404
    assert client.get("/metrics", **private).status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}, **private).status_code == 404
    app.config["METRICS_TOKEN"] = TOKEN
    assert client.get("/metrics", **private).status_code == 404
    for given, status in ((TOKEN[:-1], 404), ("é", 404), (TOKEN, 200)):
        assert client.get("/metrics", headers={"Authorization": f"Bearer {given}"}).status_code == status


@pytest.mark.slow
def test_every_worker_reports_the_metrics_of_all(tmp_path: Path, redis_url: str) -> None:
    database = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    settings = {"DATABASE_URL": database, "REDIS_URL": redis_url, "STOREFRONT_LOG": "json"}
    settings["STOREFRONT_METRICS_TOKEN"] = TOKEN
    settings |= {"STOREFRONT_LIMIT_BROWSE": "100000/minute", "STOREFRONT_LIMIT_CART": "100000/minute"}
    with served(tmp_path / "shop", *gunicorn(2), **settings) as shop, ThreadPoolExecutor(8) as pool:
        ask = plain(shop)

        def counted() -> float:
            lines = re.findall(
                r'^storefront_request_seconds_count\{endpoint="cart.cart",.*\} (\S+)',
                ask("/metrics", Authorization=f"Bearer {TOKEN}").body.decode(),
                re.M,
            )
            return sum(map(float, lines))

        def log() -> list[dict[str, object]]:
            lines = (tmp_path / "shop.log").read_text().splitlines()
            told = [json.loads(line) for line in lines if line.startswith("{")]
            return [line for line in told if line.get("route") == "/cart"]

        asked = 0
        while len({line["process"] for line in log()}) < 2:
            assert asked < 2000, "both workers are asked"
            assert {answer.status for answer in pool.map(ask, ["/cart"] * 40)} == {200}
            asked += 40
        assert eventually(lambda: len(log()) == asked)
        assert [counted() for _ in range(12)] == [asked] * 12
