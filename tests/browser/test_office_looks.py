"""Every page of the back office on a small phone, light and dark: accessible to axe-core, and not too wide."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from storefront.shop_settings import stored_settings
from tests.accounts.people import make_user
from tests.browser.test_looks import OPTIONS
from tests.change_sets import stored_sets
from tests.checkout.shoppers import make_draft, place
from tests.office_pages import fill_lists, find_endpoint
from tests.processes import Shop
from tests.stock.streams import writer_app

WIDTH = 360
# Not pages: files, a stream, a letter in a frame, and a form that is shown only after a sign-in; `progress` is a part
# of a page.
NO_PAGES = frozenset(
    {
        "admin_live.stream",
        "admin_change_sets.problems",
        "admin_uploads.export",
        "admin_products.export",
        "admin_translations.export",
        "admin_carried_form.show",
        "admin_edit_links.category",
        "admin_letters.preview",
    }
)
# Ticks that a long label has made smaller; a menu in which no other section is in sight.
SQUEEZED = """() => [
  ...[...document.querySelectorAll(".tick input")].filter((one) => one.offsetWidth > 0 && one.offsetWidth < 24),
  ...[...document.querySelectorAll(".office-nav > ul")].filter((menu) =>
    [...menu.querySelectorAll(".office-nav__section")].filter(
      (one) => one.getBoundingClientRect().right < innerWidth).length < 3),
].map((one) => one.outerHTML.slice(0, 100))"""
LINKS = "all => all.map((one) => one.href)"
COLOURS = OPTIONS | {"runOnly": ["color-contrast"]}


@pytest.fixture
def page(browser: Browser, shop: Shop, owner: dict[str, Any]) -> Iterator[Page]:
    """A tab of a small phone in which the owner is signed in."""
    viewport = {"width": WIDTH, "height": 800}
    # Without transitions, the colours of a scheme are there at once.
    context = browser.new_context(
        base_url=shop.url,
        storage_state=owner,  # type: ignore[arg-type]
        viewport=viewport,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def fill_shop(app: Flask) -> int:
    """Give each list of the back office a row: such as an order, a customer, a stock-taking and a change set.

    Return the number of the stock-taking, which is open: only such a one can be reviewed.
    """
    with app.app_context():
        make_user("office-looks@shop.example")
        stored_settings.set_value("languages", "de_DE, ja_JP")
        place(make_draft({"RBT-CELADON": 1}))
        with write_transaction() as session:
            number = fill_lists(session, "Office looks", "RBT-CELADON")
        product = db.session.scalars(db.select(Product).where(Product.slug == "round-bellied-teapot")).one()
        stored_sets.apply(stored_sets.update(product, fields=stored_sets.created(vendor="Office & Sons")))
        db.session.rollback()
    return number


def send_broken_file(page: Page) -> None:
    """Send a file from which nothing can be imported: its page has no link."""
    page.goto("/admin/imports/new")
    file = {"name": "broken.csv", "mimeType": "text/csv", "buffer": b"Colour\nblue\n"}
    page.get_by_label("Catalogue as CSV").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Compare with the shop").click()
    page.wait_for_url("**/uploads/*")


def test_axe_finds_nothing_on_any_page_of_the_office(page: Page, shop: Shop) -> None:
    app, axe = writer_app(shop), Axe()
    taking = f"{shop.url}/admin/stock/takings/{fill_shop(app)}"
    send_broken_file(page)
    waiting, seen, problems = deque([page.url, taking, f"{shop.url}/admin"]), set(NO_PAGES), list[str]()
    while waiting:
        url = waiting.popleft()
        endpoint = find_endpoint(app, url)
        if not endpoint or endpoint in seen:
            continue
        seen.add(endpoint)
        page.emulate_media(color_scheme="light")
        page.goto(url)
        found = axe.run(page, options=OPTIONS)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate("options => axe.run(options)", COLOURS)
        wrong = [*found.response["violations"], *dark["violations"]]
        problems += [f"{url}: {one['id']} {one['nodes'][0]['html'][:200]}" for one in wrong]
        if page.evaluate("document.documentElement.scrollWidth") > WIDTH:
            problems.append(f"{url} is too wide")
        problems += [f"{url}: squeezed: {one}" for one in page.evaluate(SQUEEZED)]
        waiting += page.locator("a[href]").evaluate_all(LINKS)
    with app.app_context():
        stored_settings.reset_value("languages")  # other tests look at the same shop
    assert not problems, "\n".join(problems)
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and re.match("/admin(/|$)(?!.*/progress$)", rule.rule)
    }
    assert pages - seen == set(), "no link leads to these pages"


def test_wide_paper_has_one_column_and_times_are_the_shops(
    browser: Browser, shop: Shop, owner: dict[str, Any]
) -> None:
    context = browser.new_context(
        base_url=shop.url,
        storage_state=owner,  # type: ignore[arg-type]
        viewport={"width": 1200, "height": 800},
        timezone_id="Asia/Tokyo",
    )
    try:
        page = context.new_page()
        page.goto("/admin/changes")
        time = page.locator("local-time time[title]").first  # the script has seen it
        expect(time).to_contain_text("UTC")
        page.emulate_media(media="print")
        assert page.evaluate("document.querySelector('main').offsetWidth") > 1100
    finally:
        context.close()
