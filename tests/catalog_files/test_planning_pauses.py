"""Planning a large change in a serving process lets its visitors go on meanwhile."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from gevent import monkey

from storefront import pauses as module
from storefront.catalog_files.import_plan import ImportOptions, plan_import
from storefront.change_sets import bulk_edits
from storefront.change_sets.edits import plan_edits
from storefront.change_sets.removals import plan_removals
from storefront.pauses import begin_pausing
from tests.factories import make_product

PRODUCTS = 5


@pytest.fixture
def pauses(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pauses so far; each step is a long one."""
    found: list[int] = []
    monkeypatch.setattr(module, "LONGEST_STEP", 0.0)
    begin_pausing(lambda: found.append(1))
    return found


@pytest.fixture
def greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process look like a gevent worker."""
    monkeypatch.setitem(monkey.saved, "time", {})


def make_products() -> list[int]:
    return [make_product(f"Mug {number}", pictures=1).id for number in range(PRODUCTS)]


def plan_prices(ids: list[int]) -> int:
    return plan_edits(ids, bulk_edits.change_prices(Decimal(10), step=1, ending=0), name="Rise").change_set_id


@pytest.mark.usefixtures("greenlets")
def test_bulk_edit_pauses_between_products(pauses: list[int]) -> None:
    ids = make_products()
    assert plan_prices(ids)
    assert len(pauses) >= 4 * PRODUCTS, "while products and their parts are read, and when they are compared"


@pytest.mark.usefixtures("greenlets")
def test_removal_pauses_between_products(pauses: list[int]) -> None:
    ids = make_products()
    assert plan_removals(ids, name="Clear out").change_set_id
    assert len(pauses) >= 4 * PRODUCTS


@pytest.mark.usefixtures("greenlets")
def test_import_pauses_between_rows(pauses: list[int], tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    lines = [f"pot-{number},Pot {number},POT-{number},10.00" for number in range(PRODUCTS)]
    file.write_text("\n".join(["Handle,Title,Variant SKU,Variant Price", *lines]))
    plan = plan_import(file, ImportOptions(currency="USD"), show=lambda _change: None, store=True)
    assert plan.report.created == PRODUCTS
    assert len(pauses) >= 4 * PRODUCTS, "at each row, and thrice at each product"


def test_commands_do_not_pause(pauses: list[int]) -> None:
    assert plan_prices(make_products())
    assert not pauses
