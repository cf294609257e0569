"""Stock badges of open pages change when stock changes."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import wait_until_interactive
from tests.browser.test_checkout import fill_in, make_rare
from tests.processes import Shop, eventually
from tests.redis_roles.servers import server
from tests.stock.streams import open_streams, run_command, set_stock, small_shop, worker_of

SECONDS = 10_000  # how long a change may take to show on a busy machine


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """This module's own shop: tests count its streams and end its workers."""
    folder = tmp_path_factory.mktemp("live")
    with server(folder) as redis, small_shop(folder, REDIS_URL=redis.url) as shop:
        yield shop


@pytest.fixture
def tabs(browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=shop.url)
    yield context
    context.close()


def first_product(page: Page, place: int = 0) -> str:
    """Open the product at this place of the list of products in stock; return the selected SKU."""
    page.goto("/products?in_stock=1&sort=name")
    page.locator("article.card").nth(place).locator("a").first.click()
    expect(page.locator("#buy stock-badge")).to_be_visible()
    wait_until_interactive(page)  # before that the button sends the form, and nothing follows the stock
    return str(page.locator("#buy stock-badge").get_attribute("sku"))


def test_a_stock_change_updates_badge_and_button_in_two_tabs(tabs: BrowserContext, shop: Shop) -> None:
    first, second = tabs.new_page(), tabs.new_page()
    sku = first_product(first)
    second.goto(first.url)
    try:
        # Screen readers announce the badge only when its band changes.
        for number, text, announced in (
            (3, "Only 3 left", "Only 3 left"),
            (2, "Only 2 left", "Only 3 left"),
            (0, "Sold out", "Sold out"),
            (40, "In stock", "In stock"),
        ):
            run_command(shop, "stock", "set", sku, str(number), "--reason", "browser test")
            for page in (first, second):
                expect(page.locator("#buy stock-badge")).to_have_text(text, timeout=SECONDS)
                expect(page.locator("[aria-live=polite]#stock-announcer")).to_have_text(announced)
                adding = page.get_by_role("button", name=re.compile("Add to basket"))
                expect(adding).to_have_count(0 if number == 0 else 1)
    finally:
        set_stock(shop, sku, 40)


def test_options_sell_out_and_come_back_on_an_open_page(tabs: BrowserContext, shop: Shop) -> None:
    first, second = tabs.new_page(), tabs.new_page()
    open_product_with_options(first)
    second.goto(first.url)
    skus = skus_of(shop, int(first.locator("variant-picker").get_attribute("product-id") or 0))
    choices, sold_out = "variant-picker a", "variant-picker a.choice--out"
    number = first.locator(choices).count()
    try:
        for sku in skus:
            set_stock(shop, sku, 0)
        for page in (first, second):
            expect(page.locator(sold_out)).to_have_count(number, timeout=SECONDS)
            expect(page.locator(choices).first).to_contain_text(", sold out")
            expect(page.get_by_role("button", name="Sold out")).to_be_visible()
        for sku in skus:
            set_stock(shop, sku, 40)
        for page in (first, second):
            expect(page.locator(sold_out)).to_have_count(0, timeout=SECONDS)
            expect(page.locator(choices).first).not_to_contain_text("sold out")
    finally:
        for sku in skus:
            set_stock(shop, sku, 40)


def test_a_second_tab_does_not_say_that_stock_is_late(tabs: BrowserContext, shop: Shop) -> None:
    first, second = tabs.new_page(), tabs.new_page()
    sku = first_product(first)
    try:
        set_stock(shop, sku, 3)
        expect(first.locator("#buy stock-badge")).to_have_text("Only 3 left", timeout=SECONDS)
        second.clock.install()
        second.goto(first.url)
        set_stock(shop, sku, 2)  # arrives after what the second tab was told first
        expect(second.locator("#buy stock-badge")).to_have_text("Only 2 left", timeout=SECONDS)
        second.clock.fast_forward(10_000)
        expect(second.get_by_role("status").filter(has_text="Stock updates are delayed")).to_have_count(0)
    finally:
        set_stock(shop, sku, 40)


