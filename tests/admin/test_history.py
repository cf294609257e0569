"""The history: every way to change a product leaves who, what, before and after, and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import update as sql_update

from storefront import actors
from storefront.actors import Actor
from storefront.api import tokens
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction
from storefront.history import RecordedChange, recording
from tests.accounts.people import staff_browser
from tests.change_sets.stored_sets import apply, update, variant_change
from tests.checkout.shoppers import count_statements
from tests.factories import make_product


def recorded() -> list[RecordedChange]:
    db.session.rollback()
    return list(db.session.scalars(db.select(RecordedChange).order_by(RecordedChange.id)))


def forget() -> None:
    with write_transaction() as session:
        session.execute(db.delete(RecordedChange))


def test_a_token_that_patches_a_product_is_recorded(app: Flask) -> None:
    pot = make_product("Pot", variants=[{"sku": "POT", "price": 1999}])
    forget()
    token = tokens.create_token("till", ["catalog:write", "catalog:read"])
    body = {"title": "Samovar", "variants": [{"sku": "POT", "price": {"amount": 2500, "currency": "USD"}}]}
    head = {"Authorization": f"Bearer {token}"}
    assert app.test_client().patch(f"/api/v1/products/{pot.id}", json=body, headers=head).status_code == 200
    found = {change.kind: change for change in recorded()}
    assert found["product"].fields["title"] == ["Pot", "Samovar"]
    assert found["variant"].fields == {"price": [1999, 2500]}
    assert found["variant"].product_id == pot.id
    assert {change.actor for change in found.values()} == {f"token:{token.split('_')[1]}"}
    assert f"product:{pot.id}" in found["product"].tags


def test_a_save_costs_one_statement_more(app: Flask) -> None:
    number = make_product("Pot", variants=[{"sku": "POT"}]).id

    def rename(title: str) -> None:
        with write_transaction() as session:
            session.get_one(Product, number).title = title

    rename("One")
    with_history = count_statements(lambda: rename("Two"))
    fields = Product.history_fields
    Product.history_fields = ()
    try:
        without = count_statements(lambda: rename("Three"))
    finally:
        Product.history_fields = fields
    assert with_history - without == 1


def test_the_old_value_is_known_of_a_row_that_was_not_read(app: Flask) -> None:
    pot = make_product("Pot", variants=[{"sku": "POT"}])
    forget()
    with write_transaction() as session:
        pot = session.merge(pot)
        session.expire(pot)
        pot.title = "Samovar"
    assert [change.fields for change in recorded()] == [{"title": ["Pot", "Samovar"]}]


def test_what_is_rolled_back_is_not_recorded(app: Flask) -> None:
    number = make_product("Pot", variants=[{"sku": "POT"}]).id
    forget()
    session = db.session()
    session.get_one(Product, number).title = "Never"
    session.flush()
    session.rollback()
    with write_transaction() as writing:
        writing.get_one(Product, number).vendor = "Kiln"
    assert [change.fields for change in recorded()] == [{"vendor": ["Kiln Row", "Kiln"]}]


def test_a_change_set_is_one_line_and_each_product_names_it(app: Flask) -> None:
    pots = [
        make_product(f"Pot {place}", variants=[{"sku": f"P{place}", "price": 1999}]) for place in range(2)
    ]
    first = pots[0].id
    forget()
    with actors.acting_as(Actor("staff", "1")):
        changes = [
            update(pot, variants=[variant_change(f"P{n}", price=(1999, 5))]) for n, pot in enumerate(pots)
        ]
        number = apply(*changes)
    found = [(c.kind, c.action, c.change_set_id, c.fields) for c in recorded()]
    assert found == [("product", "update", number, {})] * 2 + [("change_set", "apply", None, {})]
    browser = staff_browser(app)
    assert browser.get("/admin/changes").text.count('class="change"') == 1
    page = browser.get(f"/admin/changes?product={first}").text
    assert f'href="/admin/imports/{number}"' in page


def test_the_page_shows_filters_and_undoes(app: Flask) -> None:
    number = make_product("Pot", variants=[{"sku": "POT", "price": 1999}]).id
    forget()
    with actors.acting_as(Actor("command", "root")), write_transaction() as session:
        session.get_one(Product, number).title = "<b>Samovar</b>"
        session.scalars(db.select(Variant)).one().price = 2500
    browser = staff_browser(app)
    page = browser.get("/admin/changes?who=command&kind=product").text
    assert "&lt;b&gt;Samovar&lt;/b&gt;" in page
    assert "command line, root" in page
    today, yesterday = (datetime.now(UTC) - timedelta(days=days) for days in (0, 1))
    assert "Samovar" in browser.get(f"/admin/changes?day={today:%Y-%m-%d}").text
    for nothing in ("who=token", "kind=category", f"day={yesterday:%Y-%m-%d}", "product=99"):
        assert "Samovar" not in browser.get(f"/admin/changes?{nothing}").text
    assert browser.get("/admin/changes?day=x&product=-1&before=y&who=z").status_code == 200
    title = next(change.id for change in recorded() if change.kind == "product")
    assert f'action="/admin/changes/{title}/undo"' in page
    answer = browser.post(f"/admin/changes/{title}/undo")
    assert answer.location == "/admin/imports/1?said=applied"
    db.session.rollback()
    assert db.session.get_one(Product, number).title == "Pot"
    assert f'action="/admin/changes/{title}/undo"' not in browser.get("/admin/changes").text
    assert count_statements(lambda: browser.get("/admin/changes")) <= 8


def test_only_the_right_people_read_and_undo(app: Flask) -> None:
    number = make_product("Pot", variants=[{"sku": "POT"}]).id
    with write_transaction() as session:
        session.get_one(Product, number).title = "Samovar"
    change = recorded()[-1].id
    viewer, packer = staff_browser(app, "viewer"), staff_browser(app, "orders")
    assert viewer.get("/admin/changes").status_code == 200
    assert "/undo" not in viewer.get("/admin/changes").text
    assert viewer.post(f"/admin/changes/{change}/undo").status_code == 404
    assert packer.get("/admin/changes").status_code == 404


def test_old_records_are_deleted(app: Flask) -> None:
    make_product("Pot", variants=[{"sku": "POT"}])
    kept = len(recorded()) - 1
    oldest = recorded()[0].id
    old = datetime.now(UTC) - recording.RETENTION - timedelta(days=1)
    with write_transaction() as session:
        session.execute(sql_update(RecordedChange).where(RecordedChange.id == oldest).values(at=old))
    recording.delete_old()
    assert len(recorded()) == kept
