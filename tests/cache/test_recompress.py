"""Popular pages are compressed again: fewer bytes, another ETag, the same page."""

from __future__ import annotations

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront.cache.store import CacheStore
from tests.cache.conftest import entries, get
from tests.cache.writer_process import detail, set_price
from tests.processes import eventually

pytestmark = pytest.mark.any_database

PAGE = "/products/mug"


def test_popular_page_is_recompressed(
    app: Flask, client: FlaskClient, mug: int, listening: CacheStore, redis: Redis
) -> None:
    first = get(client, PAGE, Accept_Encoding="br")
    zipped = get(client, PAGE, Accept_Encoding="gzip").headers["ETag"]
    assert eventually(lambda: detail(get(client, PAGE, Accept_Encoding="br")) == "L1")

    def asked_again() -> int:
        return len(get(client, PAGE, Accept_Encoding="br").data)

    assert eventually(lambda: asked_again() < len(first.data))
    better = get(client, PAGE, Accept_Encoding="br")
    assert brotli.decompress(better.data) == brotli.decompress(first.data)
    assert better.headers["ETag"] != first.headers["ETag"], (
        "other bytes, another strong ETag (RFC 9110, 8.8.1)"
    )
    for held in (first, better):
        answer = get(client, PAGE, Accept_Encoding="br", If_None_Match=held.headers["ETag"])
        assert (answer.status_code, answer.headers["ETag"]) == (304, held.headers["ETag"]), "the same page"
    assert get(client, PAGE, Accept_Encoding="gzip").headers["ETag"] == zipped
    (name,) = (one for one in entries(redis, app) if one.endswith(":mug") and ":page:" in one)
    assert redis.hget(name, "body:br") == better.data, "for the other processes too"
    assert redis.pttl(name) > 0
    listening.l1.clear()
    assert get(client, PAGE, Accept_Encoding="br").headers["ETag"] == better.headers["ETag"]


def test_page_rebuilt_meanwhile_is_not_replaced(
    app: Flask, client: FlaskClient, mug: int, listening: CacheStore
) -> None:
    get(client, PAGE, Accept_Encoding="br")
    assert eventually(lambda: detail(get(client, PAGE, Accept_Encoding="br")) == "L1")
    (key,) = (key for key in listening.l1._entries if key.endswith(":mug") and key.startswith("page:"))
    copy = listening.l1.get(key)
    assert copy is not None
    set_price(mug, 1100)
    newer = get(client, PAGE, Accept_Encoding="br")
    assert listening.l2.replace_body(key, copy.etag, "br", brotli.compress(b"old")) is None
    listening.l1.replace_body(key, copy, "br", brotli.compress(b"old"))
    for _ in range(2):
        assert get(client, PAGE, Accept_Encoding="br").data == newer.data
        listening.l1.clear()
