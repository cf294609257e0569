"""The checkout in a real browser, for guests and customers, with and without scripts; axe-core checks each page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.letters import open_letter, read_letter, sign_in_link
from tests.browser.pages import PRODUCT, wait_until_interactive
from tests.browser.test_accounts import fresh, register
from tests.browser.test_looks import OPTIONS
from tests.processes import Shop
from tests.stock.streams import import_products


def put_in(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_text("is in your basket").filter(visible=True).first).to_be_visible()


def fill_in(page: Page) -> None:
    address = part(page, "Delivery address")
    address.get_by_label("Name", exact=True).fill("Ada Byron")
    address.get_by_label("Street and number").fill("1 Kiln Row")
    address.get_by_label("ZIP code").fill("62701")
    address.get_by_label("City").fill("Springfield")
    address.get_by_label("State").select_option(label="Illinois")


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def order(page: Page) -> str:
    """Place the order; return its number."""
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_text("Reserved for you until")).to_be_visible()
    page.get_by_role("button", name="Buy now for").click()
    expect(page.get_by_role("status").first).to_have_text("Thank you! We’ve received your order.")
    heading = page.get_by_role("heading", level=1).inner_text()
    return heading.removeprefix("Order ")


def test_a_guest_buys_the_last_items_and_the_badge_changes(page: Page, shop: Shop, javascript: bool) -> None:
    sku = "RARE-JS" if javascript else "RARE-PLAIN"
    path = make_rare(shop, sku)
    page.goto(path)
    expect(page.locator("stock-badge").first).to_contain_text("Only 2 left")
    put_in(page, path)
    page.goto("/cart")
    page.get_by_role("button", name="Checkout", exact=True).click()
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Enter the ZIP code.").click()
    address, invoice = part(page, "Delivery address"), part(page, "Billing address")
    expect(address.get_by_label("ZIP code")).to_be_focused()
    expect(invoice.get_by_label("Street and number")).to_be_hidden()
    invoice.get_by_label("Use a different billing address").check()
    invoice.get_by_label("Street and number").fill("2 Ledger Lane")
    invoice.get_by_label("Country").select_option(label="Germany")
    if not javascript:
        invoice.get_by_role("button", name="Update").click()
    expect(invoice.get_by_label("ZIP code")).to_have_count(0)
    invoice.get_by_label("Postal code").fill("10115")
    invoice.get_by_label("City").fill("Berlin")
    invoice.get_by_label("Name", exact=True).fill("Byron & Daughters")
    page.get_by_label("E-mail").fill("ada@shop.example")
    fill_in(page)
    address.get_by_label("Country").select_option(label="Japan")
    if not javascript:
        address.get_by_role("button", name="Update").click()
    expect(address.get_by_label("Prefecture")).to_be_visible()
    expect(address.get_by_label("Street and number")).to_have_value("1 Kiln Row")
    expect(invoice.get_by_label("Street and number")).to_have_value("2 Ledger Lane")
    address.get_by_label("Country").select_option(label="United States")
    if not javascript:
        address.get_by_role("button", name="Update").click()
    expect(address.get_by_label("State")).to_be_visible()
    fill_in(page)
    page.get_by_text("Express delivery").click()
    number = order(page)
    letter = read_letter(shop, "ada@shop.example")
    assert all(words in letter for words in (number, "1 Kiln Row", "Billing address", "10115 Berlin"))
    open_letter(page, shop, "ada@shop.example")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {number}")
    page.goto(path)
    expect(page.locator("stock-badge").first).to_contain_text("Only 1 left")
    page.goto("/cart")
    expect(page.get_by_text("Items you add are saved for a year")).to_be_visible()


def test_a_customer_buys_and_cancels_the_order(page: Page, shop: Shop, javascript: bool) -> None:
    email = fresh()
    register(page, shop, email)
    path = make_rare(shop, "OWN-JS" if javascript else "OWN-PLAIN")
    put_in(page, path)
    page.goto("/checkout")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    fill_in(page)
    number = order(page)
    assert number in read_letter(shop, email)
    badge = page.locator("stock-badge").first
    page.goto(path)
    expect(badge).to_contain_text("Only 1 left")
    page.goto("/account/orders")
    page.get_by_role("link", name=f"Order {number}").click()
    page.get_by_text("Cancel the order", exact=True).click()
    page.get_by_role("button", name="Yes, cancel the order").click()
    expect(page.get_by_role("status").first).to_contain_text("Your order has been cancelled")
    page.goto("/account/orders")
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text=number)).to_contain_text(
        "Cancelled"
    )
    page.goto(path)
    expect(badge).to_contain_text("Only 2 left")


def test_typing_goes_on_while_a_countrys_form_arrives(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)
    try:
        page, late = context.new_page(), list[Route]()
        put_in(page, PRODUCT)
        page.goto("/checkout")
        page.route("**/checkout?country=*", lambda route: late.append(route))
        address = part(page, "Delivery address")
        with page.expect_request("**/checkout?country=*"):
            address.get_by_label("Country").select_option(label="United Kingdom")
        address.get_by_label("Name", exact=True).focus()
        page.keyboard.type("Ada ")
        for answer in late:
            answer.continue_()
        expect(address.get_by_label("Town")).to_be_visible()
        page.keyboard.type("Byron")
        expect(address.get_by_label("Name", exact=True)).to_have_value("Ada Byron")
    finally:
        context.close()


def test_going_back_leads_through_the_checkout_after_an_error(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)
    try:
        page = context.new_page()
        put_in(page, PRODUCT)
        page.goto("/checkout")
        page.get_by_role("button", name="Continue to review").click()
        expect(page.get_by_role("alert")).to_be_visible()
        wait_until_interactive(page)  # before that no script makes the page one that going back can show
        page.get_by_label("E-mail").fill("ada@shop.example")
        fill_in(page)
        page.get_by_role("button", name="Continue to review").click()
        expect(page).to_have_url(re.compile("/checkout/review"))
        page.go_back()
        expect(page.get_by_label("E-mail")).to_have_value("ada@shop.example")
        expect(part(page, "Delivery address").get_by_label("City")).to_have_value("Springfield")
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Continue to review").click()
        expect(page.get_by_text("Reserved for you until")).to_be_visible()
    finally:
        context.close()


def test_the_countdown_of_a_hold_uses_the_servers_clock(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url, timezone_id="Asia/Tokyo", locale="en-GB")
    try:
        page = context.new_page()
        page.clock.set_fixed_time("2030-01-01T12:00:00Z")
        put_in(page, PRODUCT)
        page.goto("/checkout")
        page.get_by_label("E-mail").fill("ada@shop.example")
        fill_in(page)
        page.get_by_role("button", name="Continue to review").click()
        expect(page.locator("hold-clock")).to_have_text(
            re.compile(r"Reserved for you until (21:10|21:09), (10:00|9:5\d) left\.")
        )
    finally:
        context.close()


def make_rare(shop: Shop, sku: str) -> str:
    """Create a product of which two are in stock; return its page. No list shows it: other tests look at those."""
    head = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Variant Inventory Tracker,Status"
    import_products(shop, head, f"{sku.lower()},Rare bowl {sku},{sku},19.00,2,shopify,unlisted")
    return f"/products/{sku.lower()}"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_any_page_of_the_checkout(
    browser: Browser, shop: Shop, width: int, scheme: str
) -> None:
    axe = Axe()
    size = {"width": width, "height": 800}
    context = browser.new_context(base_url=shop.url, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]

    def look(page: Page) -> None:
        wait_until_interactive(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        results = axe.run(page, options=OPTIONS)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    try:
        _walk(context.new_page(), shop, look)
    finally:
        context.close()


def _walk(page: Page, shop: Shop, look: Callable[[Page], None]) -> None:
    page.goto("/checkout")
    look(page)
    put_in(page, PRODUCT)
    page.goto("/checkout")
    look(page)
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_role("alert")).to_be_visible()
    part(page, "Billing address").get_by_label("Use a different billing address").check()
    look(page)
    part(page, "Billing address").get_by_label("Use a different billing address").uncheck()
    page.get_by_label("E-mail").fill("ada@shop.example")
    fill_in(page)
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_text("Reserved for you until")).to_be_visible()
    look(page)
    page.evaluate("document.querySelector('[name=seen]').value = 'what was never shown'")
    page.get_by_role("button", name="Buy now for").click()
    expect(page.get_by_role("alert")).to_contain_text("Prices or availability have changed")
    look(page)
    page.get_by_role("button", name="Accept the changes and buy for").click()
    expect(page).to_have_url(re.compile("/orders/"))
    look(page)
    page.goto(sign_in_link(shop))
    page.get_by_role("button", name="Sign in").click()
    page.goto("/admin/orders")
    look(page)
    page.get_by_role("main").get_by_role("rowheader").get_by_role("link").first.click()
    page.wait_for_url("**/admin/orders/*")
    for step in page.locator("details > summary").all():
        step.click()
    look(page)
