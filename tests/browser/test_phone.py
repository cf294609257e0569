"""Buying on a phone: the button and what the shop answers are in view, also when a variant sells out meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import PRODUCT
from tests.browser.test_checkout import fill_in, order
from tests.browser.test_looks import visit
from tests.browser.test_product import choice
from tests.processes import Shop, eventually
from tests.stock.streams import set_stock

PHONE = {"width": 360, "height": 640}
SECONDS = 10_000  # how long a change may take to show on a busy machine


def test_the_button_and_the_answer_are_in_view(page: Page, javascript: bool) -> None:
    page.set_viewport_size(PHONE)
    page.goto(PRODUCT)
    add = page.get_by_role("button", name="Add to basket")
    expect(add).to_be_in_viewport(ratio=1)
    add.click()
    if not javascript:
        expect(page).to_have_url(re.compile("/cart"))
        expect(page.get_by_role("status").first).to_be_in_viewport(ratio=1)
        return
    answer = page.get_by_role("status").filter(has_text="is in your basket")
    expect(answer).to_be_in_viewport(ratio=1)
    expect(add).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go to basket")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(answer).to_have_count(0)
    expect(add).to_be_focused()
    add.click()
    expect(answer).to_be_visible()
    page.keyboard.press("Escape")
    expect(answer).to_have_count(0)


def test_later_pictures_come_after_the_first_paint(page: Page, javascript: bool) -> None:
    page.set_viewport_size(PHONE)
    animations = page.context.new_cdp_session(page)
    animations.send("Animation.enable")
    animations.send("Animation.setPlaybackRate", {"playbackRate": 0})
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/media/" in request.url else None)
    page.goto("/products?in_stock=1")
    assert not javascript or eventually(lambda: len(fetched) == 2), "time stands still, so lazy pictures wait"
    animations.send("Animation.setPlaybackRate", {"playbackRate": 1})
    third = page.locator(".card img").nth(2)
    third.scroll_into_view_if_needed()
    assert eventually(lambda: third.evaluate("picture => picture.naturalWidth > 0"))


def test_a_variant_that_sells_out_is_replaced_by_another(page: Page, shop: Shop, javascript: bool) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{PRODUCT}?variant=RBT-INDIGO")
    bar = page.get_by_role("region", name="Buy")
    expect(bar).to_contain_text("Indigo")
    set_stock(shop, "RBT-INDIGO", 0)
    try:
        if javascript:
            expect(bar).to_contain_text("Sold out", timeout=SECONDS)
            expect(choice(page, "Indigo")).to_contain_text("sold out")
        else:
            bar.get_by_role("button", name="Add to basket").click()
            expect(page.get_by_role("alert")).to_contain_text("sold out")
            expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
            page.goto(f"{PRODUCT}?variant=RBT-INDIGO")
        expect(bar.get_by_role("button", name="Sold out")).to_be_disabled()
        choice(page, "Celadon").click()
        expect(bar).to_contain_text("Celadon")
        bar.get_by_role("button", name="Add to basket").click()
        if javascript:
            page.get_by_role("link", name="Go to basket").click()
        page.get_by_role("button", name="Checkout", exact=True).click()
        page.get_by_label("E-mail").fill("phone@shop.example")
        fill_in(page)
        assert order(page)
    finally:
        set_stock(shop, "RBT-INDIGO", 3)


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_button_is_in_view_at_each_width(browser: Browser, shop: Shop, width: int, scheme: str) -> None:
    with visit(browser, shop, PRODUCT, width, scheme) as page:
        add = page.get_by_role("button", name="Add to basket")
        expect(add).to_be_in_viewport(ratio=1)
        add.click()
        answer = page.get_by_role("status").filter(has_text="is in your basket")
        expect(answer).to_be_in_viewport(ratio=1)


def test_large_text_leaves_the_page_readable(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop, PRODUCT, 360) as page:
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        bar = page.get_by_role("region", name="Buy")
        box = bar.bounding_box()
        assert box
        assert box["height"] <= 800 / 3
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        last = page.get_by_role("contentinfo").get_by_role("link").last
        last.focus()
        expect(last).to_be_in_viewport(ratio=1)
        top = bar.bounding_box()
        assert top
        assert (last.bounding_box() or top)["y"] >= top["y"] + top["height"], "the bar ends above the footer"
