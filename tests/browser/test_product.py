"""The product page in a real browser: variants are links, and the element only makes them faster."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import PRODUCT


def choice(page: Page, value: str) -> Locator:
    return page.locator("variant-picker").get_by_role(
        "link", name=re.compile(rf"^{re.escape(value)}\s*(, sold out)?$")
    )


def first_picture(page: Page) -> str:
    return str(page.locator("product-gallery img").first.get_attribute("src"))


def chosen(page: Page) -> Locator:
    return page.locator("variant-picker [aria-current='true'] > span:first-child")


def test_a_variant_changes_address_price_stock_and_picture(page: Page) -> None:
    page.goto(PRODUCT)
    price, badge = page.locator(".product__price"), page.locator(".product__stock")
    expect(price).to_have_text(re.compile(r"\$64\.00\s*$"))
    expect(badge).to_have_text("In stock")
    before = first_picture(page)

    choice(page, "Indigo").click()
    expect(page).to_have_url(re.compile(rf"{PRODUCT}\?variant=RBT-INDIGO(#buy)?$"))
    expect(price).to_contain_text("was $78.00")
    expect(badge).to_have_text("Only 3 left")
    expect(page.locator(".facts")).to_contain_text("RBT-INDIGO")
    expect(chosen(page)).to_have_text(["Indigo"])
    assert first_picture(page) != before

    choice(page, "Rust").click()
    expect(page).to_have_url(re.compile(r"variant=RBT-RUST(#buy)?$"))
    expect(badge).to_have_text("Sold out")
    page.reload()
    expect(badge).to_have_text("Sold out")
    expect(chosen(page)).to_have_text(["Rust"])


def test_a_picture_is_enlarged_and_put_back(page: Page, javascript: bool) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(PRODUCT)
    zoom = page.locator(".gallery__zoom").first
    if not javascript:
        # A tab would style it, which the policy forbids.
        answer = page.request.get(str(zoom.get_attribute("href")))
        assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
        return
    zoom.press(" ")
    large = page.get_by_role("dialog").locator("img")
    expect(large).to_be_visible()
    expect(large).to_have_attribute("src", re.compile(f"{zoom.get_attribute('href')}$"))
    assert large.evaluate("async image => { await image.decode(); return image.naturalWidth; }") == 1024
    box = large.bounding_box()
    assert box
    assert abs(box["x"] + box["width"] / 2 - 180) < 2, "its middle is in the middle of the window"
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(zoom).to_be_focused()


def test_options_are_chosen_one_after_the_other(page: Page) -> None:
    page.goto("/products/enamelled-casserole")
    choice(page, "Rust").click()
    expect(page).to_have_url(re.compile(r"\?variant="))
    expect(chosen(page)).to_have_text(["Rust", "3.5 l"])
    expect(choice(page, "5 l")).to_contain_text("sold out")
    choice(page, "5 l").click()
    expect(page.locator(".product__stock")).to_have_text("Sold out")
    expect(chosen(page)).to_have_text(["Rust", "5 l"])
    expect(choice(page, "Pine")).to_have_attribute("title", "Changes your other options")
    choice(page, "Pine").click()
    expect(page.locator(".product__stock")).to_have_text("In stock")
    expect(chosen(page)).to_have_text(["Pine", "3.5 l"])


def test_the_element_changes_the_product_on_the_same_page(page: Page, javascript: bool) -> None:
    page.goto("/products")
    page.goto(PRODUCT)
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    choice(page, "Indigo").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".product__stock")).to_have_text("Only 3 left")
    assert page.evaluate("document.documentElement.dataset.same") == ("yes" if javascript else None)
    if javascript:
        expect(choice(page, "Indigo")).to_be_focused()
        page.go_back()  # a choice replaces the history entry
        expect(page).to_have_url(re.compile("/products$"))


def test_a_link_is_followed_when_the_element_gets_no_answer(
    page: Page, javascript: bool, problems: list[str]
) -> None:
    if not javascript:
        pytest.skip("there is no element without JavaScript")
    page.goto(PRODUCT)
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    page.route(
        "**/*",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    choice(page, "Indigo").click()
    expect(page.locator(".product__stock")).to_have_text("Only 3 left")
    assert page.evaluate("document.documentElement.dataset.same") is None
    assert all("ERR_FAILED" in problem for problem in problems), problems
    problems.clear()


def test_a_thumbnail_brings_its_picture_into_view(page: Page, javascript: bool) -> None:
    page.goto(PRODUCT)
    wanted = page.locator("#picture-3")
    expect(wanted).not_to_be_in_viewport()
    thumbnail = page.get_by_role("link", name="Picture 3 of 5", exact=True)
    thumbnail.click()
    expect(wanted).to_be_in_viewport()
    if javascript:
        expect(thumbnail).to_have_attribute("aria-current", "true")
        expect(page.get_by_role("link", name="Picture 1 of 5", exact=True)).not_to_have_attribute(
            "aria-current", "true"
        )


def test_the_pictures_are_there(page: Page) -> None:
    page.goto(PRODUCT, wait_until="load")
    for picture in page.locator("main img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_product_without_options_has_no_picker(page: Page) -> None:
    page.goto("/products/first-matcha-box")
    expect(page.locator("variant-picker")).to_have_count(0)
