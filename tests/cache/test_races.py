"""A value read before a write is never cached after it, in any order of steps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count, permutations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import cache
from storefront.cache.keys import CacheEntry
from storefront.catalog.models import Product
from storefront.extensions import db
from storefront.shop_cache import keys
from tests.cache.protocols import Naive, Ours, Protocol
from tests.cache.workers import WorkerPool, worker_pool
from tests.cache.writer_process import set_price
from tests.factories import make_product

pytestmark = pytest.mark.slow

BUILDER, WRITER = ("begin", "read", "fill"), ("write", "invalidate")
OVERTAKEN = ("begin", "read", "write", "invalidate", "fill")
# The ten orders of the five steps in which the builder's steps and the writer's steps keep their own order.
ORDERS = [
    order
    for order in permutations((*BUILDER, *WRITER))
    if tuple(s for s in order if s in BUILDER) == BUILDER and tuple(s for s in order if s in WRITER) == WRITER
]
TOGETHER = 100  # rounds whose steps are taken together
_rounds = count()
ENTRY = CacheEntry("long", "", keys.PRODUCT_DETAIL)


def rounds(members: WorkerPool, order: tuple[str, ...], number: int) -> tuple[int, int]:
    """Play rounds in this order; return how many ended with a stale value, and how many with a cached one."""
    wrong = kept = 0
    for _ in range(number // TOGETHER):
        turn = next(_rounds)
        builder, writer, reader = ((turn + role) % len(members) for role in range(3))
        keys = [f"{turn}-{i}" for i in range(TOGETHER)]
        for step in order:
            members.call(builder if step in BUILDER else writer, "steps", step, keys)
        for version, _ in members.call(reader, "steps", "answer", keys):
            wrong += version != 1
        kept += sum(copy for _, copy in members.call(builder, "steps", "answer", keys))
    return wrong, kept


def start(redis_url: str, protocol: type[Protocol], members: int = 3) -> AbstractContextManager[WorkerPool]:
    return worker_pool(members, protocol, redis_url, f"test-{uuid.uuid4().hex}")


def test_10000_writes_during_builds_leave_no_stale_value(redis_url: str) -> None:
    with start(redis_url, Ours) as members:
        wrong, kept = rounds(members, OVERTAKEN, 10_000)
    assert wrong == 0
    assert kept > 9_900, "values read after the write are stored, unless Redis was late"


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_no_order_of_build_and_write_leaves_a_stale_value(three: WorkerPool, order: tuple[str, ...]) -> None:
    wrong, kept = rounds(three, order, 200)
    assert (wrong, kept) == (0, 200)


@pytest.fixture(scope="module")
def three(redis_url: str) -> Iterator[WorkerPool]:
    with start(redis_url, Ours) as members:
        yield members


def test_get_setex_delete_is_wrong_in_every_round(redis_url: str) -> None:
    with start(redis_url, Naive) as members:
        wrong, _ = rounds(members, OVERTAKEN, 100)
    assert wrong == 100


def test_random_reads_never_see_older_than_acknowledged(
    redis_url: str,
) -> None:
    copies, wrong = roam(redis_url, Ours)
    assert wrong == 0
    assert copies > 1_000


def test_random_reads_with_get_setex_delete_are_stale(redis_url: str) -> None:
    assert any(roam(redis_url, Naive)[1] for _ in range(5))


def roam(redis_url: str, protocol: type[Protocol]) -> tuple[int, int]:
    """Let four processes use three keys at random; return how many answers were cached, and how many stale."""
    with start(redis_url, protocol, members=4) as members:
        for member in range(len(members)):
            members.start(member, "roam", ["a", "b", "c"], 2_000, member)
        answers = [members.wait(member) for member in range(len(members))]
    return sum(copies for copies, _ in answers), sum(wrong for _, wrong in answers)


def test_read_of_an_old_snapshot_is_not_stored_as_fresh(app: Flask) -> None:
    """On SQLite a transaction reads its first snapshot, however late the build begins."""
    product = make_product("Mug", variants=[{"price": 1000}])
    price = select(Product.price).where(Product.id == product.id)

    def build() -> int:
        cache.depends_on(keys.product_tag(product.id))
        return db.session.execute(price).scalar_one()

    db.session.rollback()
    assert db.session.execute(price).scalar_one() == 1000
    with app.app_context():  # another request
        set_price(product.id, 1100)
    cache.fetch(ENTRY, int, build)
    db.session.rollback()
    assert cache.fetch(ENTRY, int, build) == 1100
    db.session.rollback()
    assert cache.fetch(ENTRY, int, lambda: 0) == 1100, "a later read is stored"
