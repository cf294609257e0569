"""Pages in each width and colour scheme: accessible to axe-core, not wider than a small phone, few bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.pages import PAGES
from tests.processes import ROOT, Shop

# Of a page's report, violations alone: the rest would be a tenth of the work.
OPTIONS = {"reporter": "no-passes", "rules": {"target-size": {"enabled": True}}}
MOST_BYTES = 60_000
# The words that a line's end divides, of these parts of the page.
DIVIDED_WORDS = r"""(parts) => {
  document.documentElement.style.fontSize = "200%";
  const divided = [];
  const isShown = ({ parentElement: of }) =>
    of.checkVisibility() && !of.closest("code, .visually-hidden, .shopper-links__label");
  for (const one of document.querySelectorAll(parts)) {
    const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT, (text) => isShown(text) ? 1 : 2);
    while (texts.nextNode()) {
      for (const { 0: word, index } of texts.currentNode.data.matchAll(/[^\s\-/@.]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) divided.push(word);
      }
    }
  }
  return divided;
}"""

# The back office has tables and codes, whose words may break.
OFFICE_PARTS = ".site-header__name, h1, h2, .button, .site-footer a"


@pytest.fixture(scope="module")
def axe() -> Axe:
    """What runs axe-core in tabs that load it with each page: sending it again takes longer."""
    return Axe("")


@pytest.fixture(scope="module")
def tab(browser: Browser, shop: Shop) -> Iterator[Callable[[int, str], Page]]:
    """Return the tab of this width in CSS pixels and colour scheme, for tests that only look at a page.

    They share it: a fresh profile takes longer than the page.
    """
    tabs = dict[tuple[int, str], Page]()

    def find(width: int, scheme: Any) -> Page:
        if (width, scheme) not in tabs:
            size: Any = {"width": width, "height": 800}
            context = browser.new_context(base_url=shop.url, viewport=size, color_scheme=scheme)
            context.add_init_script(Axe().axe_script)
            tabs[width, scheme] = context.new_page()
        return tabs[width, scheme]

    yield find
    for page in tabs.values():
        page.context.close()


@contextmanager
def visit(browser: Browser, shop: Shop, path: str, width: int, scheme: Any = "light") -> Iterator[Page]:
    """Open a page in a fresh profile of this width in CSS pixels and colour scheme."""
    context = browser.new_context(
        base_url=shop.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    try:
        page = context.new_page()
        page.goto(path)
        yield page
    finally:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    tab: Callable[[int, str], Page], axe: Axe, name: str, width: int, scheme: str
) -> None:
    page = tab(width, scheme)
    page.goto(PAGES[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = axe.run(page, options=OPTIONS)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["home", "filtered list", "product"])
def test_axe_finds_nothing_on_a_tablet(
    tab: Callable[[int, str], Page], axe: Axe, name: str, scheme: str
) -> None:
    page = tab(768, scheme)
    page.goto(PAGES[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 768
    results = axe.run(page, options=OPTIONS)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("menu", ["Brand", "Price", "Sort"])
def test_an_open_menu_fits_a_small_phone(
    tab: Callable[[int, str], Page], axe: Axe, menu: str, scheme: str
) -> None:
    page = tab(320, scheme)
    page.goto(PAGES["filtered list"])
    page.locator("summary", has=page.get_by_text(menu, exact=True)).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    results = axe.run(page, "pop-menu", options=OPTIONS)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_header_has_one_height_on_every_page(browser: Browser, shop: Shop, width: int) -> None:
    height = "document.querySelector('.site-header').getBoundingClientRect().height"
    with visit(browser, shop, "/", width) as page:
        heights = {}
        for path in ("/products", "/cart", "/checkout", "/account/login", "/nowhere"):
            page.goto(path)
            heights[path] = page.evaluate(height)
        page.evaluate("document.dispatchEvent(new CustomEvent('cart-changed', { detail: 120 }))")
        count = page.locator(".shopper-links__count")
        assert count.text_content() == "99+"
        box = count.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert {*heights.values(), page.evaluate(height)} == {heights["/cart"]}


def check_large_text(page: Page, paths: Sequence[str], width: int, parts: str = "body") -> None:
    """Check these pages with text of twice the size: no word is divided, and nothing is wider than the window."""
    for path in paths:
        page.goto(path)
        assert page.evaluate(DIVIDED_WORDS, parts) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [360, 768])
def test_large_text_fits_and_divides_no_word(browser: Browser, shop: Shop, width: int) -> None:
    paths = (
        "/",
        "/categories",
        "/products?min_price=abc",
        "/products?page=2",
        "/account/register",
        "/orders",
    )
    with visit(browser, shop, PAGES["product"], width) as page:
        page.get_by_role("button", name="Add to basket").filter(visible=True).click()
        page.get_by_role("link", name="Go to basket").filter(visible=True).wait_for()
        check_large_text(page, (*paths, PAGES["product"], "/cart", "/checkout"), width)
        # The longest words of other languages on this page.
        for place, word in (
            (".sums__total dt", "Gesamtsumme"),
            (".choices__what .soft", "お支払いください。"),
        ):
            page.locator(place).last.evaluate("(place, word) => place.textContent = word", word)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_large_text_fits_the_office(browser: Browser, shop: Shop, owner: dict[str, Any]) -> None:
    paths = ("/account/addresses", "/admin/system", "/admin/system/cache", "/admin/orders")
    with visit(browser, shop, "/", 360) as page:
        page.context.add_cookies(owner["cookies"])
        check_large_text(page, paths, 360, OFFICE_PARTS)


def test_print_has_the_same_colours_in_both_schemes(browser: Browser, shop: Shop) -> None:
    sheets = "".join(file.read_text() for file in (ROOT / "static" / "css").rglob("*.css"))
    names = sorted(set(re.findall(r"^ *(--[\w-]+):", sheets, re.MULTILINE)))
    values = "names => names.map(name => getComputedStyle(document.documentElement).getPropertyValue(name))"
    with visit(browser, shop, "/", 1280, "light") as page:
        page.emulate_media(media="print")
        light = page.evaluate(values, names)
        page.emulate_media(media="print", color_scheme="dark")
        assert dict(zip(names, page.evaluate(values, names), strict=True)) == dict(
            zip(names, light, strict=True)
        )


def test_stock_differs_by_shape_in_forced_colours(browser: Browser, shop: Shop) -> None:
    is_filled = """badge => {
      const dot = getComputedStyle(badge, "::before");
      return 2 * parseFloat(dot.borderTopWidth) >= parseFloat(dot.inlineSize);
    }"""
    context = browser.new_context(base_url=shop.url, forced_colors="active")
    page = context.new_page()
    page.goto("/products/round-bellied-teapot")
    assert page.locator("#buy .stock-badge--in").evaluate(is_filled)
    page.goto(str(page.locator(".choice--out").first.get_attribute("href")))
    assert not page.locator("#buy .stock-badge--out").evaluate(is_filled)
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(tab: Callable[[int, str], Page], name: str) -> None:
    page = tab(1280, "light")
    page.goto("about:blank")
    wire = page.context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def begun(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def ended(event: dict[str, Any]) -> None:
        sizes[kinds[event["requestId"]]] += event["encodedDataLength"]

    wire.on("Network.responseReceived", begun)
    wire.on("Network.loadingFinished", ended)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(PAGES[name], wait_until="load")
    wire.detach()
    assert sizes["Document"] > 0
    assert sizes["Stylesheet"] > 5_000, "nothing comes from the browser's cache"
    assert sizes["Script"] > 0
    del sizes["Image"]
    assert sum(sizes.values()) <= MOST_BYTES, sizes
