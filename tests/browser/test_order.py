"""Pictures and categories in a real browser: dragged, moved by keys, dropped, and chosen for variants; or typed."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.test_looks import OPTIONS
from tests.factories import png
from tests.processes import Shop
from tests.stock.streams import import_products

HEAD = (
    "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price,"
    "Variant Inventory Qty,Status"
)
FILES: list[FilePayload] = [
    {"name": f"{place}.png", "mimeType": "image/png", "buffer": png(place, (64, 64))} for place in range(3)
]
# Drops a file far from its field, as somebody who misses it.
DROP = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["no picture"], "notes.txt"));
  const options = { dataTransfer, bubbles: true, cancelable: true };
  for (const name of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(name, options));
}"""
NAMED = "all => all.map((one) => one.value)"


@pytest.fixture(scope="module", autouse=True)
def full_shop(shop: Shop) -> None:
    """The shop with two drafts of four variants each."""
    rows = [
        f"{name},{name},Colour,{colour},Size,{size},{name}-{colour}-{size},10.00,5,draft"
        for name in ("dragged", "typed")
        for colour in ("Blue", "Red")
        for size in ("S", "M")
    ]
    import_products(shop, HEAD, *rows)


def save(page: Page, button: str = "Save") -> None:
    page.get_by_role("button", name=button, exact=True).last.click()
    page.wait_for_url("**said=saved*")
    page.goto(page.url)


def digests(page: Page) -> list[str]:
    """Return the names of the pictures' files in the order of the form."""
    return list(page.locator(".picture-row img").evaluate_all("all => all.map((one) => one.src)"))


def test_pictures_are_ordered_and_chosen_for_variants(office: Page, javascript: bool) -> None:
    name = "dragged" if javascript else "typed"
    office.goto(f"/admin/products?q={name}")
    office.get_by_role("link", name=name, exact=True).click()
    office.wait_for_url(re.compile(r"/admin/products/\d+"))
    office.goto(office.url)
    office.locator("#pictures").set_input_files(FILES)
    if javascript:
        office.evaluate(DROP)
        expect(office.locator("[data-chosen]")).to_have_text("0.png, 1.png, 2.png, notes.txt")
        office.get_by_role("button", name="Choose none").click()
        office.locator("#pictures").set_input_files(FILES[:1])
        office.locator("#pictures").set_input_files(FILES[1:])  # choosing again adds
    save(office, "Save and upload")
    first, second, third = digests(office)
    if javascript:
        office.get_by_role("button", name="Move Picture 3").press("ArrowUp")
        expect(office.get_by_text("Picture 3 is at place 2 now.")).to_be_attached()
        expect(office.get_by_role("button", name="Move Picture 3")).to_be_focused()
        office.get_by_role("button", name="Move Picture 1").scroll_into_view_if_needed()
        last = office.locator(".picture-row").last.bounding_box()
        office.get_by_role("button", name="Move Picture 1").hover()
        office.mouse.down()
        assert last
        office.mouse.move(last["x"] + 20, last["y"] + last["height"] - 5, steps=8)
        office.mouse.up()
        office.get_by_text("Variants: none").first.click()
        office.get_by_role("checkbox", name="All of Red").check()
        expect(office.get_by_text("Variants: Red / S, Red / M")).to_be_visible()
        office.get_by_role("checkbox", name="Red / M", exact=True).uncheck()
        assert Axe().run(office, options=OPTIONS).response["violations"] == []
    else:
        for picture, place in ((1, "3"), (2, "2"), (3, "1")):
            office.get_by_role("group", name=f"Picture {picture}").get_by_label("Place").fill(place)
        chosen = office.get_by_role("group", name="Red / S").get_by_label("Picture", exact=False)
        chosen.select_option(label="Picture 3")
    save(office)
    assert digests(office) == [third, second, first]
    pictures = office.locator("select[data-shows-picture]").evaluate_all(
        "all => all.map((one) => one.selectedOptions[0].text)"
    )
    assert pictures == ["The product’s first"] * 2 + ["Picture 1", "The product’s first"]


def test_categories_are_dragged_into_order(office: Page, javascript: bool) -> None:
    office.goto("/admin/categories")
    names = office.locator("[data-item] a")
    before = names.all_inner_texts()
    if javascript:
        handle = office.locator("[data-handle]").first
        handle.press("ArrowDown")
        office.get_by_role("button", name="Save the order").last.click()
    else:
        office.get_by_role("button", name=re.compile("^Down")).first.click()
    office.wait_for_url("**said=saved*")
    assert names.all_inner_texts() == [before[1], before[0], *before[2:]]
    office.get_by_role("button", name=re.compile("^Up")).nth(1).click()
    expect(names).to_have_text(before)
