"""`flask orders export` and `import`: Shopify's columns, history only, nothing half-read."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from storefront.checkout import orders, queries
from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from storefront.mail.queue import QueuedMail
from tests.accounts.people import make_user, staff_browser
from tests.checkout.shoppers import make_draft, place, stock_level
from tests.factories import make_product

pytestmark = pytest.mark.any_database

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Shipping,Taxes,Total,"
    "Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem sku,Shipping Name,Shipping Address1,Shipping City,Shipping Zip,Shipping Country,Cancelled at,"
    "Payment Method,Refunded Amount,Outstanding Balance,Notes,Tax 1 Name"
).split(",")
FIRST = {
    "Name": "#1001",
    "Email": "ada@shop.example",
    "Financial Status": "paid",
    "Paid at": "2025-03-04 10:12:00 +0100",
    "Fulfillment Status": "fulfilled",
    "Fulfilled at": "2025-03-05 08:00:00 +0100",
    "Currency": "EUR",
    "Subtotal": "59.00",
    "Shipping": "4.90",
    "Taxes": "10.20",
    "Total": "63.90",
    "Shipping Method": "Parcel",
    "Created at": "2025-03-04 10:11:00 +0100",
    "Lineitem quantity": "2",
    "Lineitem name": "Linen tee - S",
    "Lineitem price": "22.00",
    "Lineitem sku": "TEE",
    "Shipping Name": "Ada Byron",
    "Shipping Address1": "1 Kiln Row",
    "Shipping City": "Berlin",
    "Shipping Zip": "'01067",
    "Shipping Country": "DE",
    "Payment Method": "Card",
    "Tax 1 Name": "VAT 19%",
}
SECOND = {
    "Name": "#1001",
    "Email": "ada@shop.example",
    "Lineitem quantity": "1",
    "Lineitem name": "Linen cap",
    "Lineitem price": "15.00",
}


def write(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "orders_export.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(app: Flask, *arguments: Any) -> Result:
    result = app.test_cli_runner().invoke(args=["orders", *map(str, arguments)])
    db.session.remove()
    return result


def read_back(app: Flask, path: Path) -> list[dict[str, str]]:
    assert run(app, "export", path).exit_code == 0
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_an_order_of_another_shop_becomes_history(app: Flask, tmp_path: Path) -> None:
    make_product("Linen tee", variants=[{"sku": "TEE-1", "label": "TEE", "on_hand": 9}])
    ada = make_user("ada@shop.example")
    result = run(app, "import", write(tmp_path, FIRST, SECOND))
    assert (result.exit_code, "1 created, 0 there already, 0 refused" in result.output) == (0, True)
    number = queries.find_number("1001")
    assert number is not None
    assert queries.find_number("#1001") == number
    order = queries.find_order(number)
    assert order is not None
    assert (order.state, order.user_id, order.imported_number) == ("shipped", ada, "#1001")
    amounts = (order.total.amount, order.paid.amount, order.tax.amount, order.prices_include_tax)
    assert (order.total.currency, amounts) == ("EUR", (6390, 6390, 1020, True))
    assert order.taxes == [{"rate": 19000, "base": 6390, "amount": 1020}]
    lines = [(line.sku, line.quantity, line.total.amount) for line in order.lines]
    assert lines == [("TEE-1", 2, 4400), ("", 1, 1500)]
    assert (order.ship_to["country"], order.ship_to["postcode"]) == ("DE", "01067")
    assert order.placed_at == datetime(2025, 3, 4, 9, 11, tzinfo=UTC)
    assert [event.kind for event in order.events] == ["placed", "paid", "shipped", "note"]
    assert stock_level("TEE-1") == (9, 0), "history takes no stock"
    assert db.session.scalar(select(func.count(QueuedMail.id))) == 0, "nobody gets a letter"
    assert not order.cancellable, "this shop's provider cannot give the money back"


def test_a_second_import_goes_on_where_the_first_stopped(app: Flask, tmp_path: Path) -> None:
    other = FIRST | {"Name": "#1002"}
    assert run(app, "import", write(tmp_path, FIRST)).exit_code == 0
    result = run(app, "import", write(tmp_path, FIRST, SECOND, other))
    assert "1 created, 1 there already, 0 refused" in result.output
    assert db.session.scalar(select(func.count(Order.id))) == 2


def test_a_dry_run_of_orders_writes_nothing(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", write(tmp_path, FIRST), "--dry-run")
    assert (result.exit_code, "1 would be created" in result.output) == (0, True)
    assert db.session.scalar(select(func.count(Order.id))) == 0


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("Total", "02. Jan", "total"),
        ("Currency", "XXQ", "currency"),
        ("Financial Status", "perhaps", "financial status"),
        ("Created at", "03/04/2025", "created at"),
        ("Created at", "", "created at"),
        ("Email", "ada@", "email"),
        ("Lineitem quantity", "0", "lineitem quantity"),
        ("Refunded Amount", "99.00", "refunded amount"),
        ("Name", "", "name"),
    ],
)
def test_a_bad_cell_refuses_its_order_alone(
    app: Flask, tmp_path: Path, column: str, cell: str, reason: str
) -> None:
    good = FIRST | {"Name": "#1002"}
    result = run(app, "import", write(tmp_path, FIRST | {column: cell}, good))
    assert result.exit_code == 1
    assert "line 2, " in result.output
    assert reason in result.output
    assert db.session.scalars(select(Order.imported_number)).all() == ["#1002"]


def test_rows_of_one_order_that_stand_apart_are_named(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", write(tmp_path, FIRST, FIRST | {"Name": "#1002"}, SECOND))
    assert result.exit_code == 1
    assert "sort the file by the column Name" in result.output


def test_a_file_that_is_no_orders_export_is_refused(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("Handle,Title,Variant Price\ntee,Tee,3.00\n")
    result = run(app, "import", path)
    assert (result.exit_code, "is not an orders export" in result.output) == (1, True)


def test_cancelled_and_refunded_orders_keep_their_state(app: Flask, tmp_path: Path) -> None:
    cancelled = FIRST | {
        "Name": "#1",
        "Financial Status": "voided",
        "Fulfillment Status": "unfulfilled",
        "Cancelled at": "2025-03-05 08:00:00 +0100",
    }
    refunded = FIRST | {"Name": "#2", "Financial Status": "refunded"}
    half = FIRST | {
        "Name": "#3",
        "Financial Status": "partially_paid",
        "Outstanding Balance": "3.90",
        "Fulfillment Status": "",
    }
    assert run(app, "import", write(tmp_path, cancelled, refunded, half)).exit_code == 0
    rows = db.session.execute(
        select(Order.imported_number, Order.state, Order.paid, Order.refunded).order_by(Order.id)
    ).all()
    assert [tuple(row) for row in rows] == [
        ("#1", "cancelled", 0, 0),
        ("#2", "refunded", 6390, 6390),
        ("#3", "placed", 6000, 0),
    ]


def test_the_export_has_shopifys_columns_and_goes_in_again(app: Flask, tmp_path: Path) -> None:
    make_product("Teapot", variants=[{"sku": "TP", "price": 2000, "on_hand": 10}])
    order = place(make_draft({"TP": 3}, email="=cmd@shop.example")).order
    with write_transaction() as session:
        orders.record_payment(session, order.number, 6000, "USD")
    path = tmp_path / "orders.csv"
    rows = read_back(app, path)
    assert path.stat().st_mode & 0o777 == 0o600, "personal data is for its owner alone"
    assert [
        (row["Name"], row["Financial Status"], row["Total"], row["Lineitem quantity"]) for row in rows
    ] == [(order.number, "paid", "60.00", "3")]
    assert rows[0]["Email"] == "'=cmd@shop.example", "no spreadsheet runs it"
    assert "0 created, 1 there already" in run(app, "import", path).output


def test_an_export_can_be_cut_by_day(app: Flask, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, FIRST))
    for options, count in (
        (["--since", "2025-03-05"], 0),
        (["--since", "2025-03-04", "--until", "2025-03-05"], 1),
    ):
        assert f"Exported {count} orders" in run(app, "export", tmp_path / "out.csv", *options).output


def test_staff_see_and_find_the_old_number(app: Flask, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, FIRST))
    browser = staff_browser(app)
    assert "#1001" in browser.get("/admin/orders").text
    found = browser.get("/admin/orders?number=%231001")
    assert found.status_code == 303
    assert "its number was #1001" in browser.get(found.headers["Location"]).text
