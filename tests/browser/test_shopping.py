"""Browsing, filtering and searching in a real browser, with and without JavaScript."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import PAGES


def cards(page: Page) -> Locator:
    return page.locator("main article.card")


def prices(page: Page) -> list[Decimal]:
    page.wait_for_load_state("domcontentloaded")  # the whole list is there
    shown = cards(page).locator(".price__now").all_text_contents()
    return [Decimal(re.sub(r"[^\d.]", "", text)) for text in shown]


def menu(page: Page, label: str) -> Locator:
    return page.locator("summary", has=page.get_by_text(label, exact=True))


def follow(page: Page, group: str, link: str) -> None:
    page.get_by_role("navigation", name=group).get_by_role("link", name=link, exact=True).click()


def test_a_shopper_narrows_a_category_down_to_a_product(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title("Kettle & Clay")
    follow(page, "Categories", "Teaware")
    expect(page.get_by_role("heading", level=1)).to_have_text("Teaware")
    everything = len(prices(page))

    page.get_by_role("group", name="Filters").get_by_role("link", name="In stock").click()
    expect(page).to_have_url(re.compile(r"/categories/teaware\?in_stock=1$"))
    menu(page, "Price").click()
    page.get_by_label("From").fill("30")
    page.get_by_label("To").fill("70.50")
    page.get_by_role("button", name="Apply").click()
    menu(page, "Sort").click()
    page.get_by_role("link", name="Price, low to high").click()

    expect(page).to_have_url(
        re.compile(r"/categories/teaware\?min_price=30\.00&max_price=70\.50&in_stock=1&sort=price$")
    )
    assert 1 < len(prices(page)) < everything
    assert prices(page) == sorted(prices(page))
    # A card shows the lowest price of its product's variants, and a range asks for that one.
    assert all(30 <= price <= Decimal("70.50") for price in prices(page))

    title = cards(page).get_by_role("link").first.inner_text()
    cards(page).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_price_is_typed_with_a_comma_or_corrected(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/products?in_stock=1")
    menu(page, "Price").click()
    page.get_by_label("From").fill("12,50")
    page.get_by_label("To").fill("a lot")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Enter a price such as 12.50.")).to_be_in_viewport()
    expect(page.get_by_label("To")).to_have_value("a lot")
    expect(page.get_by_label("From")).to_have_value("12.50")
    expect(page.get_by_role("link", name="Remove filter: In stock")).to_have_count(1)
    page.get_by_label("To").fill("$30")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("To")).to_be_hidden()
    assert all(Decimal("12.50") <= price <= 30 for price in prices(page))


def test_a_shopper_chooses_several_brands(page: Page, javascript: bool) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/products?sort=name")
    menu(page, "Brand").click()
    brands = page.get_by_role("list").filter(has=page.get_by_role("checkbox")).get_by_role("listitem")
    everything, search = brands.count(), page.get_by_label("Search brands")
    assert everything > 8
    expect(search).to_be_visible(visible=javascript)
    if javascript:
        search.fill("KILN")
        expect(brands.filter(visible=True)).to_have_count(1)
        search.press("Enter")  # does not send the form yet
    page.get_by_role("checkbox", name="Kiln Row").check()
    if javascript:
        search.fill("")
    second = brands.filter(has_not_text="Kiln Row").first
    second.get_by_role("checkbox").check()
    name = second.locator("span").first.inner_text()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"\?sort=name&vendor=.+&vendor=.+$"))
    chips = page.get_by_role("list", name="Active filters")
    expect(chips.get_by_role("link", name=f"Remove filter: {name}")).to_be_visible()
    expect(menu(page, "Brand")).to_contain_text("2")
    page.wait_for_load_state("domcontentloaded")  # the whole list is there
    assert {*cards(page).locator(".card__vendor").all_inner_texts()} == {"Kiln Row", name}


def test_a_chip_removes_its_filter(page: Page) -> None:
    page.goto(PAGES["filtered list"])
    chips = page.get_by_role("list", name="Active filters")
    expect(chips.get_by_role("listitem")).to_have_count(4)
    chips.get_by_role("link", name="Remove filter: Kiln Row").click()
    expect(page).to_have_url(re.compile(r"/products\?min_price=20\.00&in_stock=1&sort=price$"))
    chips.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(re.compile(r"/products\?sort=price$"))
    expect(chips).to_have_count(0)


def test_the_second_page_goes_on_where_the_first_ends(page: Page) -> None:
    page.goto("/products?sort=price")
    first = prices(page)
    follow(page, "Pages", "Next")
    expect(page).to_have_url(re.compile(r"/products\?sort=price&page=2$"))
    expect(page).to_have_title(re.compile("page 2"))
    assert [*first, *prices(page)] == sorted([*first, *prices(page)])
    follow(page, "Pages", "Previous")
    expect(page).to_have_url(re.compile(r"/products\?sort=price$"))


def test_a_shopper_searches_and_opens_a_result(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("teapot")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(r"/products\?q=teapot$"))
    expect(page.get_by_role("searchbox").first).to_have_value("teapot")
    first = cards(page).get_by_role("link").first
    expect(first).to_contain_text(re.compile("teapot", re.I))
    first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("teapot", re.I))


def test_a_search_without_results_links_to_other_pages(page: Page) -> None:
    page.goto(PAGES["search without results"])
    expect(page.get_by_role("heading", name="No products found")).to_be_visible()
    again = page.get_by_role("search", name="Search again").get_by_role("searchbox")
    again.fill("gaiwan")
    again.press("Enter")
    expect(cards(page).first).to_contain_text("gaiwan")
    page.goto(PAGES["search without results"])
    page.get_by_role("main").get_by_role("link", name="See all products").click()
    expect(page).to_have_url(re.compile("/products$"))


def test_an_error_page_links_to_other_pages(page: Page) -> None:
    answer = page.goto(PAGES["error"])
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("search", name="Search for something else").get_by_role("searchbox").fill("kettle")
    page.get_by_role("search", name="Search for something else").get_by_role("button").click()
    expect(cards(page).first).to_contain_text(re.compile("kettle", re.I))
    page.goto(PAGES["error"])
    page.get_by_role("link", name="Go to the home page").click()
    expect(page).to_have_title("Kettle & Clay")


def test_the_keyboard_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Shop all")).to_be_focused()


def test_a_menu_opens_by_the_keyboard_and_closes_with_escape(page: Page, javascript: bool) -> None:
    page.goto("/products")
    button, inside = menu(page, "Sort"), page.get_by_role("link", name="Name", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(inside).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape" if javascript else "Shift+Tab")
    expect(button).to_be_focused()
    if not javascript:
        page.keyboard.press("Enter")
    expect(inside).to_be_hidden()


def test_one_menu_is_open_at_a_time(page: Page, javascript: bool) -> None:
    if not javascript:
        pytest.skip("without JavaScript a menu is closed by its own button")
    page.goto("/products")
    menu(page, "Sort").click()
    expect(page.get_by_role("link", name="Name", exact=True)).to_be_visible()
    menu(page, "Price").click()
    expect(page.get_by_role("link", name="Name", exact=True)).to_be_hidden()


def test_a_browser_rewrites_no_domain(page: Page) -> None:
    for path in ("/account/login", "/account/register", "/orders"):
        page.goto(path)
        page.locator("#email").fill("ada@straße.example")
        expect(page.locator("#email")).to_have_value("ada@straße.example")
