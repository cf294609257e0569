"""Stock-takings: several people count, the differences are applied at once, and can be undone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.background import turns
from storefront.extensions import db, write_transaction
from storefront.stock import (
    StockItem,
    StockMovement,
    receive,
    sell,
    set_on_hand,
    stock_adjustments,
    taking_runs,
)
from storefront.stock.stock_taking import add_count, set_count
from storefront.stock.stock_taking_models import StockTaking
from storefront.stock.stock_taking_reader import read_line
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_product
from tests.statements import statements

CODE = "4006381333931"


@pytest.fixture
def helper(app: Flask) -> Browser:
    make_product("Mug", slug="mug", variants=[{"sku": "MUG", "on_hand": 10, "price": 500, "barcode": CODE}])
    make_product("Bowl", slug="bowl", variants=[{"sku": "BOWL", "on_hand": 4, "price": 300, "reserved": 2}])
    return staff_browser(app, "stock")


def start(helper: Browser) -> str:
    return str(helper.post("/admin/stock/takings", name="Cellar").location)


def scan(helper: Browser, taking: str, typed: str, key: str = "") -> str:
    answer = helper.post(f"{taking}/scans", typed=typed, key=key)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def on_hand(sku: str) -> int:
    db.session.rollback()
    return db.session.execute(select(StockItem.on_hand).where(StockItem.sku == sku)).scalar_one()


def counted(taking: str, sku: str) -> int | None:
    db.session.rollback()
    line = read_line(int(taking.rpartition("/")[2]), sku)
    return line.counted if line else None


@pytest.mark.any_database
def test_scans_and_quantities_are_counted(helper: Browser) -> None:
    taking = start(helper)
    page = helper.get(scan(helper, taking, CODE)).text
    assert counted(taking, "MUG") == 1
    field = re.search(r'<input[^>]+name="number"[^>]+autofocus', page)
    assert field, "the quantity has the focus"
    assert "value" not in field[0], "what is scanned next is not appended to a number"
    assert "1 counted, 10 expected" in page
    code = {"code": "MUG"}
    assert helper.post(f"{taking}/quantities", number="7", **code).location == f"{taking}?counted=MUG"
    assert counted(taking, "MUG") == 7
    helper.post(f"{taking}/quantities", number=CODE, **code)
    assert counted(taking, "MUG") == 8, "the next scan in the field of the quantity"
    for one in ("1", ""):
        helper.post(f"{taking}/quantities", number=one, **code)
    assert counted(taking, "MUG") == 8
    helper.post(f"{taking}/quantities", number="0", **code)
    assert counted(taking, "MUG") == 7, "a scan that was a mistake"


@pytest.mark.any_database
def test_a_repeated_request_counts_once(helper: Browser) -> None:
    taking = start(helper)
    for key in ("a", "a", "b"):
        scan(helper, taking, "MUG", key)
    assert counted(taking, "MUG") == 2


def test_an_unknown_code_counts_nothing_and_says_so(helper: Browser) -> None:
    taking = start(helper)
    answer = helper.post(f"{taking}/scans", typed="4006381333948")
    assert (answer.status_code, "No variant has the SKU or barcode 4006381333948." in answer.text) == (
        404,
        True,
    )
    assert "autofocus" in answer.text
    for path, form in (
        ("quantities", {"code": "NONE", "number": "3"}),
        ("quantities", {"code": "MUG", "number": "-3"}),
        ("counts", {"code": "MUG", "number": "x", "shown": "0"}),
        ("counts", {"code": "MUG", "number": "9" * 9, "shown": "0"}),
        ("scans", {"typed": "\u202e"}),
    ):
        assert helper.post(f"{taking}/{path}", **form).status_code in (404, 422), form
    assert counted(taking, "MUG") is None
    assert helper.get("/admin/stock/takings/999").status_code == 404
    assert helper.post("/admin/stock/takings", name=" ").status_code == 422


def test_two_variants_of_one_code_are_chosen_from(helper: Browser) -> None:
    make_product("Jug", slug="jug", variants=[{"sku": "JUG", "barcode": CODE}])
    taking = start(helper)
    answer = helper.post(f"{taking}/scans", typed=CODE)
    assert (answer.status_code, 'value="JUG"' in answer.text) == (409, True)
    helper.post(f"{taking}/scans", choice="JUG")
    assert (counted(taking, "JUG"), counted(taking, "MUG")) == (1, None)


@pytest.mark.any_database
def test_a_number_is_not_set_over_the_count_of_another(app: Flask, helper: Browser) -> None:
    taking, other = start(helper), staff_browser(app, "manager")
    helper.post(f"{taking}/counts", code="MUG", number="9", shown="0")
    scan(other, taking, "MUG")
    answer = helper.post(f"{taking}/counts", code="MUG", number="12", shown="9")
    assert (answer.status_code, "10 instead of 9" in answer.text) == (409, True)
    assert counted(taking, "MUG") == 10


@pytest.mark.any_database
def test_differences_are_applied_to_the_stock_of_now(helper: Browser) -> None:
    taking = start(helper)
    helper.post(f"{taking}/counts", code="MUG", number="8", shown="0")
    helper.post(f"{taking}/counts", code="BOWL", number="0", shown="0")
    with write_transaction() as session:
        sell(session, "MUG", 3, reference="A", reserved=0)
        receive(session, "MUG", 5, reason="note")
    review = helper.get(f"{taking}/review").text
    assert "Variants counted: 2, with a difference: 2." in review
    assert "Missing: $22.00, surplus: $0.00" in review.replace("<bdi>", "").replace("</bdi>", "")
    assert helper.post(f"{taking}/application").status_code == 303
    assert on_hand("MUG") == 10, "12 on hand, of which 2 were not there"
    assert on_hand("BOWL") == 2, "reserved goods stay"
    reasons = db.session.execute(
        select(StockMovement.sku, StockMovement.quantity, StockMovement.reason)
    ).all()
    number = taking.rpartition("/")[2]
    assert ("MUG", -2, f"stock-taking {number}") in reasons
    assert "only -2 applied" in helper.get(taking).text
    assert f'href="{taking}"' in helper.get("/admin/stock?code=MUG").text
    assert helper.post(f"{taking}/application").status_code == 409
    answer = helper.post(f"{taking}/scans", typed="MUG")
    assert (answer.status_code, "ended this stock-taking" in answer.text) == (409, True)


@pytest.mark.any_database
def test_an_undo_leaves_what_was_counted_again(helper: Browser) -> None:
    taking = start(helper)
    for sku, number in (("MUG", "8"), ("BOWL", "6")):
        helper.post(f"{taking}/counts", code=sku, number=number, shown="0")
    helper.post(f"{taking}/application")
    with write_transaction() as session:
        sell(session, "MUG", 1, reference="A", reserved=0)
        set_on_hand(session, "BOWL", 5, reason="counted")
    assert helper.post(f"{taking}/undo").status_code == 303
    assert (on_hand("MUG"), on_hand("BOWL")) == (9, 5)
    page = helper.get(taking).text
    assert "not undone: counted again since" in page
    assert helper.post(f"{taking}/undo").status_code == 409


def count_shirts(taking: str, number: int = 5) -> None:
    """Make shirts of which there are 5 on hand and 3 were counted."""
    many = [{"sku": f"S{n}", "option1": str(n), "on_hand": 5} for n in range(number)]
    make_product("Shirt", slug="shirt", option_names=["Size"], variants=many)
    with write_transaction() as session:
        for place in range(number):
            add_count(session, int(taking.rpartition("/")[2]), f"S{place}", 3, f"k{place}")


@pytest.mark.any_database
def test_another_process_goes_on_with_an_application(
    helper: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = start(helper)
    number = int(taking.rpartition("/")[2])
    count_shirts(taking)
    monkeypatch.setattr(stock_adjustments, "BATCH", 2)
    apply_movements, calls = stock_adjustments.apply_movements, []

    def die_in_the_second_batch(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("the process dies")
        return apply_movements(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stock_adjustments, "apply_movements", die_in_the_second_batch)
    with pytest.raises(RuntimeError):
        taking_runs.start(number, "apply")
    db.session.rollback()
    assert db.session.get_one(StockTaking, number).state == "applying"
    assert sorted(on_hand(f"S{n}") for n in range(5)) == [3, 3, 5, 5, 5]
    assert not taking_runs.run_due(), "the process may still be at work"
    assert "2 of 5 variants." in helper.get(taking).text
    with write_transaction() as session:
        session.execute(update(StockTaking).values(run_at=datetime.now(UTC)))
    assert taking_runs.run_due()
    assert [on_hand(f"S{n}") for n in range(5)] == [3] * 5
    assert not taking_runs.run_due()
    db.session.rollback()
    assert db.session.get_one(StockTaking, number).state == "applied"


@pytest.mark.any_database
def test_a_large_stock_taking_is_applied_in_the_background(
    helper: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = start(helper)
    count_shirts(taking)
    monkeypatch.setattr(taking_runs, "MOST_AT_ONCE", 4)
    monkeypatch.setattr(stock_adjustments, "BATCH", 2)
    rests: list[float] = []
    monkeypatch.setattr(turns, "sleep", rests.append)
    for verb, left, word in (("application", 3, "applied"), ("undo", 5, "undone")):
        monkeypatch.setattr(turns, "TURN", -1.0)  # over before the first batch
        before = on_hand("S0")
        assert helper.post(f"{taking}/{verb}").location == taking
        assert "<progress" in helper.get(taking).text
        assert taking_runs.run_due()
        assert on_hand("S0") == before
        monkeypatch.setattr(turns, "TURN", 20.0)
        assert taking_runs.run_due()
        assert {on_hand(f"S{n}") for n in range(5)} == {left}
        assert "data-running" not in helper.get(f"{taking}/progress").text
        assert f": {word}." in helper.get(taking).text
    assert len(rests) > 2, "visitors get pages between two batches"
    actors = set(db.session.scalars(select(StockMovement.actor).where(StockMovement.sku == "S0")))
    assert actors <= {db.session.scalars(select(StockTaking.started_by)).one()} | {""}


@pytest.mark.any_database
def test_a_key_counts_once_for_all_variants(helper: Browser) -> None:
    taking = start(helper)
    form = {"number": "9", "shown": "0", "key": "forged"}
    for sku in ("MUG", "MUG", "BOWL"):
        assert helper.post(f"{taking}/counts", code=sku, **form).status_code == 303
    assert (counted(taking, "MUG"), counted(taking, "BOWL")) == (9, None)
    number = int(taking.rpartition("/")[2])
    with write_transaction() as session:
        assert set_count(session, number, "MUG", 4, 9, "forged") == 9


def test_discarded_counts_are_kept(helper: Browser) -> None:
    taking = start(helper)
    scan(helper, taking, "MUG")
    assert helper.post(f"{taking}/discard").status_code == 303
    assert helper.post(f"{taking}/application").status_code == 409
    assert helper.post(f"{taking}/scans", typed="MUG").status_code == 409
    helper.post(f"{taking}/reopening")
    scan(helper, taking, "MUG")
    assert (counted(taking, "MUG"), on_hand("MUG")) == (2, 10)


@pytest.mark.any_database
def test_pages_of_a_stock_taking_need_few_statements(helper: Browser) -> None:
    taking = start(helper)
    for sku in ("MUG", "BOWL"):
        scan(helper, taking, sku)
    for path in ("/admin/stock/takings", f"{taking}?code=MUG", f"{taking}/review"):
        helper.get(path)
        with statements() as seen:
            helper.get(path)
        assert len(seen) <= 8, (path, seen)


def test_those_who_only_see_stock_cannot_count(app: Flask, helper: Browser) -> None:
    taking, viewer = start(helper), staff_browser(app, "viewer")
    for path in ("/scans", "/quantities", "/counts", "/application", "/undo", "/discard", "/reopening"):
        assert viewer.post(f"{taking}{path}", typed="MUG").status_code == 404
    assert viewer.post("/admin/stock/takings", name="x").status_code == 404
    page = viewer.get(taking).text
    assert "data-scan" not in page
    assert "Discard" not in page
