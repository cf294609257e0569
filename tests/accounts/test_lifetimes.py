"""Sign-ins end: some time after their last use, and in any case after their absolute lifetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts.models import SignIn
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user

pytestmark = pytest.mark.any_database


def let_pass(**span: float) -> None:
    """Move all sign-ins into the past."""
    db.session.rollback()
    with write_transaction() as transaction:
        for row in transaction.execute(select(SignIn)).scalars():
            for name in ("expires_at", "last_seen_at", "ends_at"):
                setattr(row, name, getattr(row, name) - timedelta(**span))


def test_unused_sign_ins_end(app: Flask, kim: int) -> None:
    short, kept = Browser(app), Browser(app)
    short.sign_in()
    kept.sign_in(keep="1")
    let_pass(hours=23)
    assert short.is_signed_in()  # this request counts as use
    let_pass(hours=23)
    assert short.is_signed_in()
    let_pass(hours=25)
    assert not short.is_signed_in()
    assert short.cookie() is None
    assert kept.is_signed_in()
    let_pass(days=179)
    assert kept.is_signed_in()
    let_pass(days=181)
    assert not kept.is_signed_in()


@pytest.mark.parametrize(
    ("staff", "keep", "lifetime"),
    [
        (True, "", timedelta(hours=12)),
        (True, "1", timedelta(hours=12)),
        (False, "", timedelta(days=30)),
        (False, "1", timedelta(days=400)),
    ],
    ids=["staff", "staff who stay signed in", "customer", "customer who stays signed in"],
)
def test_a_used_sign_in_ends_too(
    app: Flask, browser: Browser, *, staff: bool, keep: str, lifetime: timedelta
) -> None:
    make_user(staff=staff)
    browser.sign_in(keep=keep)
    passed, step = timedelta(0), lifetime / (60 if lifetime > timedelta(days=1) else 10)
    while passed + step < lifetime:
        let_pass(seconds=step.total_seconds())
        passed += step
        assert browser.is_signed_in(), passed
    let_pass(seconds=(lifetime - passed).total_seconds())
    assert not browser.is_signed_in()


def test_row_of_an_older_release_ends_too(browser: Browser, kim: int) -> None:
    browser.sign_in()
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with write_transaction() as transaction:
        row = transaction.execute(select(SignIn)).scalar_one()
        row.ends_at, row.last_seen_at = None, long_ago
    assert browser.is_signed_in()  # counts as use, so the absolute lifetime begins
    db.session.rollback()
    ends_at = db.session.execute(select(SignIn.ends_at)).scalar_one()
    assert ends_at is not None
    assert timedelta(days=29) < ends_at - datetime.now(UTC) <= timedelta(days=30)
