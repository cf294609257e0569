"""The stream of a page that is silent, refused or hidden. The test advances the browser's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.processes import Shop

# Records the page's own connection: the test cannot advance the clock of a worker.
WATCHED = """
    delete window.SharedWorker; delete Navigator.prototype.locks;
    Object.assign(window, { opened: 0, heard: 0, failed: 0 });
    window.EventSource = class extends EventSource {
        constructor(url) {
            super(url);
            window.source = this;
            window.opened += 1;
            for (const type of ["snapshot", "stock"]) this.addEventListener(type, () => { window.heard += 1; });
            this.addEventListener("error", () => { window.failed += 1; });
        }
    };
"""
LOOK = """state => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
STREAM = "**/stock/stream?*"


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    context = browser.new_context(base_url=shop.url, bypass_csp=True)  # `wait_for_function` evaluates
    page = context.new_page()
    page.add_init_script(WATCHED)
    page.clock.install()
    yield page
    context.close()


def begin(page: Page) -> None:
    """Open a list and wait for its first snapshot."""
    page.goto("/products?in_stock=1&sort=name")
    page.wait_for_function("opened === 1 && heard === 1")


def test_a_stream_silent_for_45_seconds_is_opened_again(page: Page) -> None:
    begin(page)
    page.clock.fast_forward("00:40")
    page.evaluate("source.dispatchEvent(new MessageEvent('heartbeat', { data: '{}' }))")
    page.clock.fast_forward("00:40")
    assert page.evaluate("opened") == 1
    page.clock.fast_forward("00:06")
    page.wait_for_function("opened === 2 && heard === 2")


def test_a_refused_stream_retries_with_growing_pauses(page: Page) -> None:
    page.route(STREAM, lambda route: route.fulfill(status=500))
    page.goto("/products?in_stock=1&sort=name")
    for attempt in range(1, 9):
        page.wait_for_function("number => opened === number && failed === number", arg=attempt)
        longest = min(2 ** (attempt - 1), 60)
        if longest >= 8:  # long enough that a second or two of inaccuracy does not matter
            page.clock.fast_forward(longest * 400)
            assert page.evaluate("opened") == attempt
        if attempt == 8:
            page.unroute(STREAM)
        page.clock.fast_forward(longest * 1500)
    page.wait_for_function("heard === 1")


def test_a_hidden_page_closes_its_stream_and_reopens_it_visible(page: Page) -> None:
    begin(page)
    page.evaluate(LOOK, "hidden")
    page.clock.fast_forward("00:25")
    assert page.evaluate("source.readyState") == 1
    page.clock.fast_forward("00:06")
    page.wait_for_function("source.readyState === 2")
    page.evaluate(LOOK, "visible")
    page.wait_for_function("opened === 2 && heard === 2")
