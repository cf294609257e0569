"""Badges in open pages, as stock changes under them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.processes import Shop

SECONDS = 10_000  # how long a change may take to show on a busy machine


@pytest.fixture
def tabs(browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=shop.url)
    yield context
    context.close()


def first_product(page: Page) -> str:
    """Open a product that is in stock; return the selected SKU."""
    page.goto("/products?in_stock=1&sort=name")
    page.locator("article.card a").first.click()
    expect(page.locator("#buy stock-badge")).to_be_visible()
    return str(page.locator("#buy stock-badge").get_attribute("sku"))


def put(shop: Shop, sku: str, number: int) -> None:
    result = shop.flask("stock", "set", sku, str(number), "--reason", "browser test")
    assert result.returncode == 0, result.stderr


def test_a_change_shows_in_two_tabs_and_takes_and_brings_the_buy_button(
    tabs: BrowserContext, shop: Shop
) -> None:
    first, second = tabs.new_page(), tabs.new_page()
    sku = first_product(first)
    second.goto(first.url)
    try:
        for number, text in ((3, "Only 3 left"), (0, "Sold out"), (40, "In stock")):
            put(shop, sku, number)
            for page in (first, second):
                expect(page.locator("#buy stock-badge")).to_have_text(text, timeout=SECONDS)
                adding = page.get_by_role("button", name=re.compile("Add to basket"))
                expect(adding).to_have_count(0 if number == 0 else 1)
    finally:
        put(shop, sku, 40)


def test_a_page_without_javascript_is_true_when_it_is_made(
    tabs: BrowserContext, browser: Browser, shop: Shop
) -> None:
    page = tabs.new_page()
    sku = first_product(page)
    address = page.url
    try:
        put(shop, sku, 0)
        plain = browser.new_context(base_url=shop.url, java_script_enabled=False)
        still = plain.new_page()
        still.goto(address if "variant=" in address else f"{address}?variant={sku}")
        expect(still.locator("#buy stock-badge")).to_have_text("Sold out")
        put(shop, sku, 2)
        still.reload()
        expect(still.locator("#buy stock-badge")).to_have_text("Only 2 left")
        plain.close()
    finally:
        put(shop, sku, 40)


def test_three_tabs_share_one_connection(tabs: BrowserContext, shop: Shop) -> None:
    pages = [tabs.new_page() for _ in range(3)]
    asked: list[str] = []
    for page in pages:
        page.on(
            "request", lambda request: asked.append(request.url) if "/stock/stream" in request.url else None
        )
        page.goto("/products")
        expect(page.locator("stock-badge").first).to_be_attached()
    sku = first_product(pages[0])
    put(shop, sku, 1)
    expect(pages[0].locator("#buy stock-badge")).to_have_text("Only 1 left", timeout=SECONDS)
    put(shop, sku, 40)
    assert asked == [], "the tabs themselves open none: their shared worker does"
