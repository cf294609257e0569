"""A merchant's first day in the back office: on a desk with JavaScript, and on a phone without it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.letters import open_letter
from tests.browser.pages import wait_until_interactive
from tests.factories import png
from tests.processes import Shop

SECONDS = 10_000  # milliseconds that a change may take to show on a busy machine
ROWS = 300
# Pastes a text into the focused input, as the browser does.
PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const options = { clipboardData, bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""
FILL = "(all, texts) => all.forEach((one, place) => { one.value = texts[place]; })"
VALUES = "all => all.map((one) => one.value)"
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture
def context(javascript: bool, browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    """The merchant's browser: wide and with scripts, or a phone's and without them."""
    viewport = {"width": 1440 if javascript else 360, "height": 800}
    context = browser.new_context(
        base_url=shop.url,
        java_script_enabled=javascript,
        viewport=viewport,  # type: ignore[arg-type]
    )
    yield context
    context.close()


@pytest.fixture
def shopper(javascript: bool, browser: Browser, shop: Shop) -> Iterator[Page]:
    """A tab of somebody else's browser."""
    context = browser.new_context(base_url=shop.url, java_script_enabled=javascript)
    yield context.new_page()
    context.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def expect_fits(page: Page, javascript: bool) -> None:
    """Check that no part of the page is wider than the window, and that the menu shows where one is."""
    if not javascript:  # the phone
        assert page.evaluate(WIDTH) <= 360, page.url
    expect(page.locator("nav[aria-label='Back office'] [aria-current]").first).to_be_in_viewport()


def test_a_product_is_made_and_changes_in_open_pages(
    office: Page, shopper: Page, shop: Shop, javascript: bool
) -> None:
    title = f"Day{'light' if javascript else 'break'} Cup"
    office.goto("/admin/products/new")
    office.get_by_label("Title", exact=True).fill(title)
    for number, (name, values) in enumerate(
        {"Size": "Small\nLarge", "Glaze": "Ash\nRust\nCeladon"}.items(), 1
    ):
        office.get_by_label(f"Option {number}", exact=False).first.fill(name)
        office.get_by_label(f"Values of option {number}").fill(values)
    office.get_by_role("textbox", name=re.compile("^Price")).fill("24.00")
    office.get_by_label("On hand").fill("9")
    press(office, "Save")
    office.wait_for_url(re.compile(r"/admin/products/\d+"))
    assert office.locator(".variant-row").count() == 6
    expect_fits(office, javascript)
    pictures = [
        {
            "name": f"cup-{shade}.png",
            "mimeType": "image/png",
            "buffer": png(shade + 40 * javascript, (640, 480)),
        }
        for shade in range(4)
    ]
    office.get_by_label("New pictures").set_input_files(pictures)  # type: ignore[arg-type]
    press(office, "Save and upload")
    expect(office.locator(".picture-row")).to_have_count(4)
    expect_fits(office, javascript)
    address = f"/products/{title.lower().replace(' ', '-')}"
    assert shopper.goto(address).status == 404  # type: ignore[union-attr]

    office.get_by_label("Status", exact=True).select_option("active")
    expect(office.get_by_label("On hand")).to_have_count(6)
    for field in office.get_by_label("On hand").all():
        field.fill("9")
    press(office, "Save")
    office.get_by_role("link", name="View in shop").wait_for()
    assert shopper.goto(address).status == 200  # type: ignore[union-attr]
    expect(shopper.get_by_role("heading", level=1)).to_have_text(title)
    assert shopper.locator(".gallery img").count() >= 4
    badge = shopper.locator("#buy stock-badge")
    expect(badge).to_have_text("In stock")
    # Else a reload shows one that is in stock.
    shopper.goto(f"{address}?variant={badge.get_attribute('sku')}")

    office.get_by_label("On hand").first.fill("0")
    press(office, "Save")
    expect(office.get_by_role("status").first).to_be_visible()
    if not javascript:
        shopper.reload()
    expect(badge).to_have_text("Sold out", timeout=SECONDS)


