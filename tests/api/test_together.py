"""Concurrent changes of products: no crash, no deadlocks, and correct counts."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from flask import Flask

from storefront.api import product_changes
from storefront.api.schemas import ProductPatch
from storefront.api.tokens import Caller
from storefront.extensions import db
from tests.api.test_product_writer import rows
from tests.factories import make_category, make_product

CALLER = Caller("id", "tests", frozenset({"catalog:write"}))
# Threads that all begin with a type that is new to the library; many times, since they must meet in an instant.
FIRST_USE = """
import sys, threading
from typing import Annotated
import msgspec

sys.setswitchinterval(1e-6)
fields = [(f"field{number}", "Annotated[str, msgspec.Meta(pattern='^a')]") for number in range(12)]
body = {name: "a" for name, _ in fields}

def use(kind, gate):
    gate.wait()
    msgspec.convert(body, kind)

for _ in range(300):
    kind, gate = msgspec.defstruct("Kind", fields, module=__name__), threading.Barrier(4)
    threads = [threading.Thread(target=use, args=(kind, gate)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
PATHS = [("a",), ("a", "b"), ("c",), ("c", "d"), ("e",)]


def test_threads_that_use_a_type_first_end_no_process() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_USE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.usefixtures("patient_writers")  # PostgreSQL notices deadlocks long before they give up
def test_concurrent_category_changes_never_deadlock(app: Flask) -> None:
    shelves = [make_category(*path) for path in PATHS]
    ids = [make_product(category=shelves[n % 5], vendor=f"V{n % 3}").id for n in range(12)]
    db.session.remove()
    chance = random.Random(1)
    changes = [(chance.choice(ids), change(chance)) for _ in range(240)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: make(app, *one), changes))
    counted = "SELECT category_id, count(*) FROM listing GROUP BY category_id"
    assert rows("SELECT id, product_count FROM category WHERE product_count <> 0") == rows(counted)
    counted = "SELECT category_id, vendor, count(*) FROM listing GROUP BY category_id, vendor"
    assert rows("SELECT category_id, vendor, products FROM listing_vendor WHERE products <> 0") == rows(
        counted
    )
    documents = rows("SELECT CASE status WHEN 'active' THEN id ELSE -id END FROM product")
    assert rows("SELECT product_id FROM product_search") == documents
    active = rows("SELECT id FROM product WHERE status = 'active'")
    assert rows("SELECT DISTINCT product_id FROM listing") == active


def change(chance: random.Random) -> dict[str, Any]:
    return {
        "category": {"path": "/".join(chance.choice(PATHS))},
        "status": chance.choice(["active", "active", "archived"]),
        "vendor": f"V{chance.randrange(3)}",
    }


def make(app: Flask, product_id: int, wanted: dict[str, Any]) -> None:
    with app.app_context():
        try:
            product_changes.change_product(
                product_id, msgspec.convert(wanted, ProductPatch), CALLER, lambda *_: None
            )
        finally:
            db.session.remove()
