"""Part 1 of docs/lesson.md: the cache."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from storefront import redis_roles
from storefront.redis_roles import Role
from tests.lesson import figures, naive_cache, naive_pages, our_app
from tests.lesson.conftest import Connect, MakeWorker, deliver_later
from tests.lesson.gaps import in_gap, watch_keys, worst_death, worst_gap

READERS, READS = 50, 10


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each version has read the database."""
    counts = Counter[str]()

    def count(version: str, load: Callable[..., Any]) -> Callable[..., Any]:
        def load_and_count(*arguments: Any) -> Any:
            counts[version] += 1
            return load(*arguments)

        return load_and_count

    monkeypatch.setattr(naive_cache, "load_price", count("naive", naive_cache.load_price))
    monkeypatch.setattr(our_app, "load_price", count("ours", our_app.load_price))
    return counts


def our_price(app: Flask, product: int = 1) -> int | None:
    """Return the price as a request to one of our processes reads it."""
    with app.app_context():
        return our_app.read_price(product)


def change_our_price(app: Flask, price: int, product: int = 1) -> None:
    with app.app_context():
        our_app.change_price(product, price)


def test_many_readers_miss_the_same_key_at_once(
    redis: Redis,
    connect: Connect,
    make_worker: MakeWorker,
    loads: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together, load = threading.Barrier(READERS), naive_cache.load_price

    def load_together(*arguments: Any) -> Any:
        together.wait(30)  # until all have missed
        return load(*arguments)

    monkeypatch.setattr(naive_cache, "load_price", load_together)
    connections = [connect() for _ in range(READERS)]
    run_together(READERS, lambda place: naive_cache.read_price(redis, connections[place], 1))

    workers = [make_worker(), make_worker()]

    def read_ours(place: int) -> None:
        together.wait(30)
        assert our_price(workers[place % 2]) == 10

    run_together(READERS, read_ours)
    figures.check("1.1", loads["naive"], loads["ours"])


def test_a_price_that_was_read_before_a_write_is_stored(
    redis: Redis, connect: Connect, make_worker: MakeWorker
) -> None:
    mine, other, reader, writer = connect(), connect(), make_worker(), make_worker()

    def prepare() -> None:
        naive_cache.change_price(redis, other, 1, 10)
        change_our_price(writer, 10)

    naive = worst_gap(
        prepare=prepare,
        request=lambda: naive_cache.read_price(redis, mine, 1),
        happen=lambda: naive_cache.change_price(redis, other, 1, 20),
        measure=lambda: count_old(other, lambda: naive_cache.read_price(redis, other, 1)),
    )
    ours = worst_gap(
        prepare=prepare,
        request=lambda: our_price(reader),
        happen=lambda: change_our_price(writer, 20),
        measure=lambda: count_old(other, lambda: our_price(reader)),
    )
    figures.check("1.2", naive, ours)


def test_the_key_is_deleted_before_the_commit(
    redis: Redis, connect: Connect, make_worker: MakeWorker
) -> None:
    mine, other, writer, reader = connect(), connect(), make_worker(), make_worker()
    naive = worst_gap(
        prepare=lambda: naive_cache.change_price(redis, mine, 1, 10),
        request=lambda: naive_cache.change_price_early(redis, mine, 1, 20),
        happen=lambda: naive_cache.read_price(redis, other, 1),
        measure=lambda: count_old(other, lambda: naive_cache.read_price(redis, other, 1)),
    )
    ours = worst_gap(
        prepare=lambda: change_our_price(writer, 10),
        request=lambda: change_our_price(writer, 20),
        happen=lambda: our_price(reader),
        measure=lambda: count_old(other, lambda: our_price(reader)),
    )
    figures.check("1.3", naive, ours)


def test_the_process_dies_between_commit_and_delete(
    redis: Redis, connect: Connect, make_worker: MakeWorker
) -> None:
    database, other, writer, reader = connect(), connect(), make_worker(), make_worker()

    def prepare_naive() -> None:
        naive_cache.change_price(redis, database, 1, 10)
        assert naive_cache.read_price(redis, database, 1) == 10

    def prepare_ours() -> None:
        change_our_price(writer, 10)
        assert our_price(reader) == 10

    def read_later() -> int:
        """Count old answers after another process has looked into the outbox."""
        deliver_later(reader, other)
        return count_old(other, lambda: our_price(reader))

    naive = worst_death(
        prepare=prepare_naive,
        request=lambda: naive_cache.change_price(redis, database, 1, 20),
        measure=lambda: count_old(other, lambda: naive_cache.read_price(redis, other, 1)),
    )
    ours = worst_death(prepare=prepare_ours, request=lambda: change_our_price(writer, 20), measure=read_later)
    figures.check("1.4", naive, ours)


def test_scan_and_delete_looks_at_every_key(redis: Redis, worker: Flask) -> None:
    redis.mset({f"page:{number}": "old" for number in range(100)})
    redis.mset({f"basket:{number}": "tea" for number in range(9_900)})
    naive = redis.dbsize()  # SCAN ends when it has passed every key; MATCH only hides the others
    naive_pages.clear_pages(redis)
    assert redis.dbsize() == 9_900
    with worker.app_context():
        for number in range(100):
            our_app.read_page(number)
        with watch_keys() as keys:
            our_app.change_pages(20)
        assert {our_app.read_page(number)[-2:] for number in range(100)} == {"20"}
    figures.check("1.5", naive, len(keys))


def test_scan_misses_a_page_stored_behind_its_cursor(
    redis: Redis, database: sqlite3.Connection, make_worker: MakeWorker
) -> None:
    redis.mset({f"page:{number}": "price 10" for number in range(200)})
    first = redis.scan(match="page:*")[1][0]
    with in_gap(3, lambda: redis.set(first, "price 10")):  # after SCAN and the first DELETE
        naive_pages.clear_pages(redis)
    reader, writer = make_worker(), make_worker()

    def read_page() -> str:
        with reader.app_context():
            return our_app.read_page(1)

    def change_pages(price: int) -> None:
        with writer.app_context():
            our_app.change_pages(price)

    ours = worst_gap(
        prepare=lambda: change_pages(10),
        request=read_page,
        happen=lambda: change_pages(20),
        measure=lambda: int(read_page() != "page 1: 20"),
    )
    figures.check("1.6", redis.dbsize(), ours)


def test_a_page_without_expiry_stays_forever(redis: Redis, worker: Flask) -> None:
    naive_pages.keep_page(redis, 1, "price 10")
    with worker.app_context():
        with watch_keys() as keys:
            our_app.read_page(1)
        client = redis_roles.get_client(Role.CACHE)
        entries = [key for key in keys if client.type(key) == b"hash"]  # not the clock of the invalidations
        assert entries
        ours = count_without_expiry(client, entries)
    figures.check("1.7", count_without_expiry(redis, redis.keys()), ours)


def test_a_missing_product_is_loaded_by_every_reader(
    redis: Redis, database: sqlite3.Connection, worker: Flask, loads: Counter[str]
) -> None:
    for _ in range(100):
        assert naive_cache.read_price(redis, database, 404) is None
        assert our_price(worker, 404) is None
    figures.check("1.8", loads["naive"], loads["ours"])
    change_our_price(worker, 30, product=404)
    assert our_price(worker, 404) == 30, "the new product is there at once"


def test_readers_get_errors_while_the_database_is_down(
    redis: Redis, database: sqlite3.Connection, worker: Flask
) -> None:
    for price in (10, 20):
        naive_cache.change_price(redis, database, 1, price)
        change_our_price(worker, price)
        if price == 10:
            assert naive_cache.read_price(redis, database, 1) == our_price(worker) == 10
    database.execute("ALTER TABLE product RENAME TO away")
    naive = count_errors(lambda: naive_cache.read_price(redis, database, 1))
    ours = count_errors(lambda: our_price(worker))
    figures.check("1.9", naive, ours)
    assert our_price(worker) == 10, "the old answer; hard=True forbids it"


def run_together(number: int, run: Callable[[int], object]) -> None:
    """Run a function in threads, with the number of each, and wait for all."""
    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def count_old(database: sqlite3.Connection, read: Callable[[], int | None]) -> int:
    """Return how many of ten reads get another price than the database has."""
    return sum(read() != naive_cache.load_price(database, 1) for _ in range(READS))


def count_errors(read: Callable[[], object]) -> int:
    """Return how many of ten reads fail."""
    errors = 0
    for _ in range(READS):
        try:
            read()
        except (sqlite3.OperationalError, SQLAlchemyError):
            errors += 1
    return errors


def count_without_expiry(redis: Redis, keys: Iterable[str]) -> int:
    """Return how many of these keys stay until somebody deletes them."""
    return sum(redis.ttl(key) == -1 for key in keys)
