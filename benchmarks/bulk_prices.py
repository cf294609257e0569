"""A bulk change of prices, planned, applied and undone while readers read the shop: how long, and does any page fail?

The shop's one worker has a core to itself and does the change, as if somebody had started it in the office. The
readers have the second core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from functools import partial

from sqlalchemy import func, select

from benchmarks import servers, shops
from benchmarks.cliff import QUIET, ReaderProcess, choose_pages, describe_phase, make_shop
from benchmarks.servers import BIND, CONFIGURED
from storefront.app import create_app
from storefront.catalog.models import Variant
from storefront.change_sets import bulk_edits, scheduled_runs, store
from storefront.change_sets.directions import DIRECTIONS, Verb
from storefront.change_sets.edits import plan_edits
from storefront.extensions import db

PRODUCTS, VARIANTS = 10_000, 10_000
CHANGE_SET = 1  # the number of the only one


def run(*, products: int) -> None:
    """Print how long it takes to plan, apply and undo, and the answers of the shop meanwhile.

    Raises:
        SystemExit: a page failed.
    """
    with ExitStack() as stack:
        folder, environ = make_shop(stack, min(products, PRODUCTS))
        app = create_app(environ, instance=folder)
        with app.app_context():
            pages, _ = choose_pages()
            ids = _choose_products()
        base = stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ))
        readers = ReaderProcess(stack, base, pages)
        os.sched_setaffinity(0, {1})
        readers.end_phase()
        rows = []
        with app.app_context():
            for name, begin, wait in (
                ("quiet", None, partial(time.sleep, QUIET)),
                ("plan", None, partial(_plan, ids)),
                ("apply", partial(_begin, "apply"), partial(_wait_for, DIRECTIONS["apply"].done)),
                ("undo", partial(_begin, "undo"), partial(_wait_for, DIRECTIONS["undo"].done)),
            ):
                if begin:
                    begin()
                    readers.end_phase()
                began = time.monotonic(), servers.cpu_time(base)
                wait()
                rows.append(describe_phase(name, readers.end_phase(), [], began, base)[:-1])
    shops.table(
        f"A change of the prices of {VARIANTS:,} variants of {len(ids):,} products; no page failed",
        ["", "seconds", "requests", "hits", "P99 ms", "longest ms", "built", "core"],
        rows,
    )


def _choose_products() -> Sequence[int]:
    """Return the newest products that have VARIANTS variants together."""
    count = select(Variant.product_id, func.count().label("number")).group_by(Variant.product_id)
    ids, variants = list[int](), 0
    for product_id, number in db.session.execute(count.order_by(Variant.product_id.desc())):
        if variants >= VARIANTS:
            break
        ids.append(product_id)
        variants += number
    db.session.rollback()
    return ids


def _plan(ids: Sequence[int]) -> None:
    plan_edits(ids, bulk_edits.change_prices(Decimal(-10), step=1, ending=0), name="Sale")


def _begin(verb: Verb) -> None:
    """Have the worker do the change; return when it has begun, since it looks for work every three seconds."""
    scheduled_runs.schedule(CHANGE_SET, verb)
    _wait_for(DIRECTIONS[verb].running, DIRECTIONS[verb].done)


def _wait_for(*statuses: str) -> None:
    while store.get(CHANGE_SET).status not in statuses:
        db.session.rollback()
        time.sleep(0.05)
    db.session.rollback()
