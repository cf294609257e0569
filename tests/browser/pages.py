"""The pages that the tests of accessibility and size visit, and when a page is interactive."""

from __future__ import annotations

from playwright.sync_api import Page

PRODUCT = "/products/round-bellied-teapot"
PAGES = {
    "home": "/",
    "list": "/products",
    "last page of a list": "/products?page=3",
    "page beyond the end": "/products?page=99",
    "filtered list": "/products?vendor=Kiln+Row&min_price=20&in_stock=1&sort=price",
    "category": "/categories/teaware",
    "search": "/products?q=teapot",
    "search without results": "/products?q=zzzqqq",
    "product": PRODUCT,
    "sold-out variant": f"{PRODUCT}?variant=RBT-RUST",
    "error": "/products/no-such-thing",
}


def wait_until_interactive(page: Page) -> None:
    """Wait until the page's custom elements work: it imports them after it is painted."""
    if page.evaluate("matchMedia('(scripting: enabled)').matches"):
        page.wait_for_selector("html:not(:has(:not(:defined)))", state="attached")
