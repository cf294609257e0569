"""The cache explains itself: its hits, its memory, and which write invalidated what."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront import redis_roles
from storefront.cache.state import cache_state
from storefront.extensions import db
from storefront.redis_roles import Role
from tests.accounts.people import sign_in_as_staff
from tests.cache.conftest import get
from tests.cache.writer_process import set_price
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database


def run(app: Flask, *words: str) -> str:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["cache", *words])
    return f"{result.exit_code}: {result.output}"


def test_dashboard_shows_hits_and_invalidations(
    app: Flask, client: FlaskClient, mug: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "storefront.cache")
    for _ in range(40):
        get(client, "/products/mug", Accept_Encoding="br")
    set_price(mug, 1100)
    assert re.search(r"Variant \d+ invalidated .*product:\d+", caplog.text), (
        "which write invalidated which tags"
    )
    get(client, "/products/mug", Accept_Encoding="br")
    cache_state.get(app).reporter.send()
    page = get(sign_in_as_staff(client), "/admin/system/cache", Accept_Encoding="identity").text
    assert "product_detail" in page
    assert "<svg" in page
    assert re.search(rf"Variant \d+[^<]*</td>\s*<td>strict</td><td>[^<]*product:{mug}", page), (
        "the write and its tags"
    )
    assert re.search(r"/products/mug\D+32\D", page), "the most requested address"
    assert all(f">{role}<" in page for role in ("cache", "session", "limit", "stock"))


def test_dashboard_shows_how_an_address_is_cached(client: FlaskClient, mug: int) -> None:
    staff = sign_in_as_staff(client.application.test_client())

    def x_ray(address: str) -> str:
        return get(staff, f"/admin/system/cache?url={address}", Accept_Encoding="identity").text

    assert "Not in Redis." in x_ray("/products/mug")
    get(client, "/products/mug")
    page = x_ray("/products/mug")
    assert re.search(r"In Redis, built from data read \d+ s ago; fresh for \d+ s; br [\d.]+ kB, gzip", page)
    assert f"anything on the page of product {mug} changes" in page
    assert "<td></td>" not in page, "each tag has its reason"
    assert "is not an address of this shop" in x_ray("/nowhere")
    assert "is not a public page" in x_ray("/cart")
    assert "is not an address of this shop" in x_ray("//[")


def test_estimate_is_within_a_fifth_of_the_memory_used(app: Flask, client: FlaskClient, redis: Redis) -> None:
    redis.flushdb(asynchronous=True)  # entries of earlier tests would be in the sample
    shelf = make_category("Cups")
    for number in range(120):
        make_product(f"Mug number {number}", category=shelf)
    redis_before = _used(app)
    for number in range(120):
        get(client, f"/products/mug-number-{number}")
    for sort in ("new", "price", "-price", "name"):
        for page in range(1, 6):
            get(client, f"/products?sort={sort}&page={page}")
    used = _used(app) - redis_before
    estimate = re.search(r"together about ([\d.,]+) MB", run(app, "estimate", "--products", "120"))
    assert estimate
    assert float(estimate[1].replace(",", "")) * 1e6 == pytest.approx(used, rel=0.2)


def test_commands_print_what_they_did(app: Flask, client: FlaskClient, mug: int) -> None:
    assert "Too little is cached to measure" in run(app, "estimate", "--products", "10")
    get(client, "/products/mug")
    cache_state.get(app).reporter.send()
    assert re.search(r"product_detail +\d+\.\d%", run(app, "stats"))
    assert "is not a tag" in run(app, "purge", "no tag")
    assert run(app, "purge", f"product:{mug}") == "0: Purged.\n"
    assert "fwd=miss" in get(client, "/products/mug").headers["Cache-Status"]


def _used(app: Flask) -> int:
    """Return the bytes of the shop's cache in Redis."""
    redis = redis_roles.get_client(Role.CACHE)
    names = redis.scan_iter(f"{app.config['CACHE_PREFIX']}:{{c*")
    return sum(redis.memory_usage(name, samples=0) or 0 for name in names)  # exact, as in the estimate
