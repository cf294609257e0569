"""A passkey in a real browser, with Chromium's virtual authenticator (DevTools protocol, WebAuthn)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.processes import Shop
from tests.stock.streams import run_command


@pytest.mark.slow
def test_passkey_is_made_and_signs_in(browser: Browser, shop: Shop) -> None:
    email = "passkey@shop.example"
    made = run_command(shop, "user", "create", email, "--generate")
    password = made.split("Password: ")[1].split()[0]
    context = browser.new_context(base_url=shop.url.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto("/account/security")
    page.get_by_label("Name of the new passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.get_by_role("link", name="I’ve saved my codes").click()
    page.get_by_text("Laptop").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Keep me signed in").check()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account")
    kept = [one for one in context.cookies() if one["name"].startswith("signin")]
    assert kept[0]["expires"] > 0, "the tick box counts for the passkey, too"
    context.close()
