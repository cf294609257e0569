"""Nothing on the basket and the checkout moves by itself: Chromium counts no layout shift."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import PRODUCT
from tests.browser.test_checkout import fill_in, make_rare, put_in
from tests.processes import Shop
from tests.stock.streams import set_stock

# Shifts within half a second of a key or a click do not count: https://web.dev/articles/cls
OBSERVER = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    const nodes = shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent);
    if (!shift.hadRecentInput) window.shifts.push([shift.value, nodes]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
SCRIPTS_RAN = """
Promise.all([...document.querySelectorAll(":not(:defined)")].map((one) => customElements.whenDefined(one.localName)))
  .then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))
"""
# As on a telephone: the page is painted before its scripts arrive, and answers arrive after that half second.
SLOW = {"offline": False, "latency": 600, "downloadThroughput": 180_000, "uploadThroughput": 84_000}


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A tab that records its layout shifts."""
    context = browser.new_context(base_url=shop.url)
    context.add_init_script(OBSERVER)
    yield context.new_page()
    context.close()


def assert_still(page: Page) -> None:
    """Wait for the scripts and two frames; fail if anything has moved."""
    page.wait_for_load_state("load")
    page.evaluate(SCRIPTS_RAN)
    assert page.evaluate("window.shifts") == [], page.url


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, pytest.param(1440, marks=pytest.mark.only_long)])
def test_nothing_moves_from_the_basket_to_the_order(page: Page, shop: Shop, width: int) -> None:
    sku = f"STILL{width}"
    for path in (PRODUCT, make_rare(shop, sku)):
        put_in(page, path)
    page.set_viewport_size({"width": width, "height": 800})
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Network.emulateNetworkConditions", SLOW)
    page.goto("/cart")
    assert_still(page)
    field = page.get_by_label("Quantity of Rare bowl")
    for quantity in ("0", "2"):
        field.fill(quantity)
        field.blur()
        expect(page.locator(".cart-line__wrong:not(:empty)")).to_have_count(1 if quantity == "0" else 0)
    expect(page.get_by_role("region", name="Order summary")).to_contain_text("3 items")
    assert_still(page)
    set_stock(shop, sku, 1)
    expect(page.get_by_role("alert")).to_contain_text("Only 1 left", timeout=15_000)
    assert page.evaluate("window.shifts") == []
    page.get_by_role("alert").get_by_role("button", name="Take the one that is left").click()
    expect(page.get_by_role("status").first).to_contain_text("Your basket now holds 1 of Rare bowl")
    page.get_by_role("button", name="Checkout", exact=True).click()
    expect(page).to_have_url(f"{shop.url}/checkout")
    assert_still(page)
    set_stock(shop, sku, 0)
    expect(page.get_by_role("alert")).to_contain_text("Sold out", timeout=15_000)
    assert page.evaluate("window.shifts") == []
    page.get_by_role("alert").get_by_role("button", name="Save for later").click()
    expect(page.get_by_role("status").first).to_contain_text("is saved for later")
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    assert_still(page)
    page.get_by_label("E-mail").fill("ada@shop.example")
    fill_in(page)
    page.get_by_role("button", name="Continue to review").click()
    expect(page.locator("hold-clock")).to_contain_text(" left.")
    assert_still(page)
    page.get_by_role("button", name="Buy now for").click()
    expect(page.get_by_role("status").first).to_contain_text("Thank you")
    assert_still(page)