def test_a_file_and_300_prices_are_undone(office: Page, javascript: bool) -> None:
    word = "daycup" if javascript else "daybowl"
    head = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status"
    rows = [
        f"{word}-{number // 100},{word} {number // 100},Size,{number},{word}{number},10.00,5,draft"
        for number in range(ROWS)
    ]
    office.goto("/admin/imports")
    office.get_by_role("link", name="New import").click()
    file = {"name": "cups.csv", "mimeType": "text/csv", "buffer": "\n".join([head, *rows, ""]).encode()}
    office.get_by_label("Catalogue as CSV").set_input_files(file)  # type: ignore[arg-type]
    press(office, "Compare with the shop")
    press(office, "Apply to 3 products")
    office.get_by_role("button", name="Undo", exact=True).wait_for()
    expect_fits(office, javascript)
    imported = office.url

    sheet = f"/admin/grid?view=prices&q={word}&sort=title"
    prices = office.locator("[name^=price-]")
    office.goto(sheet)
    assert prices.evaluate_all(VALUES) == ["10.00"] * ROWS
    wanted = [f"{11 + number / 100:.2f}" for number in range(ROWS)]
    if javascript:
        prices.first.focus()
        office.evaluate(PASTE, "\r\n".join(wanted) + "\r\n")
        expect(office.locator("output")).to_have_text("300 cells are not saved yet")
    else:
        prices.evaluate_all(FILL, wanted)
    press(office, "Preview changes")
    office.wait_for_url("**/admin/imports/*")
    expect(office.get_by_text("10.00").first).to_be_visible()
    press(office, "Apply to 3 products")
    office.get_by_role("button", name="Undo", exact=True).wait_for()
    changed = office.url
    office.goto(sheet)
    assert prices.evaluate_all(VALUES) == wanted
    expect_fits(office, javascript)
    for page, left in ((changed, ["10.00"] * ROWS), (imported, [])):
        office.goto(page)
        press(office, "Undo")
        expect(office.get_by_text("Undone on")).to_be_visible()
        office.goto(sheet)
        assert prices.evaluate_all(VALUES) == left


def test_a_scanner_takes_stock(office: Page, shop: Shop, javascript: bool) -> None:
    with closing(sqlite3.connect(shop.instance / "storefront.sqlite3")) as database:
        [(sku, barcode, on_hand)] = database.execute(
            "SELECT variant.sku, barcode, on_hand FROM variant JOIN stock_item ON stock_item.sku = variant.sku"
            " WHERE barcode != '' AND tracked AND reserved = 0 AND on_hand > 3 ORDER BY variant.sku DESC LIMIT 1"
        )
    office.goto("/admin/stock/takings")
    office.get_by_label("Name of a new stock-taking").fill("Cellar")
    press(office, "Start counting")
    office.wait_for_url(re.compile(r"/takings/\d+$"))
    wait_until_interactive(office)  # before that the form sends a scan

    def scan(text: str, counted: int) -> None:
        expect(office.locator("[data-field]")).to_be_focused()
        office.keyboard.type(text)
        office.keyboard.press("Enter")
        expect(office.locator("[data-last]")).to_contain_text(f"{counted} counted")

    scan(barcode, 1)
    scan(barcode, 2)
    scan("3", 4)
    scan(barcode, 5)
    expect(office.locator("[data-last]")).to_contain_text(f"{on_hand} expected")
    expect_fits(office, javascript)
    office.get_by_role("link", name="Review and apply").click()
    expect(office.get_by_role("main")).to_contain_text(f"{5 - on_hand:+d}")
    press(office, "Apply all differences")
    stock = office.context.new_page()
    for verb, left in (("Undo", 5), ("", on_hand)):
        stock.goto(f"/admin/stock?code={sku}")
        expect(stock.get_by_role("main")).to_contain_text(f"{left} on hand")
        if verb:
            press(office, verb)
            office.get_by_text("undone").first.wait_for()


def test_a_helper_for_orders_finds_nothing_else(
    office: Page, shopper: Page, shop: Shop, javascript: bool
) -> None:
    helper = f"helper-{javascript}@shop.example".lower()
    office.goto("/admin/staff")
    office.get_by_label("E-mail address").fill(helper)
    office.get_by_role("radio", name=re.compile("^Orders")).check()
    press(office, "Send invitation")
    expect(office.get_by_role("status").first).to_be_visible()
    expect_fits(office, javascript)

    open_letter(shopper, shop, helper)
    shopper.get_by_label("Your name").fill("Robin")
    shopper.get_by_label("Password").fill("a pot of green tea")
    shopper.get_by_role("main").get_by_role("button").first.click()
    shopper.wait_for_url("**/admin")
    links = "nav[aria-label='Back office'] a"
    hrefs = "all => all.map((one) => new URL(one.href).pathname)"
    own, all_pages = (set(page.locator(links).evaluate_all(hrefs)) for page in (shopper, office))
    assert own == {"/admin", "/admin/orders"}
    statuses = {
        path: shopper.request.get(path).status for path in sorted(all_pages | {"/admin/products/new"})
    }
    assert {path for path, status in statuses.items() if status == 200} == own
    assert {status for path, status in statuses.items() if path not in own} == {404}
    shopper.goto("/admin/orders")
    expect(shopper.get_by_role("heading", level=1)).to_have_text("Orders")
