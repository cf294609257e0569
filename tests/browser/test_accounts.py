"""Accounts in a real browser, with and without JavaScript; axe-core checks every page."""

from __future__ import annotations

import re
import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.letters import open_letter, sign_in_link
from tests.browser.pages import wait_until_interactive
from tests.browser.test_looks import OPTIONS
from tests.processes import Shop

PASSWORD = "a pot of green tea"
OTHER = "two cups and a kettle"
PAGES = ("", "/addresses", "/addresses/new", "/devices", "/deletion")
ENTERING = ("/login", "/register", "/register/sent", "/reset", "/reset/not-a-link")


def register(page: Page, shop: Shop, email: str) -> None:
    page.goto("/account/register")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_text("This shop doesn’t send e-mail yet")).to_be_visible()
    open_letter(page, shop, email)
    page.get_by_label("Your name").fill("Kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(re.compile(r"/account(\?.*)?$"))
    page.wait_for_load_state()  # leaving earlier would abort its requests


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fresh() -> str:
    return f"kim-{uuid.uuid4().hex[:12]}@example.com"


def test_a_person_registers_signs_in_and_changes_the_password(page: Page, shop: Shop) -> None:
    email = fresh()
    register(page, shop, email)
    expect(page).to_have_url(re.compile("/account$"))
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")

    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("Check the highlighted fields")
    new = page.get_by_label("New password")
    expect(new).to_have_accessible_description(re.compile("^Use at least 10 characters"))
    expect(new).to_be_focused()
    new.fill(OTHER)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password has been changed")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You’re signed out.")
    page.goto("/account/devices")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("Incorrect e-mail address or password")
    sign_in(page, email, OTHER)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text="this device")).to_have_count(1)


def test_a_forgotten_password_is_reset(page: Page, shop: Shop) -> None:
    email = fresh()
    register(page, shop, email)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_text("This shop doesn’t send e-mail yet")).to_be_visible()
    open_letter(page, shop, email)
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Set password").click()
    sign_in(page, email, OTHER)
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")


def test_an_address_is_saved(page: Page, shop: Shop, javascript: bool) -> None:
    register(page, shop, fresh())
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Addresses").click()
    late: list[Route] = []
    chosen = False
    page.route("**/country-fields*", lambda route: route.continue_() if chosen else late.append(route))
    page.get_by_role("link", name="Add address").click()
    page.get_by_label("Street and number").fill("12 Harbour Row")
    page.get_by_label("Country").select_option(label="United Kingdom")
    chosen = True
    for script in late:  # the script arrives after the country was chosen, as over a slow connection
        script.continue_()
    if not javascript:
        page.get_by_role("button", name="Update").click()
    page.get_by_label("Postal code").fill("BS1 4XX")
    page.get_by_label("Town").fill("Bristol")
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("status")).to_have_text("The address has been saved.")
    expect(page.get_by_role("main")).to_contain_text("12 Harbour Row")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_any_page_of_an_account(
    browser: Browser, shop: Shop, width: int, scheme: str
) -> None:
    axe, context = (
        Axe(),
        browser.new_context(base_url=shop.url, viewport={"width": width, "height": 800}, color_scheme=scheme),
    )

    def look(page: Page) -> None:
        page.wait_for_load_state()
        wait_until_interactive(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        results = axe.run(page, options=OPTIONS)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    try:
        page = context.new_page()
        for path in ENTERING:
            page.goto(f"/account{path}")
            look(page)
        page.goto("/account/login")
        page.evaluate("document.querySelector('main form').noValidate = true")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look(page)
        page.goto(sign_in_link(shop))
        look(page)
        page.get_by_role("button", name="Sign in").click()
        page.goto("/account/register")
        page.get_by_label("E-mail").fill(fresh())
        page.get_by_role("button", name="Send link").click()
        look(page)
        page.get_by_role("link", name="Open its link").click()  # shown to staff who signed in by a link
        look(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        for path in PAGES:
            page.goto(f"/account{path}")
            look(page)
    finally:
        context.close()
