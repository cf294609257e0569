"""Sensitive acts ask again after fifteen minutes, and lose nothing that was entered."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.accounts.authentication import PROOF_LIFETIME
from storefront.accounts.models import SignIn
from storefront.extensions import db, write_transaction
from tests.accounts.authenticator import Authenticator
from tests.accounts.factors import add_passkey, later_code, options, set_up_app
from tests.accounts.people import PASSWORD, Browser, make_user

pytestmark = pytest.mark.any_database


def let_pass(span: timedelta = PROOF_LIFETIME) -> None:
    """Make every proof as old as this."""
    db.session.rollback()
    with write_transaction() as session:
        session.execute(update(SignIn).values(proven_at=datetime.now(UTC) - span))


def carried(page: str) -> dict[str, str]:
    """Return the hidden fields of the page's last form."""
    form = page.rpartition("<form")[2]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in pairs}


def others(browser: Browser) -> int:
    db.session.rollback()
    return len(db.session.scalars(select(SignIn.id).where(SignIn.revoked_at.is_(None))).all())


ACTS = (
    "/account/devices/removal",
    "/account/devices/1/removal",
    "/account/devices/known/1/removal",
    "/account/security/app",
    "/account/security/app/removal",
    "/account/security/passkeys",
    "/account/security/passkeys/1/removal",
    "/account/security/recovery-codes",
)


@pytest.mark.parametrize("path", ACTS)
def test_sensitive_act_asks_again(browser: Browser, kim: int, path: str) -> None:
    browser.sign_in()
    let_pass(PROOF_LIFETIME - timedelta(minutes=1))
    assert "Confirm it’s you" not in browser.post("/account/security/recovery-codes").text
    let_pass()
    asked = browser.post(path, name="<b>", code="1")
    assert asked.status_code == 403
    assert "Confirm it’s you" in asked.text
    assert f'action="{path}"' in asked.text
    assert carried(asked.text) == {"name": "<b>", "code": "1"}


def test_form_is_carried_along_and_done_after_the_proof(app: Flask, browser: Browser, kim: int) -> None:
    other = Browser(app, agent="Chrome Android")
    other.sign_in()
    browser.sign_in()
    let_pass()
    row = db.session.scalars(select(SignIn.id).where(SignIn.device == "Chrome on Android")).one()
    path = f"/account/devices/{row}/removal"
    fields = carried(browser.post(path, note="a & b").text)
    assert fields == {"note": "a & b"}
    wrong = browser.post(path, **fields, proof_password="not the password")
    assert (wrong.status_code, "Incorrect password." in wrong.text) == (422, True)
    assert carried(wrong.text) == fields, "nothing is lost by a slip"
    assert other.is_signed_in()
    done = browser.post(path, **fields, proof_password=PASSWORD)
    assert (done.status_code, done.location) == (303, "/account/devices?said=device")
    assert not other.is_signed_in()
    assert browser.post("/account/security/recovery-codes").status_code == 422, "proven for 15 minutes"


def test_export_asks_again_and_goes_on(browser: Browser, kim: int) -> None:
    browser.sign_in()
    let_pass()
    asked = browser.get("/account/data")
    assert asked.location == "/account/proof?next=/account/data"
    assert browser.post(asked.location, proof_password="wrong").status_code == 422
    answer = browser.post(asked.location, proof_password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/account/data")
    assert browser.get("/account/data").mimetype == "application/json"
    assert browser.get(asked.location).location == "/account/data", "nothing to ask"


def test_proof_goes_on_only_to_own_pages(browser: Browser, kim: int) -> None:
    browser.sign_in()
    answer = browser.post("/account/proof?next=//evil.example", proof_password=PASSWORD)
    assert answer.location == "/account"


def test_code_and_passkey_prove_too(browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    passkey = Authenticator()
    add_passkey(browser, passkey)
    let_pass()
    assert "(optional)" not in browser.get("/account/proof").text, "one of the two is needed"
    assert browser.post("/account/proof", proof_password="", proof_code="000000").status_code == 422
    code = {"proof_password": "", "proof_code": later_code(code_of)}
    assert browser.post("/account/proof", **code).status_code == 303
    let_pass()
    asked = browser.post("/account/security/app/removal")
    proof = passkey.get(options(asked, "get"))
    done = browser.post("/account/security/app/removal", proof_credential=proof)
    assert done.location == "/account/security?said=factor-removed"


def test_proof_counts_in_one_browser_only(app: Flask, browser: Browser, kim: int) -> None:
    stolen = Browser(app)
    stolen.sign_in()
    browser.sign_in()
    let_pass()
    browser.post("/account/proof", proof_password=PASSWORD)
    assert stolen.post("/account/devices/removal").status_code == 403


def test_sign_in_of_an_older_release_asks(browser: Browser, kim: int) -> None:
    browser.sign_in()
    with write_transaction() as session:
        session.execute(update(SignIn).values(proven_at=None))
    assert browser.post("/account/devices/removal").status_code == 403


def test_wrong_passwords_are_counted(browser: Browser, kim: int) -> None:
    browser.sign_in()
    let_pass()
    answers = [browser.post("/account/devices/removal", proof_password="wrong").text for _ in range(11)]
    assert "Too many incorrect passwords" in answers[-1]


def test_refund_asks_again_but_a_note_does_not(browser: Browser) -> None:
    make_user(staff=True)
    browser.sign_in()
    let_pass()
    path = "/admin/orders/NO-SUCH/events"
    for kind in ("refunded", "cancelled"):
        asked = browser.post(path, kind=kind, amount="5.00")
        assert (asked.status_code, carried(asked.text)) == (403, {"kind": kind, "amount": "5.00"})
    assert browser.post(path, kind="note", note="x").status_code == 404, "done: there is no such order"
    assert browser.post(path, kind="refunded", proof_password=PASSWORD).status_code == 404
