"""A page imports the modules of its custom elements when it is painted, or when somebody touches it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import PRODUCT, wait_until_interactive
from tests.processes import Shop

LATEST = 3000  # ms, of element-loader.js
TRACED = ["devtools.timeline", "loading", "blink.user_timing"]
MOST_BEFORE_PAINT = 5  # beside the page: style sheet, rules of links, two pictures, the loader


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
    page.evaluate("import(document.querySelector('script[src]').src)")  # it has run when this resolves
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


@pytest.mark.parametrize("path", ["/", "/products", PRODUCT])
def test_few_requests_and_no_early_script_before_paint(browser: Browser, shop: Shop, path: str) -> None:
    context = browser.new_context(
        base_url=shop.url, viewport={"width": 412, "height": 823}, device_scale_factor=1.75
    )
    page = context.new_page()
    browser.start_tracing(page=page, categories=TRACED)
    page.goto(path)
    wait_until_interactive(page)
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    context.close()
    painted = min(
        each["ts"] for each in events if each["name"] == "firstContentfulPaint" and each["args"].get("data")
    )
    sent = [each for each in events if each["name"] == "ResourceSendRequest" and each["ts"] < painted]
    names = [each["args"]["data"]["url"].rpartition("/")[2] for each in sent]
    (loader,) = (each for each in sent if "/element-loader." in each["args"]["data"]["url"])
    parts = [name for name in names[1:] if not name.startswith("favicon")]
    assert len(parts) <= MOST_BEFORE_PAINT, names
    assert not [name for name in parts if name.endswith(".js") and "element-loader" not in name]
    parsed = [each for each in events if each["name"] == "ParseHTML" and each["tid"] == loader["tid"]]
    assert any(each["ts"] <= loader["ts"] <= each["ts"] + each["dur"] for each in parsed), (
        "the parser asks for the script, not the task that puts the page in place"
    )
