"""Edits that are the same for many products: tags, prices by percent and rounding."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from storefront.change_sets import apply_change_set, bulk_edits
from storefront.change_sets.edits import Edit, plan_edits
from storefront.change_sets.shop_products import read_by_id
from storefront.extensions import db
from tests.change_sets.stored_sets import media, shop, undo
from tests.factories import make_category, make_product


def run(edit: Edit, *ids: int) -> int:
    """Plan and apply an edit; return the number of the change set."""
    db.session.rollback()
    number = plan_edits(ids, edit, name="Bulk").change_set_id
    apply_change_set(number, media())
    return number


def test_tags_are_added_and_removed_without_case(app: Flask) -> None:
    ids = [make_product(title, tags=tags).id for title, tags in (("Pot", ["Clay", "New"]), ("Cup", ["sale"]))]
    before = shop()
    number = run(bulk_edits.change_tags(["Sale", "clay"], ["NEW"]), *ids)
    after = shop()
    assert (after["pot"]["tags"], after["cup"]["tags"]) == (["Clay", "Sale"], ["sale", "clay"])
    undo(number)
    assert shop() == before


def test_categories_are_added_and_removed(app: Flask) -> None:
    tea, gifts = make_category("Tea"), make_category("Gifts")
    pot = make_product("Pot", category=tea, further_category_ids=[gifts.id]).id
    cup = make_product("Cup").id

    def places() -> list[tuple[list[str], list[list[str]]]]:
        db.session.rollback()
        products = read_by_id(db.session.connection(), [pot, cup])
        return [(list(products[key].category), list(map(list, products[key].further))) for key in (pot, cup)]

    before = shop()
    numbers = [run(bulk_edits.add_category(["Sale", "Week 1"]), pot, cup)]
    assert places() == [(["Tea"], [["Gifts"], ["Sale", "Week 1"]]), (["Sale", "Week 1"], [])]
    numbers.append(run(bulk_edits.remove_category(["Tea"]), pot, cup))
    assert places()[0] == (["Gifts"], [["Sale", "Week 1"]]), "the first further one is the main one now"
    numbers.append(run(bulk_edits.set_category(["Sale", "Week 1"]), pot))
    assert places()[0] == (["Sale", "Week 1"], [])
    numbers.append(run(bulk_edits.set_category([]), pot, cup))
    assert places() == [([], []), ([], [])]
    for number in reversed(numbers):
        undo(number)
    assert places() == [(["Tea"], [["Gifts"]]), ([], [])]
    assert shop() == before


def test_prices_of_all_variants_change(app: Flask) -> None:
    variants = [{"sku": "A", "price": 1000, "option1": "S"}, {"sku": "B", "price": 1234, "option1": "L"}]
    pot = make_product("Pot", variants=variants).id
    run(bulk_edits.change_prices(Decimal(10), step=100, ending=-1), pot)
    found = shop()["pot"]
    assert {sku: variant["price"] for sku, variant in found["variants"].items()} == {"A": 1099, "B": 1399}
    assert (found["price"], found["price_max"]) == (1099, 1399)


@pytest.mark.parametrize(
    ("price", "percent", "step", "ending", "expected"),
    [
        (1000, "10", 1, 0, 1100),
        (1005, "10", 1, 0, 1106),
        (1005, "-10", 1, 0, 905),
        (1234, "0", 5, 0, 1235),
        (1234, "0", 100, 99, 1199),
        (1234, "0", 100, -1, 1199),
        (30, "0", 100, -1, 99),
        (30, "0", 100, 0, 100),
        (30, "0", 100, 99, 99),
        (0, "10", 100, 99, 0),
        (1000, "-100", 100, 99, 0),
        (1000, "-150", 1, 0, 0),
        (10**12, "0.01", 1, 0, 10**12 + 10**8),
    ],
)
def test_a_price_is_changed_and_rounded(
    price: int, percent: str, step: int, ending: int, expected: int
) -> None:
    assert bulk_edits.change_price(price, Decimal(percent), step, ending) == expected
