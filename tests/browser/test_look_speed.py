"""How soon a new accent colour shows: in the answers of workers that have the page in memory, and in an open page."""

from __future__ import annotations

import re
import statistics
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.pages import PRODUCT
from tests.processes import Shop, eventually
from tests.selection import effort

ROUNDS = effort(2, 20)
CONNECTIONS = 4  # each stays with one of the two workers
ACCENT = "getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()"


def sheet_of(connection: HTTPConnection) -> str:
    """Return the address of the style sheet that the front page names."""
    connection.request("GET", "/")
    found = re.search(r'href="(/look/\w+\.css)"', connection.getresponse().read().decode())
    return found[1] if found else ""


def send_color(context: BrowserContext, old: str, color: str) -> float:
    """Send the form as the owner does; return when."""
    began = time.perf_counter()
    sent = {"accent_color": color, "seen-accent_color": old}
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = context.request.post("/admin/settings/look", form=sent, headers=headers, max_redirects=0)
    assert answer.status == 303, answer.text()
    return began


@pytest.mark.long
def test_a_new_accent_colour_shows_at_once(browser: Browser, shop: Shop, owner: dict[str, Any]) -> None:
    context = browser.new_context(base_url=shop.url, storage_state=owner)  # type: ignore[arg-type]
    readers = [HTTPConnection(urlsplit(shop.url).netloc, timeout=30) for _ in range(CONNECTIONS)]
    page, answers, open_page = context.new_page(), list[float](), list[float]()
    color = "#0b5d3f"
    try:
        page.goto(PRODUCT)
        send_color(context, "", color)
        assert eventually(lambda: page.evaluate(ACCENT) == color), "the open page has its connection"
        for step in range(ROUNDS):
            old = {sheet_of(reader) for reader in readers}
            earlier, color = color, f"#0b5d{0x40 + step:02x}"
            began = send_color(context, earlier, color)
            while old & {sheet_of(reader) for reader in readers}:
                pass
            answers.append(time.perf_counter() - began)
            assert eventually(lambda: page.evaluate(ACCENT) == color)  # noqa: B023 - called at once
            open_page.append(time.perf_counter() - began)
    finally:
        send_color(context, color, "")
        context.close()
        for reader in readers:
            reader.close()
    for name, seconds in (("answers", answers), ("open page", open_page)):
        print(f"{name}: {1e3 * statistics.median(seconds):.0f} ms, at most {1e3 * max(seconds):.0f} ms")
