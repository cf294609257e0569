"""/admin/staff: invitations, roles and the end of access."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.accounts import credentials
from storefront.accounts.models import SecurityEvent, StaffInvitation
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, PASSWORD, Browser, last_link, make_user, staff_browser, user

NEW = "lee@example.com"


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def invite(owner: Browser, email: str = NEW, role: str = "orders") -> None:
    assert owner.post("/admin/staff/invitations", email=email, role=role).status_code == 303


def test_a_new_person_accepts_and_finds_orders_only(app: Flask, owner: Browser) -> None:
    invite(owner, "Lee@Example.com")
    link, lee = last_link(app), Browser(app)
    assert "Your role: <strong>Orders</strong>" in lee.get(link).text
    assert lee.post(link, name="Lee", password="short").status_code == 422
    assert lee.post(link, name="Lee", password=PASSWORD).location == "/admin"
    assert lee.get("/admin/orders").status_code == 200
    for path in ("/admin/stock", "/admin/staff", "/admin/system"):
        assert lee.get(path).status_code == 404
        assert f'href="{path}"' not in lee.get("/admin").text
    assert Browser(app).get(link).status_code == 410, "it works once"
    assert NEW not in owner.get("/admin/staff").text.partition("Invite somebody")[0].partition("Invited")[2]
    changed = (
        select(SecurityEvent.actor).where(SecurityEvent.kind == "role-changed").order_by(SecurityEvent.id)
    )
    accepted = credentials.find_by_email(NEW)
    assert accepted
    assert db.session.scalars(changed).all()[-1] == f"staff:{accepted.id}", "no guest"


@pytest.mark.any_database
def test_a_customer_keeps_the_account_and_accepts(app: Flask, owner: Browser) -> None:
    kim = make_user()
    invite(owner, EMAIL, "viewer")
    link, browser = last_link(app), Browser(app)
    assert browser.get(link).location == f"/account/login?next={link}"
    assert browser.post(link).location == f"/account/login?next={link}"
    browser.sign_in()
    assert "password" not in browser.get(link).text.partition("<main")[2]
    assert browser.post(link).location == "/admin"
    assert user(kim).staff_role == "viewer"
    assert browser.get("/admin").status_code == 200


@pytest.mark.any_database
def test_nobody_else_can_use_an_invitation(app: Flask, owner: Browser) -> None:
    make_user()
    make_user(NEW)
    invite(owner, EMAIL)
    link, lee = last_link(app), Browser(app)
    lee.sign_in(NEW)
    assert lee.post(link).status_code == 303
    assert user(credentials.find_by_email(NEW).id).staff_role == ""  # type: ignore[union-attr]


@pytest.mark.any_database
def test_old_and_withdrawn_invitations_do_not_work(app: Flask, owner: Browser) -> None:
    invite(owner)
    first = last_link(app)
    invite(owner)
    second = last_link(app)
    assert Browser(app).get(first).status_code == 410, "the newer one replaces it"
    with write_transaction() as session:
        session.execute(update(StaffInvitation).values(expires_at=StaffInvitation.created_at))
    assert Browser(app).get(second).status_code == 410
    (number,) = db.session.scalars(select(StaffInvitation.id)).all()
    assert owner.post(f"/admin/staff/invitations/{number}/removal").status_code == 303
    assert owner.post(f"/admin/staff/invitations/{number}/removal").status_code == 404


def test_access_ends_at_once(app: Flask, owner: Browser) -> None:
    helper = staff_browser(app, "orders")
    helper_id = credentials.find_by_email("orders@shop.example").id  # type: ignore[union-attr]
    assert helper.get("/admin/orders").status_code == 200
    assert owner.post(f"/admin/staff/{helper_id}/removal", shown="orders").status_code == 303
    assert helper.get("/admin/orders").status_code == 303
    db.session.rollback()
    assert ("role-changed", "customer") in db.session.execute(
        select(SecurityEvent.kind, SecurityEvent.detail)
    ).all()


def test_two_owners_do_not_overwrite_each_other(app: Flask, owner: Browser) -> None:
    staff_browser(app, "orders")
    helper_id = credentials.find_by_email("orders@shop.example").id  # type: ignore[union-attr]
    assert owner.post(f"/admin/staff/{helper_id}/role", shown="orders", role="stock").status_code == 303
    answer = owner.post(f"/admin/staff/{helper_id}/role", shown="orders", role="viewer")
    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert user(helper_id).staff_role == "stock"


@pytest.mark.any_database
def test_a_shop_keeps_an_owner(owner: Browser) -> None:
    mine = credentials.find_by_email("owner@shop.example").id  # type: ignore[union-attr]
    for path, form in ((f"{mine}/role", {"role": "viewer"}), (f"{mine}/removal", {})):
        answer = owner.post(f"/admin/staff/{path}", shown="owner", **form)
        assert answer.status_code == 409
        assert "needs an owner" in answer.text
    assert owner.get("/admin/staff").status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize(
    "form", [{"email": "lee"}, {"role": "emperor"}, {"role": ""}, {"email": "\u202elee@x.example"}]
)
def test_bad_invitations_get_a_sentence(owner: Browser, form: dict[str, str]) -> None:
    answer = owner.post("/admin/staff/invitations", **{"email": NEW, "role": "orders", **form})
    assert answer.status_code == 422
    assert db.session.scalars(select(StaffInvitation)).all() == []


@pytest.mark.any_database
def test_only_owners_change_the_staff(app: Flask, owner: Browser) -> None:
    manager = staff_browser(app, "manager")
    assert "Invite somebody" not in manager.get("/admin/staff").text
    assert manager.post("/admin/staff/invitations", email=NEW, role="owner").status_code == 404
    answer = owner.post("/admin/staff/invitations", email="manager@shop.example", role="owner")
    assert (answer.status_code, "already works here" in answer.text) == (409, True)
