"""Cached data: results of functions, in declared types, until they are invalidated."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from redis import Redis

from storefront import cache
from storefront.cache.invalidation import TOPIC
from storefront.cache.keys import NEGATIVE_TTL, CacheEntry
from storefront.cache.store import CacheStore
from storefront.outbox.registry import registry
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import entries

pytestmark = pytest.mark.any_database

ENTRY = CacheEntry("data", "", PRODUCT_LIST)


@dataclass(frozen=True)
class Point:
    x: int
    y: int


@dataclass(frozen=True)
class Space:
    x: int
    y: int
    z: int = 0


class Shelf:
    """An object with cached methods; each instance counts its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    @cache.cached(PRODUCT_LIST, list[int])
    def items(self, number: int, *, step: int = 1) -> list[int]:
        cache.depends_on(f"shelf:{number}")
        self.calls.append((number, step))
        return list(range(0, number, step))

    @cache.cached(PRODUCT_LIST, Point | None)
    def missing(self, name: str) -> Point | None:
        self.calls.append((name,))
        return None


def drop(app: Flask, *tags: str) -> None:
    registry.get(app).handlers[TOPIC]([{"tags": list(tags), "hard": False, "cause": ""}])


def test_same_arguments_share_one_result(app: Flask) -> None:
    shelf = Shelf()
    assert shelf.items(4) == shelf.items(number=4) == shelf.items(4, step=1) == [0, 1, 2, 3]
    assert shelf.items(4, step=2) == [0, 2]
    assert shelf.calls == [(4, 1), (4, 2)]


def test_instances_share_a_methods_results(app: Flask) -> None:
    first, second = Shelf(), Shelf()
    assert first.items(3) == second.items(3)
    assert (first.calls, second.calls) == ([(3, 1)], [])


def test_result_is_invalidated_by_its_dependencies_only(app: Flask) -> None:
    shelf = Shelf()
    shelf.items(3)
    shelf.items(4)
    drop(app, "shelf:3")
    shelf.items(3)
    shelf.items(4)
    assert shelf.calls == [(3, 1), (4, 1), (3, 1)]


def test_arguments_of_another_type_are_not_the_same(app: Flask) -> None:
    shelf = Shelf()
    shelf.missing("1")
    shelf.missing(1)  # type: ignore[arg-type]
    assert shelf.calls == [("1",), (1,)]


def test_none_is_cached_briefly(app: Flask, redis: Redis) -> None:
    shelf = Shelf()
    assert shelf.missing("x") is shelf.missing("x") is None
    assert shelf.calls == [("x",)]
    (name,) = entries(redis, app)
    soft, start = (float(value) for value in redis.hmget(name, "soft", "start"))
    assert (soft - start) / 1e6 <= NEGATIVE_TTL * 1.1 + 1


def test_failed_build_stores_nothing(app: Flask, redis: Redis) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.fetch(ENTRY, int, lambda: 1 // 0)
    assert cache.fetch(ENTRY, int, lambda: 2) == 2


def test_writer_can_put_its_value(app: Flask) -> None:
    assert cache.fetch(ENTRY, int, lambda: 1) == 1
    assert cache.put(ENTRY, int, lambda: 2) == 2
    assert cache.fetch(ENTRY, int, lambda: 3) == 2


def test_put_value_loses_to_a_later_write(app: Flask) -> None:
    def build() -> int:
        cache.depends_on("card:1")
        drop(app, "card:1")
        return 1

    cache.put(ENTRY, int, build)
    assert cache.fetch(ENTRY, int, lambda: 2) == 2


def test_entry_that_cannot_be_decoded_is_a_miss(app: Flask, redis: Redis, store: CacheStore) -> None:
    cache.fetch(ENTRY, Point, lambda: Point(1, 2))
    (name,) = entries(redis, app)
    redis.hset(name, "body:", b"\xc1 no msgpack")
    assert cache.fetch(ENTRY, Point, lambda: Point(3, 4)) == Point(3, 4)
    assert store.counters.total["product_list", "undecodable"] == 1
    assert cache.fetch(ENTRY, Point, lambda: Point(5, 6)) == Point(3, 4), "and it has been replaced"


def test_values_of_another_type_have_other_keys(app: Flask, redis: Redis) -> None:
    assert cache.fetch(ENTRY, Point, lambda: Point(1, 2)) == Point(1, 2)
    assert cache.fetch(ENTRY, Space, lambda: Space(3, 4, 5)) == Space(3, 4, 5)
    assert cache.fetch(ENTRY, Point, lambda: Point(6, 7)) == Point(1, 2)
    assert len(entries(redis, app)) == 2


def test_nested_value_passes_its_dependencies_on(app: Flask) -> None:
    inner, outer = CacheEntry("data", "inner", PRODUCT_LIST), CacheEntry("data", "outer", PRODUCT_LIST)
    source = [1]

    def read() -> int:
        cache.depends_on("source")
        return source[0]

    def build() -> int:
        return cache.fetch(inner, int, read) * 10

    cache.fetch(inner, int, read)  # then the outer value is built from a hit
    assert cache.fetch(outer, int, build) == 10
    source[0] = 2
    drop(app, "source")
    assert cache.fetch(outer, int, build) == 20


def test_l1_returns_the_same_object(app: Flask, listening: CacheStore) -> None:
    cache.fetch(ENTRY, Point, lambda: Point(1, 2))
    first = cache.fetch(ENTRY, Point, lambda: Point(3, 4))
    assert first == Point(1, 2)
    assert cache.fetch(ENTRY, Point, lambda: Point(3, 4)) is first
