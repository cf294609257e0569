"""A page imports the modules of its custom elements when it is painted, or when somebody touches it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import PRODUCT, wait_until_interactive
from tests.processes import Shop

LATEST = 3000  # ms, of element-loader.js


@pytest.mark.parametrize("sign", ["a key", "a touch", "three seconds"])
def test_modules_wait_for_the_first_sign(browser: Browser, shop: Shop, sign: str) -> None:
    context = browser.new_context(base_url=shop.url)
    page = context.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.route("**/media/**", lambda _: None)  # pictures never arrive, so the page never fires `load`
    scripts: list[str] = []
    page.on("request", lambda request: request.resource_type == "script" and scripts.append(request.url))
    page.goto(PRODUCT, wait_until="commit")
    page.wait_for_load_state("domcontentloaded")
    assert ["/element-loader." in url for url in scripts] == [True]
    if sign == "a key":
        page.keyboard.press("Tab")
    elif sign == "a touch":
        page.mouse.down()
    else:
        page.clock.run_for(LATEST)
    wait_until_interactive(page)
    assert any("/stock-stream." in url for url in scripts), "what a module imports comes with it"
    context.close()


def test_an_element_that_comes_later_works(page: Page, javascript: bool) -> None:
    if not javascript:
        pytest.skip("without JavaScript nothing comes later")
    page.goto("/")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        " '<local-time><time datetime=\"2030-01-01T12:00Z\">then</time></local-time>')"
    )
    expect(page.locator("local-time time")).to_have_attribute("title", "then")
