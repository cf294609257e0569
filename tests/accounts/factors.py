"""Helpers for tests with a second factor."""

from __future__ import annotations

import html
import re
import time

import pyotp
from werkzeug.test import TestResponse

from tests.accounts.authenticator import Authenticator
from tests.accounts.people import Browser

STEP = "/account/login/second-factor"


def set_up_app(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator app for the person in this browser; return it, and the recovery codes if shown."""
    page = browser.get("/account/security/app").text
    offer = re.findall(r'name="offer" value="([^"]+)"', page)[0]
    app = pyotp.TOTP(re.findall(r"account__key'>([A-Z2-7]+)<", page)[0])
    answer = browser.post("/account/security/app", offer=offer, code=app.now())
    assert answer.status_code in (200, 303), answer.text
    return app, recovery_codes(answer)


def recovery_codes(answer: TestResponse) -> list[str]:
    return re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


def later_code(app: pyotp.TOTP) -> str:
    """Return the code of the next time step: it is accepted, and was not used before."""
    return app.at(int(time.time()) + 30)


def options(answer: TestResponse, act: str) -> str:
    """Return the options of WebAuthn in a page, for this act (create or get)."""
    found = re.findall(rf'data-act="{act}" data-options="([^"]+)"', answer.text)
    assert found, answer.text
    return html.unescape(found[0])


def add_passkey(browser: Browser, passkey: Authenticator, name: str = "Key") -> TestResponse:
    """Add a passkey for the person in this browser."""
    wanted = options(browser.get("/account/security"), "create")
    return browser.post("/account/security/passkeys", name=name, credential=passkey.create(wanted))
