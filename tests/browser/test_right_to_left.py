"""The shop in a language that is written from right to left: Arabic, whose texts are still English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import PRODUCT
from tests.processes import Shop
from tests.stock.streams import run_command

# Texts with a price that stand beside other text in a line, in no element of their own direction.
BARE_PRICES = """() => {
  const bare = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement } = texts.currentNode;
    const data = texts.currentNode.data.replace(/\u2068[^\u2069]*\u2069/g, ""); // isolated by i18n.isolate_text
    if (!/[$€£¥]|USD|US/.test(data) || !/[0-9\u0660-\u0669]/.test(data) || !parentElement.checkVisibility()) continue;
    let inline = parentElement;
    const style = () => getComputedStyle(inline);
    while (style().display === "inline" && style().unicodeBidi !== "isolate") inline = inline.parentElement;
    const text = inline.textContent.trim();
    if (text !== data.trim()) bare.push(text);
  }
  return bare;
}"""


@pytest.fixture
def phone(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A tab of a small phone in a shop whose language is Arabic."""
    run_command(shop, "settings", "set", "locale", "ar_EG")
    context = browser.new_context(base_url=shop.url, viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()
    run_command(shop, "settings", "set", "locale", "en_US")


def test_pages_run_from_right_to_left_and_fit_a_phone(phone: Page) -> None:
    for path in ("/", "/products", PRODUCT):
        visit(phone, path)
    phone.get_by_role("button", name="Add to basket").click()
    phone.get_by_role("link", name="Go to basket").wait_for()
    for path in ("/cart", "/checkout"):
        visit(phone, path)


def visit(phone: Page, path: str) -> None:
    phone.goto(path)
    html = phone.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("ar-EG", "rtl"), path
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path
    assert phone.evaluate(BARE_PRICES) == [], path
    name = phone.locator(".site-header__name").bounding_box()
    assert name, path
    assert name["x"] + name["width"] / 2 > 180, "the header begins at the right"
