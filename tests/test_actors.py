"""Rows name the actor who made the change: the caller of a request, a command, an import, or the system."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from storefront import actors, periodic
from storefront.actors import Actor
from storefront.api import tokens
from storefront.extensions import db, write_transaction
from storefront.stock import StockMovement, cli, set_on_hand
from tests.accounts.people import Browser, make_user
from tests.factories import make_product


def recorded_actors() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(StockMovement.actor).order_by(StockMovement.id)))


def test_the_ledger_names_the_member_of_staff(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    staff = make_user(staff=True)
    browser = Browser(app)
    browser.sign_in()
    browser.post("/ops/stock", sku="TP", number="9", reason="counted")
    assert recorded_actors() == [f"staff:{staff}"]
    assert "Kim (kim@example.com)" in browser.get("/ops/stock?sku=TP").text


def test_the_ledger_names_the_token(app: Flask, client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    token = tokens.create_token("till", ["stock:write"])
    answer = client.put(
        "/api/v1/variants/TP/stock",
        json={"stock": 3, "reason": "count"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    assert recorded_actors() == [f"token:{token.split('_')[1]}"]
    assert actors.describe_actor(recorded_actors()[0]) == "token till"


def test_the_ledger_names_who_runs_a_command(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    answer = app.test_cli_runner().invoke(cli.stock, ["set", "TP", "7", "--reason", "counted"])
    assert answer.exit_code == 0, answer.output
    assert recorded_actors() == [f"command:{actors.login_name()}"]


def test_an_import_names_who_started_it(app: Flask, tmp_path: Path) -> None:
    make_product("Pot", slug="pot", variants=[{"sku": "POT", "on_hand": 5}])
    file = tmp_path / "stock.csv"
    file.write_text(
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n"
        "pot,Pot,POT,19.99,shopify,8\n"
    )
    answer = app.test_cli_runner().invoke(args=["catalog", "import", str(file)])
    assert answer.exit_code == 0, answer.output
    assert recorded_actors() == [f"import:command:{actors.login_name()}"]
    assert actors.describe_actor(recorded_actors()[0]).startswith("import, started by command line")


def test_a_periodic_task_acts_for_the_system(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])

    def count_stock() -> None:
        with write_transaction() as session:
            set_on_hand(session, "TP", 6, reason="counted")

    periodic.add_task(app, "counting", count_stock, interval=3600, idle_runs=1, run_at_start=True)
    task = app.extensions["periodic.tasks"].tasks["counting"]
    task.start()
    task._thread.join()
    assert recorded_actors() == ["system:counting"]


def test_old_actors_are_described_as_they_were(app: Flask) -> None:
    texts = ["staff", "checkout", "token till", "staff:99", "customer", "import", "staff:x"]
    assert actors.describe_actors(texts) == {
        "staff": "a member of staff, not recorded who",
        "checkout": "checkout",
        "token till": "token till",
        "staff:99": "a former member of staff (account 99)",
        "customer": "a customer",
        "import": "an import",
        "staff:x": "a former member of staff (account x)",
    }


def test_actors_survive_storing(app: Flask) -> None:
    for actor in (
        Actor("staff", "12"),
        Actor("command", "kim:x"),
        Actor("import", "staff:3"),
        Actor("system"),
    ):
        assert actors.parse_actor(str(actor)) == actor
