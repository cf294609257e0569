"""The grid in a real browser: errors, keys, paste and marks. `test_first_day` changes 300 prices in it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_first_day import PASTE
from tests.browser.test_looks import OPTIONS
from tests.processes import Shop
from tests.stock.streams import import_products

ROWS = 6
PRICES = "/admin/grid?view=prices&q=gridcup&sort=title"


@pytest.fixture(scope="module", autouse=True)
def full_shop(shop: Shop) -> None:
    """The shop with a draft of six variants."""
    head = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status"
    rows = [f"gridcup,Gridcup,Size,{number},GC-{number},10.00,5,draft" for number in range(ROWS)]
    import_products(shop, head, *rows)


def test_an_error_keeps_every_cell(office: Page, javascript: bool) -> None:
    office.goto(PRICES)
    office.locator("[name^=price-]").nth(0).fill("cheap")
    office.locator("[name^=compare_at_price-]").nth(1).fill("12.00")
    office.get_by_role("button", name="Preview changes").click()
    wrong = office.locator("[aria-invalid]")
    expect(wrong).to_have_value("cheap")
    expect(wrong).to_have_accessible_description("Enter an amount such as 1299.90.")
    expect(office.locator("[name^=compare_at_price-]").nth(1)).to_have_value("12.00")
    expect(office.locator("td[data-changed]")).to_have_count(2)
    if javascript:  # axe is a script
        assert Axe().run(office, options=OPTIONS).response["violations"] == []


def test_keys_and_paste_work_as_in_a_sheet(office: Page, javascript: bool) -> None:
    if not javascript:
        pytest.skip("the element needs scripts")
    office.goto("/admin/grid?q=gridcup&sort=title")
    price, compare, stock, label = (
        office.locator(f"[name^={field}-]") for field in ("price", "compare_at_price", "on_hand", "label")
    )
    price.nth(0).focus()
    office.keyboard.press("ArrowDown")
    expect(price.nth(1)).to_be_focused()
    office.keyboard.press("Enter")
    expect(price.nth(2)).to_be_focused()
    office.keyboard.press("Shift+Enter")
    office.keyboard.press("ArrowRight")
    expect(compare.nth(1)).to_be_focused()
    office.evaluate(PASTE, '12.50\t7\t"5"" pot"\tArchived\n13.50\t8\tX')
    expect(compare.nth(2)).to_have_value("13.50")
    expect(stock.nth(1)).to_have_value("7")
    expect(label.nth(1)).to_have_value('5" pot')
    expect(office.locator("output")).to_contain_text("6 cells are not saved yet")
    expect(office.locator("output")).to_contain_text("1 values did not fit")
    price.nth(4).focus()
    office.evaluate(PASTE, "1.00\n2.00\n3.00\n4.00")
    expect(office.locator("output")).to_contain_text("Only 2 of the 4 rows you pasted are on this page.")
    office.keyboard.press("Control+z")
    office.keyboard.press("Control+z")
    expect(compare.nth(1)).to_have_value("")
    expect(office.locator("td[data-changed]")).to_have_count(0)
    compare.nth(1).fill("9.00")
    office.keyboard.press("Escape")
    expect(compare.nth(1)).to_have_value("")
    compare.nth(1).fill("9.00")
    office.keyboard.press("Tab")
    office.get_by_role("button", name="Undo last edit").click()
    expect(compare.nth(1)).to_have_value("")
    office.locator("[name^=status-]").first.focus()
    office.evaluate(PASTE, "archived")
    expect(office.locator("[name^=status-]").first).to_have_value("archived")
    office.get_by_role("button", name="Undo last edit").click()
