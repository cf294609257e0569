"""/admin/stock: the list of variants, corrections, thresholds and the pages of the ledger."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.extensions import db, write_transaction
from storefront.outbox.models import OutboxMessage
from storefront.shop_settings.stored_settings import set_value
from storefront.stock import StockItem, receive, sell
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_product
from tests.statements import statements

CODE = "4006381333931"


@pytest.fixture
def helper(app: Flask) -> Browser:
    return staff_browser(app, "stock")


def make_shop() -> None:
    make_product("Blue mug", slug="mug", variants=[{"sku": "MUG", "on_hand": 30, "barcode": CODE}])
    make_product("Tea bowl", slug="bowl", variants=[{"sku": "BOWL", "on_hand": 3}])
    make_product("Kettle", slug="kettle", variants=[{"sku": "KETTLE", "on_hand": 0}], status="draft")
    make_product("Voucher", slug="voucher", variants=[{"sku": "VOUCHER", "on_hand": 0, "tracked": False}])


def item(sku: str) -> StockItem:
    db.session.rollback()
    return db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one()


@pytest.mark.any_database
def test_filters_show_what_they_say(helper: Browser) -> None:
    make_shop()
    names = ("Blue mug", "Tea bowl", "Kettle", "Voucher")
    for query, expected in (
        ("", {*names}),
        ("?show=low", {"Tea bowl"}),
        ("?show=out", {"Kettle"}),
        ("?show=uncounted", {"Voucher"}),
        ("?show=none-such", {*names}),
        ("?q=mugs", {"Blue mug"}),
        ("?q=KET", {"Kettle"}),
        ("?q=nothing", set()),
    ):
        page = helper.get(f"/admin/stock{query}").text.partition("<main")[2]
        assert {name for name in names if name in page} == expected, query


@pytest.mark.any_database
def test_a_whole_code_opens_its_variant(helper: Browser) -> None:
    make_shop()
    for typed in ("MUG", CODE, f"0{CODE}", "4006381 333931"):
        assert helper.get(f"/admin/stock?q={typed}").location == "/admin/stock?code=MUG", typed
    assert 'name="number" type="number" inputmode="numeric" min="1" value="" required autofocus' in (
        helper.get("/admin/stock?code=MUG").text
    )
    assert "No variant has" in helper.get("/admin/stock?q=4006381333948").text


@pytest.mark.any_database
def test_the_list_goes_on_after_its_last_row(helper: Browser) -> None:
    many = [{"sku": f"S{n:02}", "option1": str(n), "on_hand": n % 3, "low_threshold": 5} for n in range(60)]
    make_product("Shirt", option_names=["Size"], variants=many)
    for query in ("?show=low", "?"):
        seen, address = [], f"/admin/stock{query}"
        while address:
            page = helper.get(address).text
            seen += [part.partition('"')[0] for part in page.split("code=S")[1:]]
            more = [part for part in page.split('href="') if 'rel="next"' in part.partition(">")[0]]
            address = more[0].partition('"')[0].replace("&amp;", "&") if more else ""
        assert len(seen) == len(set(seen)) == (40 if query == "?show=low" else 60)
    for forged in ("x", "1", "1.x", "-.3", f"{'9' * 30}.1"):
        assert helper.get(f"/admin/stock?after={forged}").status_code == 200


def test_goods_that_are_gone_need_a_reason(helper: Browser) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5, "reserved": 2}])
    for number, reason, status, sentence in (
        ("2", "", 422, "Enter a reason."),
        ("4", "broken", 409, "Only 3 are on hand and not reserved"),
        ("0", "broken", 422, "from 1"),
        ("2", "x" * 300, 422, "up to 255 characters"),
        ("2", "fell\u202e down", 303, ""),
    ):
        answer = helper.post("/admin/stock/corrections", code="TP", number=number, reason=reason)
        assert (answer.status_code, sentence in answer.text) == (status, True)
        assert status == 303 or f'value="{number}"' in answer.text, "what was typed stays"
    assert item("TP").on_hand == 3
    page = helper.get("/admin/stock?code=TP").text
    assert "<strong>-2</strong>" in page
    assert "fell down" in page


@pytest.mark.any_database
def test_a_low_threshold_is_recorded_and_sent(helper: Browser) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 8, "low_threshold": 5}])
    before = item("TP").version
    form = {"code": "TP", "number": "9", "shown": "5"}
    assert helper.post("/admin/stock/thresholds", **form).status_code == 303
    assert (item("TP").low_threshold, item("TP").on_hand, item("TP").version) == (9, 8, before + 1)
    (event,) = db.session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == "stock.changed"))
    assert '"band":"low"' in str(event).replace(" ", "").replace("'", '"')
    assert "low threshold 9 (was 5)" in helper.get("/admin/stock?code=TP").text
    answer = helper.post("/admin/stock/thresholds", **form | {"number": "7"})
    assert (answer.status_code, "from 5 to 9 meanwhile" in answer.text) == (409, True)


def test_the_ledger_gives_the_shops_reasons_in_its_language(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 9}])
    with write_transaction() as session:
        receive(session, "TP", 1, reason="undo of stock-taking 3")
        receive(session, "TP", 1, reason="import")
        receive(session, "TP", 1, reason="my own import")
    set_value("locale", "de_DE")
    shown = staff_browser(app, "owner").get("/admin/stock?code=TP").text
    for reason in ("Rücknahme von Inventur 3", "Import", "my own import"):
        assert f"<bdi>{reason}</bdi>" in shown


@pytest.mark.any_database
def test_the_ledger_has_pages_and_names_orders(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 100}])
    with write_transaction() as session:
        for number in range(30):
            receive(session, "TP", 1, reason=f"note {number}.")
        sell(session, "TP", 1, reference="AB12-CD34", reserved=0)
    owner = staff_browser(app, "owner")
    first = owner.get("/admin/stock?code=TP").text
    assert 'href="/admin/orders/AB12-CD34"' in first
    assert ("note 29." in first, "note 5." in first) == (True, False)
    older = first.partition("before=")[2].partition('"')[0]
    second = owner.get(f"/admin/stock?code=TP&before={older}").text
    assert ("note 29." in second, "note 5." in second, "note 0." in second) == (False, True, True)
    assert 'href="/admin/orders/' not in staff_browser(app, "stock").get("/admin/stock?code=TP").text


@pytest.mark.any_database
def test_lists_and_forms_need_few_statements(helper: Browser) -> None:
    make_shop()
    for query in ("", "?show=out", "?q=mug", "?q=MUG", "?code=MUG"):
        helper.get(f"/admin/stock{query}")
        with statements() as counted:
            helper.get(f"/admin/stock{query}")
        assert len(counted) <= 8, (query, counted)


def test_those_who_only_see_stock_have_no_forms(app: Flask) -> None:
    make_shop()
    viewer = staff_browser(app, "viewer")
    assert 'method="post" class="inline-form' not in viewer.get("/admin/stock?code=MUG").text
    for path in ("corrections", "thresholds", "deliveries"):
        form = {"code": "MUG", "number": "1", "reason": "x"}
        assert viewer.post(f"/admin/stock/{path}", **form).status_code == 404
    assert item("MUG").on_hand == 30
