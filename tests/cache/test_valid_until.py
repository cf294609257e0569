"""`cache.valid_until`: no level, and no cache in front of the shop, keeps a value beyond the moment it names."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from storefront import cache
from storefront.cache import page_renderer, responses
from storefront.cache.edge_fields import EDGE_FIELDS
from storefront.cache.keys import CacheEntry
from storefront.cache.page_renderer import PageAddress
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.shop_cache import keys
from storefront.shop_cache.keys import PRODUCT_DETAIL
from tests.cache.conftest import entries_but_settings, get
from tests.cache.writer_process import detail
from tests.processes import eventually
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database

NOTICE = "/notice"
ENTRY = CacheEntry("offer", "", PRODUCT_DETAIL)


class Offer:
    """A page of an offer that ends at a moment. The page contains a cached value, which names the moment."""

    def __init__(self, app: Flask) -> None:
        self.moment: datetime | None = None
        self.is_failing = False
        self.builds = 0
        app.add_url_rule(NOTICE, "notice", cache.public_page(keys.PRODUCT_LIST)(lambda: self.show()))

    def show(self) -> str:
        if self.is_failing:
            raise ConnectionError("the source is away")
        self.builds += 1
        return f"{self.read()} in build {self.builds}"

    def read(self) -> str:
        return cache.fetch(ENTRY, str, self._build)

    def ends_in(self, seconds: float) -> None:
        self.moment = datetime.now(UTC) + timedelta(seconds=seconds)

    def wait_for_its_end(self) -> None:
        assert self.moment is not None
        while datetime.now(UTC) < self.moment:
            time.sleep(0.01)

    def _build(self) -> str:
        if self.moment is not None:
            cache.valid_until(self.moment)
            cache.valid_until(self.moment + timedelta(hours=1))  # of several moments the first counts
        return "offer"


@pytest.fixture
def offer(app: Flask) -> Offer:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return Offer(app)


def lifetime(response: TestResponse) -> tuple[int, int]:
    """Return for how long a shared cache may show the page; and how much longer while the shop is away."""
    found = re.fullmatch(r"max-age=(\d+), stale-if-error=(\d+)", response.headers["CDN-Cache-Control"])
    assert found
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_page_is_built_again_at_the_moment(
    client: FlaskClient, offer: Offer, request: pytest.FixtureRequest, level: str
) -> None:
    if level == "L1":
        request.getfixturevalue("listening")
    offer.ends_in(0.4)
    etag = get(client, NOTICE).headers["ETag"]
    offer.wait_for_its_end()
    offer.moment = None
    response = get(client, NOTICE, If_None_Match=etag)
    assert (response.status_code, response.text) == (200, "offer in build 2")
    assert eventually(lambda: detail(get(client, NOTICE)) == level)


def test_nothing_old_is_shown_after_the_moment(client: FlaskClient, offer: Offer) -> None:
    """Not even while the source is away."""
    offer.ends_in(0.4)
    get(client, NOTICE)
    offer.wait_for_its_end()
    offer.is_failing = True
    response = get(client, NOTICE)
    assert response.status_code == 500


def test_page_inherits_the_moment_of_a_cached_value(
    app: Flask, client: FlaskClient, redis: Redis, offer: Offer
) -> None:
    offer.ends_in(100)
    offer.read()
    get(client, NOTICE)  # reads the value from the cache
    moments = {float(redis.hget(name, "until") or 0) for name in entries_but_settings(redis, app)}
    assert offer.moment is not None
    assert moments == {offer.moment.timestamp()}


def test_no_level_keeps_an_entry_beyond_the_moment(
    app: Flask, client: FlaskClient, redis: Redis, listening: CacheStore, offer: Offer
) -> None:
    """Its kind would be fresh for 300 s and kept for 24 h, each with its jitter."""
    offer.ends_in(100)
    assert eventually(lambda: detail(get(client, NOTICE)) == "L1")
    for name in entries_but_settings(redis, app):
        assert 0 < int(redis.pttl(name)) <= 100_000
        assert float(redis.hget(name, "soft") or 0) / 1e6 <= time.time() + 100
    key = get(client, NOTICE).headers["Cache-Status"].partition('key="')[2].partition('"')[0]
    kept = listening.l1.peek(key)
    assert kept is not None
    assert kept.expires_at <= time.monotonic() + 100
    assert 0 <= int(get(client, NOTICE).headers["Cache-Status"].partition("ttl=")[2].partition(";")[0]) <= 100


def test_late_expiry_of_redis_shows_nothing_old(
    app: Flask, redis: Redis, store: CacheStore, offer: Offer
) -> None:
    offer.ends_in(100)
    offer.read()
    (name,) = entries_but_settings(redis, app)
    redis.hset(name, "until", str(time.time() - 0.001))
    offer.moment = None
    assert offer.read() == "offer"
    assert redis.hget(name, "until") is None, "it was built again"


def test_own_copies_end_at_the_moment_without_redis(
    own_app: Flask, own_client: FlaskClient, own_redis: Server
) -> None:
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    offer = Offer(own_app)
    own_redis.kill()
    offer.ends_in(0.4)
    get(own_client, NOTICE)
    offer.wait_for_its_end()
    offer.is_failing = True
    assert get(own_client, NOTICE).status_code == 500


def test_shared_caches_keep_no_page_beyond_the_moment(
    client: FlaskClient, listening: CacheStore, offer: Offer
) -> None:
    offer.ends_in(100)
    built = get(client, NOTICE)
    assert eventually(lambda: detail(get(client, NOTICE)) == "L1")
    for response in (built, get(client, NOTICE), get(client, NOTICE, If_None_Match=built.headers["ETag"])):
        fresh, more = lifetime(response)
        assert fresh == 1
        assert 0 < fresh + more <= 100
        assert response.headers["X-Accel-Expires"] == "0", "nginx would show its copy while the shop is away"
        assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    hit = CacheHit(b"", "", None, ("everything",), 100, "L1", None, time.time() + 50)
    head = msgspec.msgpack.encode(responses.StoredHead(200, "text/html", [], "Accept-Encoding"))
    fields = dict(responses.changing_headers(hit._replace(meta=head), "key", EDGE_FIELDS["varnish"]))
    assert re.fullmatch(r"max-age=(49|50), stale-if-error=0", fields["Surrogate-Control"])


def test_value_of_the_past_is_not_stored(
    app: Flask, client: FlaskClient, redis: Redis, store: CacheStore, offer: Offer
) -> None:
    get(client, NOTICE)
    assert len(entries_but_settings(redis, app)) == 2
    store.l2.tag_times.invalidate(["everything"])
    offer.ends_in(-1)
    response = get(client, NOTICE)
    assert response.headers["Cache-Status"].startswith("storefront; fwd=miss; key=")
    assert lifetime(response) == (0, 0)
    assert entries_but_settings(redis, app) == set(), "the old page would be answered until its end"
    assert isinstance(store.look_up(ENTRY), BuildTicket)


def test_moment_without_time_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Pass an aware one, such as datetime.now\(UTC\)"):
        cache.valid_until(datetime(2026, 1, 1))  # noqa: DTZ001


def test_moment_outside_a_build_does_nothing(app: Flask) -> None:
    cache.valid_until(datetime.now(UTC))


def test_detached_page_says_when_it_becomes_wrong(app: Flask, offer: Offer) -> None:
    offer.ends_in(100)
    page = page_renderer.render_detached(app, PageAddress.of_url(app, NOTICE)).page
    assert page is not None
    assert offer.moment is not None
    assert page.valid_until == offer.moment.timestamp()
    assert cache_state.get(app).store.l1.peek(ENTRY.key) is None
