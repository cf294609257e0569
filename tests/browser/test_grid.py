"""The grid in a real browser: 300 prices are changed on one page, applied and undone; keys, paste and marks."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.letters import sign_in_link
from tests.browser.test_looks import OPTIONS
from tests.processes import Shop

ROWS = 300
PRICES = "/admin/grid?view=prices&q=gridcup&sort=title"
# Pastes a text into the focused input, as the browser does.
PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const options = { clipboardData, bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""
FILL = "(all, texts) => all.forEach((one, place) => { one.value = texts[place]; })"
VALUES = "all => all.map((one) => one.value)"


@pytest.fixture(scope="module")
def full_shop(shop: Shop) -> Shop:
    """The shop with 300 variants of three drafts."""
    head = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status"
    rows = [
        f"gridcup-{number // 100},Gridcup {number // 100},Size,{number},GC-{number},10.00,5,draft"
        for number in range(ROWS)
    ]
    file = shop.instance / "gridcups.csv"
    file.write_text("\n".join([head, *rows, ""]))
    done = shop.flask("catalog", "import", str(file))
    assert done.returncode == 0, done.stderr
    return shop


@pytest.fixture
def office(page: Page, full_shop: Shop) -> Page:
    """A tab in which the owner is signed in."""
    page.goto(sign_in_link(full_shop))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin")
    return page


def prices(page: Page) -> list[str]:
    page.goto(PRICES)
    return list(page.locator("[name^=price-]").evaluate_all(VALUES))


def test_300_prices_are_changed_applied_and_undone(office: Page, javascript: bool) -> None:
    assert prices(office) == ["10.00"] * ROWS
    wanted = [f"{11 + number / 100:.2f}" for number in range(ROWS)]
    if javascript:
        office.locator("[name^=price-]").first.focus()
        office.evaluate(PASTE, "\r\n".join(wanted) + "\r\n")
        expect(office.locator("output")).to_have_text("300 cells are not saved yet")
    else:
        office.locator("[name^=price-]").evaluate_all(FILL, wanted)
    office.get_by_role("button", name="Preview changes").click()
    office.wait_for_url("**/admin/imports/*")
    expect(office.get_by_text("10.00").first).to_be_visible()
    office.get_by_role("button", name="Apply to 3 products").click()
    office.get_by_role("button", name="Undo", exact=True).wait_for()
    preview = office.url
    assert prices(office) == wanted
    office.goto(preview)
    office.get_by_role("button", name="Undo", exact=True).click()
    expect(office.get_by_text("Undone on")).to_be_visible()
    assert prices(office) == ["10.00"] * ROWS


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
