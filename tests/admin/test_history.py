"""The history: every way to change a product leaves who, what, before and after, and can be undone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import text as sql_text
from sqlalchemy import update as sql_update

from storefront import actors
from storefront.actors import Actor
from storefront.admin import history_pages, history_products
from storefront.api import tokens
from storefront.catalog.models import Product, Variant
from storefront.content import menu_edits
from storefront.content.menu_edits import EntryValues
from storefront.extensions import db, write_transaction
from storefront.history import RecordedChange, recording
from storefront.mail.letter_words import LetterWords
from storefront.shop_settings.stored_settings import set_value
from storefront.stock import StockItem
from tests.accounts.people import Browser, staff_browser
from tests.change_sets.stored_sets import apply, creation, undo, update, variant_change
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.statements import count_statements, rows_read


def recorded() -> list[RecordedChange]:
    db.session.rollback()
    return list(db.session.scalars(db.select(RecordedChange).order_by(RecordedChange.id)))


def forget() -> None:
    with write_transaction() as session:
        session.execute(db.delete(RecordedChange))


@pytest.mark.any_database
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
    assert browser.get("/admin/changes?kind=change_set").text.count('class="change"') == 1
    page = browser.get(f"/admin/changes?product={first}").text
    assert f'href="/admin/imports/{number}"' in page


def test_products_of_an_import_are_created_in_the_history(app: Flask) -> None:
    forget()
    undo(apply(creation("bell")))
    found = [(c.kind, c.action, c.name) for c in recorded() if c.kind == "product"]
    assert found == [("product", "create", "bell"), ("product", "update", "bell")]


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
    for some in (
        f"from={yesterday:%Y-%m-%d}&to={today:%Y-%m-%d}",
        f"from={today:%Y-%m-%d}",
        f"day={today:%Y-%m-%d}",
    ):
        assert "Samovar" in browser.get(f"/admin/changes?{some}").text
    for nothing in ("who=token", "kind=category", f"to={yesterday:%Y-%m-%d}", "product=99"):
        assert "Samovar" not in browser.get(f"/admin/changes?{nothing}").text
    assert browser.get("/admin/changes?from=x&to=2026-13-01&product=-1&before=y&who=z").status_code == 200
    title = next(change.id for change in recorded() if change.kind == "product")
    assert f'action="/admin/changes/{title}/undo"' in page
    answer = browser.post(f"/admin/changes/{title}/undo")
    assert answer.location == "/admin/imports/1?said=applied"
    db.session.rollback()
    assert db.session.get_one(Product, number).title == "Pot"
    assert f'action="/admin/changes/{title}/undo"' not in browser.get("/admin/changes").text
    assert count_statements(lambda: browser.get("/admin/changes")) <= 8


def names_of(browser: Browser, path: str = "/admin/changes") -> list[tuple[str, str]]:
    """Return link and name of each line that has a link."""
    title = r'<h3 class="change__title">\s*<a href="([^"]+)"><bdi>(.*?)</bdi>'
    return [(unescape(link), unescape(name)) for link, name in re.findall(title, browser.get(path).text)]


@pytest.mark.any_database
def test_products_and_variants_have_the_names_of_now(app: Flask) -> None:
    pot = make_product("Pot", variants=[{"sku": "made-up", "label": "POT-1", "price": 1999}])
    forget()
    with write_transaction() as session:
        session.scalars(db.select(Variant)).one().price = 2500
        session.scalars(db.select(StockItem)).one().low_threshold = 7
    with write_transaction() as session:
        session.get_one(Product, pot.id).title = "Samovar"
    owner, link = staff_browser(app), f"/admin/products/{pot.id}"
    assert sorted(set(names_of(owner))) == [(link, "Samovar"), (link, "Samovar · POT-1")]
    assert len(names_of(owner)) == 3
    assert len(names_of(owner, f"/admin/changes?product={pot.id}")) >= 2
    assert count_statements(lambda: owner.get("/admin/changes")) <= 8


@pytest.mark.any_database
def test_products_that_are_gone_keep_their_last_title(app: Flask) -> None:
    pot = make_product("Pot", variants=[{"sku": "POT", "label": "POT-1"}, {"sku": "CUP", "option1": "x"}])
    number = pot.id
    forget()
    with write_transaction() as session:
        session.get_one(Product, number).title = "Samovar"
        session.scalars(db.select(Variant).where(Variant.sku == "POT")).one().price = 2500
    with write_transaction() as session:
        session.execute(db.delete(StockItem))
        session.delete(session.get_one(Product, number))
    link = f"/admin/changes?product={number}"
    assert set(names_of(staff_browser(app))) == {(link, "Samovar"), (link, "Samovar · POT-1")}


@pytest.mark.any_database
def test_a_change_set_keeps_the_title_of_what_it_deletes(app: Flask) -> None:
    forget()
    undo(apply(creation("bell")))
    assert [change.title for change in recorded() if change.kind == "product"] == ["Bell", "Bell"]


@pytest.mark.any_database
def test_settings_menus_and_letters_have_the_names_of_pages(app: Flask) -> None:
    make_product("Pot", variants=[{"sku": "POT", "price": 1999}])
    forget()
    for name, value in (("timezone", "Europe/Berlin"), ("locale", "de_DE"), ("order_letters", "off")):
        set_value(name, value)
    with write_transaction() as session:
        menu_edits.add(session, "footer", EntryValues("address", "/cart", "Korb"), expected=0)
        session.add(LetterWords(letter="order_paid", language="de", subject="Danke", opening="", closing=""))
        session.scalars(db.select(Product)).one().status = "archived"
    page = unescape(staff_browser(app).get("/admin/changes").text)
    for words in (
        "<bdi>Zeitzone</bdi>",
        "<bdi>Wert</bdi>",
        "<bdi>Menü in der Fußzeile</bdi>",
        "<bdi>Bestellung bezahlt, Deutsch</bdi>",
        "<bdi>Ja</bdi></del>",
        "<bdi>Nein</bdi></ins>",
        "<bdi>Aktiv</bdi></del>",
        "<bdi>Archiviert</bdi></ins>",
    ):
        assert words in page


def busy_week(app: Flask) -> tuple[Browser, Browser, str]:
    """A week of work: two people, an order that was paid and shipped, a token, an invitation, a new price.

    Return the owner's and the packer's browser, and the order's number.
    """
    pot = make_product("Pot", variants=[{"sku": "POT", "price": 1999}]).id
    owner, packer = staff_browser(app), staff_browser(app, "orders")
    order = place(make_draft({"POT": 1})).order
    forget()
    for kind, amount in (("paid", f"{order.total / 100:.2f}"), ("shipped", "")):
        form = {"kind": kind, "note": f"{kind} by hand", "amount": amount}
        answer = packer.post(f"/admin/orders/{order.number}/events", **form)
        assert answer.status_code == 303, answer.text
    owner.post("/admin/staff/invitations", email="lee@shop.example", role="viewer")
    tokens.create_token("till", ["catalog:write"])
    with actors.acting_as(Actor("token", "1")), write_transaction() as session:
        session.get_one(Product, pot).title = "Samovar"
    return owner, packer, order.number


def test_orders_and_access_are_in_the_same_list(app: Flask) -> None:
    owner, _packer, number = busy_week(app)
    page = owner.get("/admin/changes").text
    for text in (
        f'href="/admin/orders/{number}"',
        "Shipped",
        "shipped by hand",
        "Invited to the staff",
        "Samovar",
    ):
        assert text in page
    assert "Placed" not in page, "customers are no staff"
    orders, access = (owner.get(f"/admin/changes?kind={kind}").text for kind in ("order", "access"))
    assert ("shipped by hand" in orders, "Samovar" in orders, "Invited" in orders) == (True, False, False)
    assert ("lee@shop.example" in access, "Samovar" in access, "by hand" in access) == (True, False, False)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert "shipped by hand" in owner.get(f"/admin/changes?from={today}&to={today}&who=staff").text
    assert "by hand" not in owner.get("/admin/changes?to=2020-02-02").text
    assert "by hand" not in owner.get("/admin/changes?who=token").text
    assert count_statements(lambda: owner.get("/admin/changes")) <= 8


def test_one_person_is_a_filter(app: Flask) -> None:
    owner, _packer, _number = busy_week(app)
    page = owner.get("/admin/changes").text
    packer = re.search(r'<option value="(staff:\d+)">Kim \(orders@shop.example\)', page)
    assert packer
    found = owner.get(f"/admin/changes?who={packer[1]}").text
    assert ("shipped by hand" in found, "Invited" in found, "Samovar" in found) == (True, False, False)
    assert f'<option value="{packer[1]}" selected>' in found
    for forged in ("staff:x", "nobody:1", "staff:" + "9" * 300, "token:<b>"):
        assert owner.get("/admin/changes", query_string={"who": forged}).status_code == 200


def test_pages_of_the_history_leave_nothing_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, _packer, _number = busy_week(app)
    titles = re.compile(r'<h3 class="change__title">(.*?)</h3>\s*<p class="soft">(.*?)</p>', re.DOTALL)
    whole = titles.findall(owner.get("/admin/changes").text)
    monkeypatch.setattr(history_pages, "PAGE", 1)
    found, path = [], "/admin/changes"
    while path:
        page = owner.get(path).text
        found += titles.findall(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(older[1]) if older else ""
    assert found == whole
    assert len(found) > 4


@pytest.mark.any_database
def test_people_see_what_their_role_may_see(app: Flask) -> None:
    _owner, _packer, _number = busy_week(app)
    viewer, catalogue = (
        staff_browser(app, role).get("/admin/changes").text for role in ("viewer", "catalogue")
    )
    assert ("by hand" in viewer, "Invited" in viewer, "Samovar" in viewer) == (True, False, True)
    assert ("by hand" in catalogue, "Invited" in catalogue, "Samovar" in catalogue) == (False, False, True)


def test_the_page_of_a_product_has_its_newest_changes(app: Flask) -> None:
    owner, _packer, _number = busy_week(app)
    pot = db.session.scalars(db.select(Product.id)).one()
    page = owner.get(f"/admin/products/{pot}").text.partition("Latest changes")[2]
    assert "Samovar" in page
    assert f'href="/admin/changes?product={pot}"' in page
    assert count_statements(lambda: owner.get(f"/admin/products/{pot}")) <= 8


@pytest.mark.any_database
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


def test_a_former_title_is_found_among_the_product_s_changes(app: Flask) -> None:
    pot = make_product("Pot").id

    def count_rows(others: int) -> int:
        kind = {
            "actor": "command",
            "actor_kind": "command",
            "kind": "product",
            "title": "Pan",
            "action": "update",
        }
        with write_transaction() as session:
            changes = [
                RecordedChange(**kind, row_id=str(number), product_id=number)
                for number in range(1000, 1000 + others)
            ]
            session.add_all([*changes, RecordedChange(**kind, row_id=str(pot), product_id=pot)])
        # Else PostgreSQL takes the table for what it was when it looked last, and may choose to read it whole.
        db.session.execute(sql_text(f"ANALYZE {RecordedChange.__tablename__}"))
        with rows_read() as read:
            assert db.session.execute(history_products._last_titles([pot])).all() == [(pot, "Pan")]
        db.session.rollback()
        return read[0]

    few = count_rows(0)
    assert count_rows(300) < few + 100
