"""`flask catalog changes`, `show`, `apply`, `undo` and `discard`, as people run them."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from storefront.catalog.models import Product
from storefront.change_sets import PlanWriter, runner
from storefront.change_sets.changes import StockChange, ValueChange
from storefront.extensions import db, write_transaction
from storefront.ops.doctor import database
from tests.change_sets.stored_sets import apply, creation, removal, shop, store, update, variant_change
from tests.factories import make_product

# Both databases apply and undo in tests/change_sets/test_apply.py, test_undo.py and test_any_sequence.py.
pytestmark = pytest.mark.any_database


@pytest.fixture
def run(app: Flask) -> Any:
    def run(*words: object) -> Result:
        db.session.remove()
        return app.test_cli_runner().invoke(args=["catalog", *map(str, words)])

    return run


def test_show_lists_every_field_with_its_old_and_new_value(run: Any) -> None:
    pot = make_product("Pot", vendor="Kiln", variants=[{"sku": s, "option1": s, "price": 1000} for s in "AB"])
    calm = make_product("Cup", vendor="Kiln")
    change = update(
        pot,
        fields={"vendor": ValueChange("Kiln", "Row"), "tags": ValueChange([], ["clay", "red"])},
        variants=[
            variant_change("A", StockChange("set", 9, 20), price=(1000, 1600)),
            removal(pot.variants[1]),
        ],
    )
    change.flags = ["price_jump", "removal"]
    with PlanWriter("import", "teapots.csv") as plan:
        plan.add(update(calm, fields={"vendor": ValueChange("Kiln", "x\x1b[31my" * 40)}))
        plan.add(change)
        plan.add(creation("jug", 1, category=["Tea", "Jugs"]))
        plan.add_problem(7, "Price", "'x\x1b[2J' is not a price")
        number = plan.finish({"changed": 2})
    shown = run("changes", "show", number)
    assert shown.exit_code == 0
    assert run("show", number).output == shown.output
    lines = shown.output.splitlines()
    assert lines[0].startswith(f"{number}  import teapots.csv: planned, 3 products; planned ")
    assert lines[1:9] == [
        "  products changed: 2",
        "! pot  Pot (changed, pending; a price changes by more than half; something is removed)",
        "  vendor: Kiln → Row",
        "  tags: (empty) → clay, red",
        "! variant A: price: 10.00 → 16.00",
        "  variant A: on hand 20 → 9",
        "! variant B: removed, B, 10.00, SKU B",
        "cup  Cup (changed, pending)",
    ]
    assert "\x1b" not in shown.output
    assert "  category: Tea > Jugs" in lines
    assert "  variant jug-0: new, 0, 10.00, SKU L0, 5 on hand" in lines
    assert lines[-1] == "refused: line 7, Price: 'x [2J' is not a price"


def test_large_change_sets_are_shown_in_pages(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.change_sets.cli.PAGE", 2)
    number = store([creation(f"pot{n}", 1) for n in range(5)])
    first = run("show", number)
    assert first.output.count("(new, pending)") == 2
    assert f"3 more products: flask catalog show {number} --page 2, or --all" in first.output
    assert "pot4" in run("show", number, "--page", 3).output
    assert run("show", number, "--all").output.count("(new, pending)") == 5


def test_apply_and_undo_name_what_they_leave(run: Any) -> None:
    pot = make_product("Pot", vendor="Kiln")
    number = store(
        [update(pot, fields={"vendor": ValueChange("Kiln", "Row"), "title": ValueChange("Pot", "Mug")})]
    )
    with write_transaction() as session:
        session.get_one(Product, 1).vendor = "Else"
    done = run("apply", number)
    reason = "left: pot: vendor: it is 'Else' now, not 'Kiln': somebody changed it, so it was left"
    assert (done.exit_code, reason in done.output) == (1, True)
    with write_transaction() as session:
        session.get_one(Product, 1).title = "Cup"
    undone = run("undo", number)
    assert undone.exit_code == 1
    assert "left: pot: title: it is 'Cup' now, not 'Mug'" in undone.output
    assert "vendor" not in undone.output
    assert "0 products completely, 1 not or only in part" in undone.output
    listed = run("changes").output
    assert listed.startswith(f"{number}  import teapots.csv: undone, 1 product; planned ")
    assert listed.count(" by command line, ") == 2


def test_wrong_numbers_and_states_change_nothing(run: Any) -> None:
    assert (run("apply", 99).exit_code, run("apply", "x").exit_code, run("undo", 0).exit_code) == (1, 2, 2)
    assert "There is no change set 99." in run("show", 99).output
    number = store([creation("pot")])
    assert "was not applied; apply it with" in run("undo", number).output
    assert run("discard", number).exit_code == 0
    refused = run("apply", number)
    assert (refused.exit_code, "was discarded" in refused.output) == (1, True)
    assert "Its changes were deleted" in run("show", number).output
    number = apply(creation("cup"))
    assert "is applied already; undo it with" in run("apply", number).output
    assert "was applied; undo it with" in run("discard", number).output
    assert set(shop()) == {"cup"}


def test_ctrl_c_says_how_to_go_on(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BATCH", 1)
    number = store([creation("pot"), creation("cup")])
    refresh = runner.writer.refresh
    calls: list[int] = []

    def interrupt(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        refresh(*arguments)

    monkeypatch.setattr(runner.writer, "refresh", interrupt)
    stopped = run("apply", number)
    assert stopped.exit_code == 130
    assert (
        f"Go on with: flask catalog apply {number}. Or undo it with: flask catalog undo {number}"
        in stopped.output
    )
    (found,) = [f.sentence for f in database.check() if f.about == "change sets"]
    assert f"Change set {number} (teapots.csv) stopped half-way" in found
    assert f"flask catalog apply {number}, or flask catalog undo {number}" in found
    assert set(shop()) == {"pot"}
    assert run("apply", number).exit_code == 0
    assert set(shop()) == {"pot", "cup"}
    assert [f for f in database.check() if f.about == "change sets"] == []


def test_what_was_left_shows_prices_as_people_write_them(run: Any) -> None:
    pot = make_product("Pot", variants=[{"sku": "POT", "price": 1250}])
    number = store([update(pot, variants=[variant_change("POT", None, price=(1250, 1300))])])
    assert run("apply", number).exit_code == 0
    with write_transaction() as session:
        session.get_one(Product, 1).variants[0].price = 1500
    undone = run("undo", number).output
    assert "left: pot: POT price: it is 15.00 now, not 13.00: somebody changed it, so it was left" in undone
    assert f"Change set {number} is undone already." in run("undo", number).output


def test_show_names_fields_and_counts_in_words(run: Any) -> None:
    pot = make_product("Pot", vendor="Kiln")
    fields = {
        "description_html": ValueChange("<p>a</p>", "<p>b</p>"),
        "seo_title": ValueChange("", "Pots"),
        "slug": ValueChange("pot", "mug"),
    }
    variants = [variant_change("POT-0", None, label=("A", "B"), compare_at_price=(None, 900))]
    with PlanWriter("import", "words.csv") as plan:
        plan.add(update(pot, fields=fields, variants=variants))
        plan.add(creation("jug", 1, vendor="", seo_title=""))
        number = plan.finish({"created": 1, "removed_variants": 0, "rows": 1200, "kept_columns": ["Colour"]})
    lines = run("show", number).output.splitlines()
    assert lines[0].endswith(f"; apply it with: flask catalog apply {number}")
    assert lines[1:] == [
        "  products created: 1; rows read: 1,200",
        "  columns that are only kept: Colour",
        "pot  Pot (changed, pending)",
        "  description: <p>a</p> → <p>b</p>",
        "  SEO title: (empty) → Pots",
        "  address: pot → mug",
        "  variant POT-0: SKU: A → B",
        "  variant POT-0: compare-at price: (empty) → 9.00",
        *lines[9:],
    ]
    assert not any("(empty)" in line for line in lines[9:])


def test_pages_that_do_not_exist_are_named(run: Any) -> None:
    number = store([creation("pot")])
    missing = run("show", number, "--page", 9)
    assert missing.exit_code == 1
    assert f"Change set {number} has no page 9; the last one is 1." in missing.output


def test_list_says_how_each_change_set_goes_on(run: Any) -> None:
    assert "There are no change sets." in run("changes").output
    with pytest.raises(ZeroDivisionError), PlanWriter("import", "same.csv"):
        raise ZeroDivisionError
    number = store([creation("pot")])
    (listed,) = run("changes").output.splitlines()
    assert listed.endswith(f"; apply it with: flask catalog apply {number}"), (
        "the plan that failed is left out"
    )