def test_an_open_basket_follows_the_stock(tabs: BrowserContext, shop: Shop) -> None:
    basket, other = tabs.new_page(), tabs.new_page()
    sku = first_product(basket)
    basket.get_by_role("button", name="Add to basket").click()
    expect(basket.get_by_role("link", name="Go to basket")).to_be_visible()
    basket.goto("/cart")
    other.goto("/cart")
    line, total = "li.cart-line .cart-line__notice", "[data-part=sum] strong"
    full = basket.locator(total).inner_text()
    try:
        expect(basket.locator(line)).to_have_count(0)
        set_stock(shop, sku, 0)
        for page in (basket, other):
            expect(page.locator(line)).to_contain_text("Sold out", timeout=SECONDS)
            expect(page.locator(total)).to_have_text("$0.00")
        set_stock(shop, sku, 40)
        for page in (basket, other):
            expect(page.locator(line)).to_have_count(0, timeout=SECONDS)
            expect(page.locator(total)).to_have_text(full)
    finally:
        set_stock(shop, sku, 40)


def test_an_open_checkout_follows_the_stock_but_not_its_own_hold(tabs: BrowserContext, shop: Shop) -> None:
    checkout, basket, sku = tabs.new_page(), tabs.new_page(), "WATCHED"
    checkout.goto(make_rare(shop, sku))  # the reservation would change the numbers of other tests
    set_stock(shop, sku, 10)
    checkout.get_by_role("button", name="Add to basket").click()
    expect(checkout.get_by_role("link", name="Go to basket")).to_be_visible()
    basket.goto("/cart")
    checkout.goto("/checkout")
    note, on = checkout.get_by_role("alert"), checkout.get_by_role("button", name="Continue to review")
    email, to_checkout = checkout.get_by_label("E-mail"), basket.get_by_role("button", name="Checkout")
    email.fill("ada@shop.example")
    try:
        set_stock(shop, sku, 0)
        expect(note).to_contain_text("sold out", ignore_case=True, timeout=SECONDS)
        expect(on).to_be_disabled()
        expect(to_checkout).to_be_disabled(timeout=SECONDS)
        set_stock(shop, sku, 10)
        expect(note).to_have_count(0, timeout=SECONDS)
        expect(on).to_be_enabled()
        expect(to_checkout).to_be_enabled(timeout=SECONDS)
        expect(email).to_have_value("ada@shop.example")

        fill_in(checkout)
        on.click()
        expect(checkout.get_by_text("Reserved for you until")).to_be_visible()
        wait_until_interactive(checkout)  # before that it follows no stock
        watch = basket.locator("stock-watch")
        before = str(watch.get_attribute("data-variants"))
        set_stock(shop, sku, 0)  # as many as are reserved stay on hand
        expect(watch).not_to_have_attribute("data-variants", before, timeout=SECONDS)
        expect(to_checkout).to_be_enabled()
        expect(note).to_have_count(0)
    finally:
        set_stock(shop, sku, 40)


def open_product_with_options(page: Page) -> None:
    """Open the first product in the list that has options to choose from."""
    page.goto("/products?in_stock=1&sort=name")
    for url in page.locator("article.card a").evaluate_all("links => links.map((link) => link.href)"):
        page.goto(url)
        if page.locator("variant-picker a").count() > 2:
            return
    raise AssertionError("no product has options")


def shows_after_reload(page: Page, text: str) -> bool:
    """Return whether the badge has this text: the shop hears of another process's write a moment later."""
    page.reload()
    return (page.locator("#buy stock-badge").text_content() or "").strip() == text


def test_a_page_without_javascript_shows_stock_when_rendered(
    tabs: BrowserContext, browser: Browser, shop: Shop
) -> None:
    page = tabs.new_page()
    sku = first_product(page)
    address = page.url
    try:
        set_stock(shop, sku, 0)
        plain = browser.new_context(base_url=shop.url, java_script_enabled=False)
        still = plain.new_page()
        still.goto(address if "variant=" in address else f"{address}?variant={sku}")
        assert eventually(lambda: shows_after_reload(still, "Sold out"))
        set_stock(shop, sku, 2)
        assert eventually(lambda: shows_after_reload(still, "Only 2 left"))
        plain.close()
    finally:
        set_stock(shop, sku, 40)


# Scripts that remove what the better transports need, and the connections that three tabs then have.
WAYS = {
    "a shared worker": ("", 1),
    "one tab leads": ("delete window.SharedWorker", 1),
    "each for itself": ("delete window.SharedWorker; delete Navigator.prototype.locks", 3),
}


