"""/admin/customers: the list with its search, and the page of one account."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.accounts import administration, credentials, customer_search
from storefront.accounts.models import Address, User
from storefront.accounts.privacy import delete_account
from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, Browser, make_user, staff_browser, user
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.statements import count_statements


@pytest.fixture
def viewer(app: Flask) -> Browser:
    return staff_browser(app, "viewer")


@pytest.fixture
def manager(app: Flask) -> Browser:
    return staff_browser(app, "manager")


def found(text: str) -> list[str]:
    db.session.rollback()
    return [user.email for user in customer_search.search(text).users]


def test_people_are_found_by_name_and_e_mail(app: Flask) -> None:
    make_user("ana@example.com", name="Ana María García-López")
    make_user("anna@shop.example", name="Anna Bell")
    make_user("x.y@example.net", name="Łukasz O’Brien")
    make_user("nobody@example.com", name="")
    with app.test_request_context():
        assert found("an") == ["ana@example.com", "anna@shop.example"]
        assert found("garcia") == found("LOPEZ ana") == found("ana@") == ["ana@example.com"]
        assert found("lukasz obrien") == found("brien") == found("X.Y@Example.NET") == ["x.y@example.net"]
        assert found("ana bell") == []
        assert found("nob") == ["nobody@example.com"]
        for text in ("%", "_", "\u202e", "'; --", "a" * 300, "example.com"):
            assert found(text) == []


@pytest.mark.any_database
def test_the_words_follow_the_name(app: Flask) -> None:
    kim = make_user(name="Kim Old")
    with write_transaction() as session:
        session.get_one(User, kim).name = "Kim New"
    assert found("new") == [EMAIL]
    assert found("old") == []
    delete_account(kim)
    assert found("kim") == []


def test_the_list_goes_on_below_the_last_account(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_search, "PER_PAGE", 2)
    for number in range(4):
        make_user(f"{number}@example.com", name="Same")
    first = viewer.get("/admin/customers").text
    assert "3@example" in first.replace("<wbr>", "")
    third = credentials.find_by_email("2@example.com")
    assert third is not None
    assert f"before={third.id}" in first
    second = viewer.get(f"/admin/customers?before={third.id}").text.replace("<wbr>", "")
    assert "1@example.com" in second
    assert "2@example.com" not in second
    assert "Type more" in viewer.get("/admin/customers?q=same").text
    assert viewer.get("/admin/customers?before=99999999999999999999").status_code == 200


def test_a_page_shows_what_the_shop_knows(viewer: Browser) -> None:
    kim = make_user()
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 7}])
    number = place(make_draft({"CUP": 1}), "a key of good length").order.number
    with write_transaction() as session:
        session.execute(update(Order).values(user_id=kim, paid=Order.total))
        session.execute(update(User).where(User.id == kim).values(marketing_consent_source="a card"))
        session.add(Address(user_id=kim, name="Kim <b>", line1="1 Rue", city="Lyon", country="FR"))
    page = viewer.get(f"/admin/customers/{kim}")
    for text in (
        f"/admin/orders/{number}",
        "Kim &lt;b&gt;",
        "1 order, ",
        "has not agreed",
        "None: no mailed",
    ):
        assert text in page.text
    assert "Disable the account" not in page.text, "a viewer changes nothing"
    assert "Security</h2>" not in page.text, "events need staff:read"
    assert "no-store" in page.headers["Cache-Control"]
    for missing in (99, 2**40):
        assert viewer.get(f"/admin/customers/{missing}").status_code == 404


def test_access_ends_and_comes_back(app: Flask, manager: Browser) -> None:
    kim, browser = make_user(), Browser(app)
    browser.sign_in()
    path = f"/admin/customers/{kim}/access"
    assert "Account created" in manager.get(f"/admin/customers/{kim}").text
    assert manager.post(path, what="sign-out").status_code == 303
    assert not browser.is_signed_in()
    browser.sign_in()
    for _again in range(2):
        assert manager.post(path, what="disable").status_code == 303
        assert user(kim).disabled_at is not None
    assert not browser.is_signed_in()
    assert "can’t sign in" in manager.get(f"/admin/customers/{kim}").text
    assert manager.post(path, what="enable").status_code == 303
    assert user(kim).disabled_at is None
    assert manager.post(path, what="delete").status_code == 422


@pytest.mark.any_database
def test_members_of_the_staff_are_not_changed(app: Flask, manager: Browser) -> None:
    owner = make_user("owner@shop.example", role="owner")
    before = user(owner).generation
    for what in ("disable", "enable", "sign-out"):
        answer = manager.post(f"/admin/customers/{owner}/access", what=what)
        expected = 303 if what == "enable" else 409
        assert answer.status_code == expected, "an enabled account is left as it is"
        assert ("works here" in answer.text) == (expected == 409)
    assert (user(owner).generation, user(owner).disabled_at) == (before, None)
    kim = make_user()
    administration.set_role(EMAIL, "viewer")
    assert manager.post(f"/admin/customers/{kim}/access", what="disable").status_code == 409


@pytest.mark.any_database
def test_all_data_of_a_person_is_one_file(manager: Browser, viewer: Browser) -> None:
    kim = make_user()
    answer = manager.post(f"/admin/customers/{kim}/data")
    assert answer.json is not None
    assert answer.json["profile"]["email"] == EMAIL
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Personal data exported" in manager.get(f"/admin/customers/{kim}").text
    for path in ("data", "access"):
        assert viewer.post(f"/admin/customers/{kim}/{path}", what="disable").status_code == 404


@pytest.mark.parametrize("path", ["/admin/customers", "/admin/customers?q=kim", "/admin/customers/{}"])
def test_each_page_sends_few_statements(manager: Browser, path: str) -> None:
    kim = make_user()
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 7}])
    for number in range(3):
        place(make_draft({"CUP": 1}), f"a key of good length {number}")
    with write_transaction() as session:
        session.execute(update(Order).values(user_id=kim))
    manager.post(f"/admin/customers/{kim}/access", what="sign-out")
    path = path.format(kim)
    manager.get(path)
    begin = 1 if db.engine.dialect.name == "sqlite" else 0
    assert count_statements(lambda: manager.get(path)) <= 8 + begin
