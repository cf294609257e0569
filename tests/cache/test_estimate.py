"""`flask cache estimate` predicts the memory that Redis will use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.cache.conftest import another, get
from tests.factories import make_category, make_product
from tests.redis_roles.servers import Server

PRODUCTS = 72


@pytest.mark.slow
def test_estimate_matches_what_redis_uses(app: Flask, own_redis: Server, tmp_path: Path) -> None:
    for own in another(app, tmp_path / "own", REDIS_URL=own_redis.url):
        cups = make_category("Cups")
        paths = [f"/products/{make_product(category=cups).slug}" for _ in range(PRODUCTS)]
        paths += [
            f"/products?page={page + 1}{sort}"
            for page in range(PRODUCTS // 24)
            for sort in ("", "&sort=price", "&sort=-price", "&sort=name")
        ]
        client = own.test_client()
        get(client, paths[0])  # loads scripts and opens connections
        before = own_redis.client.info("memory")["used_memory"]
        for path in paths[1:]:
            assert get(client, path).status_code == 200
        used = (own_redis.client.info("memory")["used_memory"] - before) / 1e6
        ran = own.test_cli_runner().invoke(args=["cache", "estimate", "--products", str(PRODUCTS)])
        estimated = float(re.findall(r"about ([\d.]+) MB", ran.output)[0])
        assert 0.8 * used < estimated < 1.2 * used, ran.output
