"""Chromium loads the page of a link before the click, and shows nothing old by it."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.pages import PRODUCT
from tests.processes import Shop
from tests.stock.streams import run_command

HOW = "performance.getEntriesByType('navigation')[0].deliveryType"


@pytest.fixture(scope="module")
def browser(full_browser: Browser) -> Browser:
    """The browser that people have: what it loads before a click is a decision of its own."""
    return full_browser


def prefetch(page: Page) -> Response:
    """Rest the pointer on the product's link in a list until its page has come; return the response."""
    page.goto("/products")
    link = page.locator(f".card__title a[href^='{PRODUCT}']").first
    with page.context.expect_event("response", lambda answer: PRODUCT in answer.url, timeout=20_000) as seen:
        link.hover()
    seen.value.finished()
    return seen.value  # type: ignore[no-any-return]


def test_a_product_is_loaded_before_the_click(page: Page) -> None:
    loaded = prefetch(page)
    assert loaded.request.headers["sec-purpose"] == "prefetch"
    page.locator(f".card__title a[href^='{PRODUCT}']").first.click()
    expect(page.locator("h1")).to_have_text("Round-bellied teapot")


def test_a_page_that_changed_before_the_click_is_loaded_again(
    page: Page, shop: Shop, *, javascript: bool
) -> None:
    if not javascript:
        pytest.skip("without scripts the page is as old as the pointer's rest on the link")
    prefetch(page)
    try:
        run_command(shop, "settings", "set", "name", "Another name")
        page.locator(f".card__title a[href^='{PRODUCT}']").first.click()
        expect(page.locator("header")).to_contain_text("Another name")
    finally:
        run_command(shop, "settings", "reset", "name")


MATCHES = """([patterns, base, address]) =>
    patterns.some((pattern) => new URLPattern(pattern, base).test(new URL(address, base)))"""


def test_rules_name_lists_and_products_but_no_search(page: Page, shop: Shop) -> None:
    with urlopen(f"{shop.url}/products", timeout=20) as answer:
        name = json.loads(answer.headers["Speculation-Rules"])
    with urlopen(f"{shop.url}{name}", timeout=20) as answer:
        assert answer.headers["Content-Type"] == "application/speculationrules+json"
        rules = json.load(answer)
    (rule,) = rules["prefetch"]
    wanted, unwanted, _nofollow = rule["where"]["and"]
    links, searches = wanted["href_matches"], unwanted["not"]["href_matches"]

    def is_prefetched(address: str) -> bool:
        base = f"https://shop.example/below{name}"
        chosen, left_out = (page.evaluate(MATCHES, [some, base, address]) for some in (links, searches))
        return bool(chosen and not left_out)

    assert all(
        map(is_prefetched, ("products", "products?sort=name&page=2", "products/a", "categories/a/b?page=2"))
    )
    assert not any(
        map(is_prefetched, ("cart", "products?q=a", "products?page=2&q=a", "account", "/products/a"))
    )


def test_prefetches_have_a_budget_of_their_own(shop: Shop) -> None:
    asked = Request(f"{shop.url}/products", headers={"Sec-Purpose": "prefetch"})
    with urlopen(asked, timeout=20) as answer:
        assert answer.headers["RateLimit-Policy"].startswith('"prefetch"')
    with urlopen(f"{shop.url}/products", timeout=20) as answer:
        assert answer.headers["RateLimit-Policy"].startswith('"browse"')
