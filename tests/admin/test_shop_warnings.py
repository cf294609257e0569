"""The first page says what keeps the shop from working, and leads to where it is mended."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.accounts.models import User
from storefront.cdn import status
from storefront.extensions import write_transaction
from storefront.mail import transport
from storefront.mail.queue import QueuedMail
from tests.accounts.people import staff_browser


def test_a_sound_shop_has_no_warnings(app: Flask) -> None:
    assert "Needs your attention" not in staff_browser(app).get("/admin").text


def test_each_fault_has_a_sentence_and_a_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, stock = staff_browser(app, "manager"), staff_browser(app, "stock")
    with write_transaction() as session:
        session.add(QueuedMail(id="1", recipient="kim@example.com", message="{}", attempts=2))
        session.add(QueuedMail(id="2", recipient="kim@example.com", message="{}"))
        session.execute(update(User).where(User.role == "owner").values(is_staff=False))
    monkeypatch.setattr(transport, "stores_mail", lambda: False)
    behind = [status.EdgeStatus("https://edge.example", waiting=3, oldest=90.0)]
    monkeypatch.setattr("storefront.admin.shop_warnings.read_status", lambda: behind)
    page = manager.get("/admin").text
    for sentence in ("no mail server", "1 letter could not be sent", "has no owner", "still shows old pages"):
        assert sentence in page
    for way in ("/admin/system", "/admin/staff", "/admin/system/cache"):
        assert f'<a href="{way}">' in page.partition("Needs your attention")[2]
    page = stock.get("/admin").text.partition("Needs your attention")[2]
    assert "no mail server" in page
    assert "/admin/system" not in page, "their role cannot open it"
