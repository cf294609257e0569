"""The basket and recently viewed products in a real browser, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.pages import PRODUCT, wait_until_interactive
from tests.browser.test_checkout import put_in
from tests.browser.test_looks import OPTIONS
from tests.processes import Shop, eventually

TITLE = "Round-bellied teapot"
OTHERS = ("/products/porcelain-gaiwan", "/products/side-handle-kyusu")


def add(page: Page, path: str = PRODUCT) -> None:
    page.goto(path)
    page.get_by_role("button", name="Add to basket").click()


def test_adding_is_confirmed_and_the_basket_can_be_changed(
    page: Page, context: BrowserContext, javascript: bool
) -> None:
    add(page)
    if javascript:
        expect(page.get_by_role("status").filter(has_text="is in your basket")).to_be_visible()
        expect(page.get_by_role("banner").get_by_role("link", name="Basket")).to_contain_text("1")
        assert page.url.endswith(PRODUCT), "nobody was sent away"
        page.get_by_role("link", name="Go to basket").click()
    expect(page).to_have_url(re.compile("/cart"))
    page.get_by_label(f"Quantity of {TITLE}").fill("3")
    if not javascript:  # a script saves it
        page.get_by_role("button", name=f"Update the quantity of {TITLE}").click()
    expect(page.get_by_role("region", name="Order summary")).to_contain_text("3 items")
    expect(page.get_by_role("region", name="Order summary")).to_contain_text("$192.00")
    if javascript:
        other = context.new_page()
        add(other, OTHERS[0])
        header = page.get_by_role("banner").get_by_role("link", name="Basket")
        expect(header).to_contain_text("4")
    page.get_by_role("button", name=f"Save for later {TITLE}").click()
    expect(page.get_by_role("region", name="Saved for later")).to_contain_text(TITLE)
    page.get_by_role("button", name=f"Remove {TITLE}").click()
    expect(page.get_by_role("region", name="Saved for later")).to_have_count(0)


def test_a_browser_that_keeps_no_cookies_is_told_so(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)
    context.route("**/cart/lines", _answer_without_cookies)
    try:
        page = context.new_page()
        add(page)
        expect(page.get_by_role("alert")).to_contain_text("Allow cookies for this shop")
        expect(page.get_by_role("banner").get_by_role("link", name="Basket")).not_to_contain_text("1")
    finally:
        context.close()


def _answer_without_cookies(route: Route) -> None:
    answer = route.fetch()  # which keeps the cookies
    route.request.frame.page.context.clear_cookies()
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    route.fulfill(response=answer, headers=headers)


def test_a_line_removed_in_another_tab_is_said_once(
    page: Page, context: BrowserContext, problems: list[str], javascript: bool
) -> None:
    add(page)
    expect(page.get_by_text("is in your basket").filter(visible=True).first).to_be_visible()
    page.goto("/cart")
    add(context.new_page(), OTHERS[0])
    other = context.pages[-1]
    expect(other.get_by_text("is in your basket").filter(visible=True).first).to_be_visible()
    other.goto("/cart")
    other.get_by_role("button", name=f"Remove {TITLE}").click()
    page.get_by_label(f"Quantity of {TITLE}").fill("2")
    if not javascript:  # a script saves it
        page.get_by_label(f"Quantity of {TITLE}").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This product is no longer in your basket.")
    expect(page.get_by_role("region", name="Order summary")).to_contain_text("1 item")
    if javascript:
        problems[:] = [problem for problem in problems if not problem.endswith("/cart: 422")]


def test_a_typed_quantity_reaches_the_checkout(
    page: Page, context: BrowserContext, problems: list[str], javascript: bool
) -> None:
    for path in (PRODUCT, OTHERS[0]):
        add(page, path)
        expect(page.get_by_text("is in your basket").filter(visible=True).first).to_be_visible()
    page.goto("/cart")
    teapot, gaiwan = (page.get_by_label(f"Quantity of {title}") for title in (TITLE, "Porcelain gaiwan"))
    teapot.fill("3")
    page.get_by_role("button", name="Checkout", exact=True).click()
    expect(page).to_have_url(re.compile("/checkout$"))
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("$192.00")
    page.go_back()
    expect(teapot).to_have_value("3")
    other = context.new_page()
    other.goto("/cart")
    other.get_by_label(f"Quantity of {TITLE}").fill("2")
    other.get_by_label(f"Quantity of {TITLE}").press("Enter")
    expect(other.get_by_role("region", name="Order summary")).to_contain_text("3 items")
    gaiwan.fill("0")
    page.get_by_role("button", name=f"Save for later {TITLE}").click()
    expect(page.get_by_text("Enter a quantity from 1 to 99.").first).to_be_visible()
    expect(gaiwan).to_have_value("0")
    expect(gaiwan).to_have_attribute("aria-invalid", "true")
    gaiwan.fill("4")
    gaiwan.press("Enter")
    expect(page.get_by_role("region", name="Order summary")).to_contain_text("4 items")
    expect(page.get_by_text("Enter a quantity from 1 to 99.")).to_have_count(0)
    page.get_by_role("button", name=f"Move to basket {TITLE}").click()
    expect(teapot).to_have_value("2")
    if javascript:  # the script has asked whether 0 is a quantity
        problems[:] = [problem for problem in problems if not problem.endswith("/cart: 422")]


def test_a_quantity_that_cannot_be_saved_yet_is_kept(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)
    try:
        page = context.new_page()
        add(page)
        expect(page.get_by_role("status").filter(has_text="is in your basket")).to_be_visible()
        page.goto("/cart")
        context.set_offline(True)
        page.get_by_label(f"Quantity of {TITLE}").fill("3")
        expect(page.get_by_role("status").filter(has_text="isn’t saved yet")).to_be_visible()
        context.set_offline(False)
        page.get_by_role("button", name="Checkout", exact=True).click()
        expect(page.get_by_role("complementary", name="Your order")).to_contain_text("$192.00")
    finally:
        context.close()


def test_a_typed_quantity_is_kept_by_going_back_at_once(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)  # without JavaScript, only buttons save
    try:
        page = context.new_page()
        put_in(page, PRODUCT)
        page.goto("/categories")
        page.goto("/cart")
        wait_until_interactive(page)
        page.evaluate("document.querySelector('[name=quantity]').value = 4; setTimeout(() => history.back())")
        expect(page).to_have_url(re.compile("/categories"))

        def is_kept() -> bool:
            page.goto("/cart")  # which may overtake what was sent on leaving
            return page.get_by_label(f"Quantity of {TITLE}").input_value() == "4"

        assert eventually(is_kept)
    finally:
        context.close()


def test_recently_viewed_products_show_until_cleared(page: Page, javascript: bool) -> None:
    shelf = page.get_by_role("region", name="Recently viewed")
    for path in (PRODUCT, *OTHERS):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    if not javascript:
        page.goto("/cart")
        expect(shelf).to_have_count(0)
        return
    titles = shelf.get_by_role("heading", level=3)
    expect(titles).to_have_text(["Porcelain gaiwan", TITLE])
    shelf.get_by_role("button", name="Clear").click()
    expect(shelf).to_have_count(0)
    page.reload()
    page.goto("/cart")
    expect(titles).to_have_text(["Side-handle kyusu"])
    shelf.get_by_role("button", name="Clear").click()
    expect(shelf).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_the_basket(browser: Browser, shop: Shop, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=shop.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    try:
        page = context.new_page()
        for path in (*OTHERS, PRODUCT):
            add(page, path)
            expect(page.get_by_role("status").filter(has_text="is in your basket")).to_be_visible()
        page.goto("/products/thrown-tea-cup")
        page.goto("/cart")
        page.get_by_role("button", name=f"Save for later {TITLE}").click()
        expect(page.get_by_role("region", name="Recently viewed")).to_be_visible()
        expect(page.get_by_role("region", name="Saved for later")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        results = Axe().run(page, options=OPTIONS)
        assert results.violations_count == 0, results.generate_report()
    finally:
        context.close()