@pytest.mark.parametrize("way", WAYS)
def test_three_tabs_share_one_connection_and_outlive_a_restart(
    tabs: BrowserContext, shop: Shop, way: str
) -> None:
    script, connections = WAYS[way]
    tabs.add_init_script(script)
    assert eventually(lambda: open_streams(shop) == 0), "of tabs that were closed before"
    pages, said = [tabs.new_page() for _ in range(3)], []
    for page in pages:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
    sku = first_product(pages[0])
    pages[1].goto(pages[0].url)
    other = first_product(pages[2], place=1)

    def change(number: int) -> None:
        for one in (sku, other):
            set_stock(shop, one, number)
        for page in pages:
            expect(page.locator("#buy stock-badge")).to_have_text(f"Only {number} left", timeout=SECONDS)

    try:
        change(1)
        assert eventually(lambda: open_streams(shop) == connections)
        pages.pop(0).close()  # the leading tab, if tabs elect one
        change(2)
        worker = worker_of(shop)
        os.kill(shop.process.pid, signal.SIGHUP)
        assert eventually(lambda: not worker.is_running())
        change(3)
        assert eventually(lambda: open_streams(shop) == min(connections, 2))
        # A page of its own says in the console, and cannot help it, that nobody answers.
        if way == "a shared worker":
            shop.restart()
            change(2)
    finally:
        set_stock(shop, sku, 40)
        set_stock(shop, other, 40)
    assert said == []


def test_a_list_of_24_is_on_one_stream(tabs: BrowserContext, shop: Shop) -> None:
    assert eventually(lambda: open_streams(shop) == 0)
    page = tabs.new_page()
    page.goto("/products?in_stock=1&sort=name")
    expect(page.locator("stock-badge")).to_have_count(24)
    assert eventually(lambda: open_streams(shop) == 1)
    badge = page.locator("stock-badge").first
    product_id = int(badge.get_attribute("product-id") or 0)
    skus = skus_of(shop, product_id)
    try:
        for sku in skus:
            set_stock(shop, sku, 0)
        expect(badge).to_have_text("Sold out", timeout=SECONDS)
        expect(page.locator("article.card").first).to_have_class(re.compile("card--out"))
        set_stock(shop, skus[-1], 40)
        expect(badge).to_have_text("In stock", timeout=SECONDS)
    finally:
        for sku in skus:
            set_stock(shop, sku, 40)


WHY_LOADED_AGAIN = "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"


@pytest.mark.parametrize("way", ["a shared worker", "each for itself"])
def test_a_page_from_the_back_forward_cache_is_up_to_date(
    full_browser: Browser, shop: Shop, way: str
) -> None:
    page = full_browser.new_page(base_url=shop.url)
    page.add_init_script(WAYS[way][0])
    sku = first_product(page)
    expect(page.locator("#buy stock-badge")).to_have_text("In stock")
    page.wait_for_load_state()  # the back-forward cache takes only pages that have loaded
    try:
        page.evaluate("window.kept = true")
        page.goto("/cart")
        set_stock(shop, sku, 2)
        page.evaluate("history.back()")
        expect(page.locator("#buy stock-badge")).to_have_text("Only 2 left", timeout=SECONDS)
        assert page.evaluate("window.kept"), page.evaluate(WHY_LOADED_AGAIN)
    finally:
        set_stock(shop, sku, 40)
        page.close()


def skus_of(shop: Shop, product_id: int) -> list[str]:
    with urlopen(f"{shop.url}/stock/stream?product={product_id}", timeout=20) as answer:
        line = next(line for line in answer if line.startswith(b"data: "))
    return [item["sku"] for item in json.loads(line.removeprefix(b"data: "))["items"]]


@pytest.mark.slow
def test_a_page_says_that_stock_is_delayed_without_redis(browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path) as redis, small_shop(tmp_path, REDIS_URL=redis.url) as shop:
        context = browser.new_context(base_url=shop.url)
        page = context.new_page()
        page.goto("/products?in_stock=1&sort=name")
        notice = page.get_by_role("status").filter(has_text="Stock updates are delayed")
        assert eventually(lambda: open_streams(shop) == 1)
        expect(notice).to_have_count(0)
        redis.kill()
        expect(notice).to_be_visible(timeout=3 * SECONDS)
        cached_page = page.request.get(page.url).text()
        assert 'id="stock-delayed"' not in cached_page, "only this browser shows the notice"
        redis.start()
        expect(notice).to_have_count(0, timeout=3 * SECONDS)
        context.close()
