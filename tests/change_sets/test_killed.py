"""Processes that are killed while they apply or undo, and two that work at the same time, end in the same state."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from storefront.catalog.models import Product
from storefront.change_sets import apply_change_set, scheduled_runs, undo_change_set
from storefront.change_sets import store as change_sets
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange
from storefront.change_sets.directions import Verb
from storefront.extensions import db
from tests.cache.workers import call_in_process
from tests.change_sets.killed import fork_workers
from tests.change_sets.stored_sets import creation, media, removal, shop, store, update, variant_change
from tests.factories import make_product
from tests.selection import effort

KILLS = effort(2, 60)


def make_changes() -> list[ProductChange]:
    """Return changes of every kind; each of the products has its stock raised by 7."""
    changes = []
    for n in range(6):
        pot = make_product(f"Pot {n}", variants=[{"sku": f"P{n}{s}", "option1": s} for s in "ABC"])
        pot_variants = {v.sku: v for v in pot.variants}
        changes.append(
            update(
                pot,
                fields={
                    "vendor": ValueChange("Kiln Row", "Row"),
                    "slug": ValueChange(f"pot-{n}", f"mug-{n}"),
                },
                variants=[
                    removal(pot_variants[f"P{n}C"]),
                    variant_change(f"P{n}A", StockChange("add", 7, 20), option1=("A", "B")),
                    variant_change(f"P{n}B", price=(1999, 5), option1=("B", "A")),
                ],
            )
        )
        changes.append(creation(f"new-{n}", category=["Tea", f"Shelf {n % 3}"]))
    return changes


def fork_processes(app: Flask, number: int, kills: int, *verbs: str) -> list[str]:
    """Have processes be killed at the work, and two do the rest; return the description after each verb."""
    db.session.remove()
    url, instance = app.config["SQLALCHEMY_DATABASE_URI"], app.instance_path
    described: list[str] = call_in_process(fork_workers, url, instance, number, kills, *verbs)
    return described


@pytest.mark.slow
@pytest.mark.long
def test_killed_processes_end_in_the_state_of_one_run(app: Flask) -> None:
    changes = make_changes()
    before = shop()
    whole = store(changes)
    apply_change_set(whole, media())
    after = shop()
    assert undo_change_set(whole, media()) == {"undone": 12}
    assert shop() == before
    applied, undone = fork_processes(app, store(changes), KILLS, "apply", "undo")
    assert applied == json.dumps([after, ["applied", {"applied": 12}]], sort_keys=True, default=str)
    assert undone == json.dumps([before, ["undone", {"undone": 12}]], sort_keys=True, default=str)


@pytest.mark.slow
@pytest.mark.long
def test_workers_go_on_with_the_run_of_a_killed_one(app: Flask) -> None:
    changes = make_changes()
    before = shop()
    whole = store(changes)
    apply_change_set(whole, media())
    after = shop()
    undo_change_set(whole, media())
    number = store(changes)
    runs: list[tuple[Verb, object, str]] = [("apply", after, "applied"), ("undo", before, "undone")]
    for verb, wanted, status in runs:
        scheduled_runs.schedule(number, verb)
        (done,) = fork_processes(app, number, KILLS, "run")
        assert done == json.dumps([wanted, [status, {status: 12}]], sort_keys=True, default=str)
        assert change_sets.get(number).run_at is None
        db.session.rollback()


@pytest.mark.slow
@pytest.mark.only_long
def test_two_processes_apply_each_row_once(app: Flask) -> None:
    pots = [make_product(f"Pot {n}", variants=[{"sku": f"P{n}"}]) for n in range(40)]
    add = StockChange("add", 7, 20)
    number = store([update(pot, variants=[variant_change(f"P{n}", add)]) for n, pot in enumerate(pots)])
    fork_processes(app, number, 0, "apply")
    assert change_sets.count_states(number) == {"applied": 40}
    assert {v["stock"][0] for product in shop().values() for v in product["variants"].values()} == {27}
    assert db.session.scalar(db.select(db.func.count()).select_from(Product)) == 40
