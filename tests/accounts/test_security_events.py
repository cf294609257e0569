"""Security events are added and never changed, are bounded, and forget deleted people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront.accounts import privacy, security_events
from storefront.accounts.models import SecurityEvent
from storefront.accounts.security_events import KINDS, SecurityEventChangedError, SecurityEventKind
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL


def events() -> list[SecurityEvent]:
    db.session.rollback()
    return list(db.session.scalars(db.select(SecurityEvent).order_by(SecurityEvent.id)))


def record(kind: SecurityEventKind, user_id: int | None, times: int = 1, **more: str) -> None:
    with write_transaction() as session:
        for _ in range(times):
            security_events.record(session, kind, user_id, **more)


def test_an_event_has_the_address_and_device(app: Flask, kim: int) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "2001:db8::7"}):
        record("role-changed", kim, detail="staff")
    (event,) = events()
    assert (event.kind, event.user_id, event.name, event.detail) == ("role-changed", kim, EMAIL, "staff")
    assert (event.address, event.device) == ("2001:db8::7", "Firefox on Linux")


def test_events_are_never_changed(app: Flask, kim: int) -> None:
    record("sign-in", kim)
    (event,) = events()
    event.kind = "sign-in-failed"
    with pytest.raises(SecurityEventChangedError):
        db.session.flush()


def test_a_flood_of_failures_does_not_fill_the_table(app: Flask, kim: int) -> None:
    most = KINDS["sign-in-failed"].most_per_day
    assert most is not None
    for user_id in (kim, None):
        record("sign-in-failed", user_id, times=most + 5)
    assert [event.user_id for event in events()] == [kim] * most + [None] * most
    with write_transaction() as session:
        session.execute(db.update(SecurityEvent).values(at=datetime.now(UTC) - timedelta(days=1, seconds=1)))
    record("sign-in-failed", kim)
    assert len(events()) == 2 * most + 1


def test_events_of_a_deleted_account_forget_the_person(app: Flask, kim: int) -> None:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        record("sign-in", kim, detail="x")
        privacy.delete_account(kim)
    assert [event.kind for event in events()] == ["sign-in", "account-deleted"]
    for event in events():
        assert (event.name, event.address, event.device, event.detail) == ("", "", "", "")


def test_events_are_kept_for_400_days(app: Flask, kim: int) -> None:
    record("sign-in", kim, times=2)
    first, second = events()
    with write_transaction() as session:
        for event, days in ((first, 400), (second, 399)):
            at = datetime.now(UTC) - timedelta(days=days, minutes=1)
            session.execute(db.update(SecurityEvent).where(SecurityEvent.id == event.id).values(at=at))
    kept = second.id
    assert security_events.delete_old() == 1
    assert [event.id for event in events()] == [kept]
    assert security_events.delete_old() == 0
