"""A shopper in a real browser, with JavaScript and without."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_a_shopper_finds_a_product_through_categories_and_filters(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title(re.compile("Kettle & Clay"))
    page.get_by_role("navigation").get_by_role("link", name=re.compile("Tea", re.I)).first.click()
    expect(page).to_have_url(re.compile("/categories/"))
    before = page.locator("main article").count()
    assert before > 0
    page.goto(page.url + "?in_stock=1&sort=price")
    assert 0 < page.locator("main article").count() <= before


def test_a_shopper_searches_and_opens_what_was_found(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").first.fill("teapot")
    page.get_by_role("searchbox").first.press("Enter")
    expect(page).to_have_url(re.compile(r"/products\?q=teapot"))
    first = page.locator("main article a").first
    expect(first).to_contain_text(re.compile("teapot", re.I))
    first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("teapot", re.I))


def test_what_is_not_in_the_shop_is_said_with_a_way_out(page: Page) -> None:
    page.goto("/products?q=zzzzqqqq")
    expect(page.locator("main")).to_contain_text(re.compile("nothing|no product", re.I))
    assert page.locator("main a").count() > 0
