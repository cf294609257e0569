"""The editor of descriptions in a real browser: what it writes, what it leaves alone, and its keys."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_looks import OPTIONS
from tests.processes import Shop
from tests.stock.streams import import_products

# Markup as other shops' files have it: the editor would write each part of it in another way.
STORED = (
    "<div>Fired <b>twice</b>.</div>\n\n  <p>Blue<br>\nor  green</p>"
    "<details><summary>Care</summary><mark>By hand</mark></details>"
)
HEAD = "Handle,Title,Body (HTML),Variant SKU,Variant Price,Variant Inventory Qty,Status"
# Pastes HTML into the focused text, as the browser does.
PASTE = """html => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/html", html);
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
WORD = (
    "<html><head><style>p.MsoNormal {color: red}</style></head><body><!--StartFragment-->"
    '<p class="MsoNormal" style="margin:0"><b><span style="font-family:Calibri">Size<o:p></o:p></span></b></p>'
    '<p class="MsoListParagraph" style="text-indent:-18pt;mso-list:l0 level1 lfo1">'
    '<span style="mso-list:Ignore">·<span>&nbsp;&nbsp; </span></span>Height 14 cm</p>'
    '<p class="MsoListParagraph" style="mso-list:l0 level2 lfo1">'
    '<span style="mso-list:Ignore">o </span>with lid</p>'
    '<p class="MsoNormal" onclick="x()"><a href="javascript:x()">Ask</a><img src="file:///C:/a.png"></p>'
    "<!--EndFragment--></body></html>"
)
PLAIN = (
    "<p><strong>Size</strong></p>\n<ul>\n<li>Height 14 cm<ul>\n<li>with lid</li>\n</ul>\n</li>\n</ul>\n"
    "<p><a>Ask</a></p>"
)
HOSTILE = (
    "<p>One<script>document.title = 1</script></p><img src=x onerror='document.title = 1'>"
    "<p style='color:red'><a href=' javascript:x()'>two</a></p><iframe src='/'></iframe>"
)
DOCS = (
    '<b style="font-weight:normal" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38">'
    '<span style="font-weight:700">Blue</span><span style="font-style:italic"> glaze</span></p></b>'
)

with_scripts = pytest.mark.parametrize("javascript", ["with JavaScript"], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def full_shop(shop: Shop) -> None:
    """The shop with a product whose description has markup of another shop."""
    quoted = STORED.replace('"', '""')
    import_products(shop, HEAD, f'edited-cup,Edited cup,"{quoted}",EDITED-CUP,10.00,5,active')


@pytest.fixture
def office(office: Page) -> Page:
    """A tab of the owner with the product's form."""
    office.goto("/admin/products?q=edited+cup")
    link = office.get_by_role("link", name="Edited cup")
    office.goto(str(link.get_attribute("href")))
    return office


def area(page: Page) -> Locator:
    return page.locator("textarea[name=description_html]")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**said=saved*")
    page.goto(page.url)


def start(page: Page, html: str = "") -> Locator:
    """Put a text into the editor by its HTML; return the editor with the cursor at the end."""
    page.get_by_role("button", name="HTML").click()
    area(page).fill(html)
    page.get_by_role("button", name="HTML").click()
    editor = page.get_by_role("textbox", name="Description", exact=False).first
    editor.focus()
    page.keyboard.press("Control+End")
    return editor


def test_an_untouched_description_stays_to_the_letter(office: Page, javascript: bool) -> None:
    assert area(office).input_value() == STORED
    office.get_by_label("Title", exact=True).fill("Edited cup, fired twice")
    save(office)
    assert area(office).input_value() == STORED
    if javascript:
        start(office, STORED)
        office.keyboard.type(" Red")
        expect(area(office)).to_have_value(
            re.compile("<details>\n?<summary>Care</summary>.*<mark>By hand Red", re.S)
        )
        for _ in range(4):
            office.keyboard.press("Control+z")
        expect(area(office)).to_have_value(STORED)
        start(office, "<p>Plain</p>")
    else:
        area(office).fill("<p>Plain</p>")
    save(office)
    assert area(office).input_value() == "<p>Plain</p>"
    start(office, STORED) if javascript else area(office).fill(STORED)
    save(office)


@with_scripts
def test_keys_and_buttons_write_clean_html(office: Page) -> None:
    start(office)
    keyboard = office.keyboard
    office.get_by_role("button", name="Heading", exact=True).click()
    keyboard.type("Care")
    keyboard.press("Enter")
    keyboard.type("By ")
    keyboard.press("Control+b")
    keyboard.type("hand")
    expect(office.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    keyboard.press("Control+b")
    keyboard.type(" only")
    keyboard.press("Enter")
    office.get_by_role("button", name="List", exact=True).click()
    keyboard.type("warm")
    keyboard.press("Enter")
    keyboard.type("dry")
    html = "<h2>Care</h2>\n<p>By <strong>hand</strong> only</p>\n<ul>\n<li>warm</li>\n<li>dry</li>\n</ul>"
    expect(area(office)).to_have_value(html)
    keyboard.press("Shift+Home")
    keyboard.press("Control+k")
    office.get_by_label("Address", exact=False).last.fill("example.com/dry")
    keyboard.press("Enter")
    linked = html.replace("dry", '<a href="https://example.com/dry">dry</a>')
    expect(area(office)).to_have_value(linked)
    office.get_by_role("button", name="Undo", exact=True).click()
    expect(area(office)).to_have_value(html)
    keyboard.press("Alt+F10")
    keyboard.press("Home")
    expect(office.get_by_role("button", name="Heading", exact=True)).to_be_focused()
    keyboard.press("ArrowRight")
    expect(office.get_by_role("button", name="Subheading")).to_be_focused()
    assert Axe().run(office, options=OPTIONS).response["violations"] == []


@with_scripts
def test_pasted_texts_lose_their_looks(office: Page) -> None:
    start(office)
    office.evaluate(PASTE, WORD)
    expect(area(office)).to_have_value(PLAIN)
    start(office)
    office.evaluate(PASTE, DOCS)
    expect(area(office)).to_have_value("<p><strong>Blue</strong><em> glaze</em></p>")
    start(office, HOSTILE)
    office.keyboard.type(".")
    expect(area(office)).to_have_value('<p>One</p>\n<p><img src="x"></p>\n<p><a>two.</a></p>')
    assert "Edited cup" in office.title()


@with_scripts
def test_a_table_grows_and_shrinks(office: Page) -> None:
    start(office, "<p>Sizes</p>")
    office.get_by_role("button", name="Table", exact=True).click()
    office.keyboard.type("S")
    rows = office.locator("rich-text tr")
    expect(rows).to_have_count(3)
    office.get_by_role("button", name="Add row").click()
    expect(rows).to_have_count(4)
    office.get_by_role("button", name="Remove column").click()
    expect(rows.first.locator("th")).to_have_count(2)
    office.get_by_role("button", name="Add column").click()
    expect(rows.last.locator("td")).to_have_count(3)
    office.get_by_role("button", name="Remove row").click()
    expect(rows).to_have_count(3)
    office.keyboard.press("Control+z")
    expect(rows).to_have_count(4)
    office.get_by_role("button", name="Remove table").click()
    expect(area(office)).to_have_value("<p>Sizes</p>")
