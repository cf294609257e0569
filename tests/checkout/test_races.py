"""Many shoppers order at once in several processes: nothing is oversold, and each click is one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout.models import Hold, Order
from storefront.extensions import db
from tests.cache.workers import WorkerPool, worker_pool
from tests.checkout.checkout_process import CheckoutProcess
from tests.checkout.shoppers import count_orders, current_digest, make_draft, stock_differences, stock_level
from tests.factories import make_product

PROCESSES = 4


@pytest.fixture
def processes(app: Flask) -> Iterator[WorkerPool]:
    db.session.remove()
    url, redis_url = app.config["SQLALCHEMY_DATABASE_URI"], app.config["REDIS_URL"]
    with worker_pool(PROCESSES, CheckoutProcess, url.replace("***", ""), redis_url) as members:
        yield members


def serve(processes: WorkerPool, forms: list[tuple[int, str, str | None]]) -> Counter[str]:
    db.session.remove()
    for member in range(PROCESSES):
        processes.start(member, "serve", forms[member::PROCESSES])
    answers: Counter[str] = Counter()
    for member in range(PROCESSES):
        answers += processes.wait(member)
    return answers


@pytest.mark.slow
@pytest.mark.parametrize("paying_first", [True, False], ids=["with holds", "in one click"])
def test_200_buyers_of_10_items_get_10_and_the_rest_a_reason(
    app: Flask, processes: WorkerPool, paying_first: bool
) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 10}])
    make_product(variants=[{"sku": "CUP", "on_hand": 500}])
    drafts = [make_draft({"TP": 1, "CUP": 1}) for _ in range(200)]
    digests = [None if paying_first else current_digest(draft) for draft in drafts]
    answers = serve(
        processes, [(d, f"the key of draft {d}", s) for d, s in zip(drafts, digests, strict=True)]
    )
    assert answers.pop("ShortageError") == 190
    assert sorted(answers) == sorted(db.session.execute(select(Order.number)).scalars())
    assert sum(answers.values()) == 10
    assert (stock_level("TP"), stock_level("CUP"), stock_differences()) == ((0, 0), (490, 0), [])
    assert db.session.execute(select(Hold)).first() is None


@pytest.mark.slow
def test_form_sent_50_times_at_once_is_one_order(app: Flask, processes: WorkerPool) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 100}])
    draft = make_draft({"TP": 2})
    answers = serve(processes, [(draft, "the key of this form", current_digest(draft))] * 50)
    (number,) = db.session.execute(select(Order.number)).scalars()
    assert answers == {number: 50}
    assert (count_orders(), stock_level("TP"), stock_differences()) == (1, (98, 0), [])


@pytest.mark.slow
def test_shoppers_of_the_same_items_never_deadlock(app: Flask, processes: WorkerPool) -> None:
    for name in "ABCDEF":
        make_product(variants=[{"sku": name, "on_hand": 1000}])
    wanted = [dict.fromkeys("ABCDEF"[turn:] + "ABCDEF"[:turn], 1) for turn in range(6)]
    drafts = [make_draft(wanted[number % 6]) for number in range(24)]
    processes.call_all("never_retry_deadlocks")
    answers = serve(processes, [(draft, f"the key of draft {draft}", None) for draft in drafts])
    assert (set(answers.values()), len(answers)) == ({1}, 24)
    assert (stock_level("A"), stock_level("F"), stock_differences()) == ((976, 0), (976, 0), [])
