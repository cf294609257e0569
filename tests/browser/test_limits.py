"""Rate limits in a real browser: sixty quick clicks pass; above a limit a page says when to continue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import copied
from tests.browser.test_looks import OPTIONS, visit
from tests.processes import Shop, eventually, served
from tests.stock.streams import run_command

pytestmark = pytest.mark.slow

CLICKS = 60
ORDER = "/orders/nobody-s"


@pytest.fixture(scope="module")
def shop(chromium: str, media: Path, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop with its default limits, but only one order page in five seconds."""
    instance = copied(demo, tmp_path_factory.mktemp("limits"))
    environ = {"STOREFRONT_MEDIA_DIR": str(media), "STOREFRONT_LIMIT_ORDER": "12/minute+1"}
    with served(instance, **environ) as own:
        yield own


@pytest.fixture
def javascript() -> bool:
    """A page with scripts, which request more."""
    return True


class Reported(NamedTuple):
    asked: int
    refused: int


def reported(shop: Shop) -> dict[str, Reported]:
    """Return the state of each limit from the shop's own command."""
    rows = [line.split() for line in run_command(shop, "limits", "report").splitlines()]
    return {row[0]: Reported(int(row[3]), int(row[4])) for row in rows if len(row) == 7 and row[2] == "s"}


@pytest.mark.only_long
def test_a_person_who_clicks_through_60_pages_is_never_refused(page: Page, shop: Shop) -> None:
    answers: Counter[tuple[str, int]] = Counter()
    page.on("response", lambda answer: answers.update([(answer.request.resource_type, answer.status)]))
    page.goto("/products")
    links = page.locator("main article.card a[href^='/products/'], a[href^='/categories/']")
    addresses = list(dict.fromkeys(links.evaluate_all("all => all.map(one => one.getAttribute('href'))")))
    addresses += ["/", "/cart", "/products?q=tea", "/products?page=2", "/products?sort=price&in_stock=1"]
    assert len(addresses) > 30
    for click in range(1, CLICKS):
        page.goto(addresses[click % len(addresses)])
    expect(page.get_by_role("link", name="Basket", exact=True)).to_be_visible()
    assert answers["document", 200] == CLICKS
    assert {status for _, status in answers} <= {200, 304}, answers
    for kind in ("stylesheet", "script", "image", "fetch"):
        assert answers[kind, 200] > 0, answers
    # The shared worker of all tabs opens the stream, which this page does not see.
    for name in (
        "browse",
        "search",
        "me",
        "stream",
    ):
        assert eventually(lambda name=name: (limit := reported(shop).get(name)) and limit.asked > 0), name
    assert all(limit.refused == 0 for limit in reported(shop).values())


def refuse(page: Page) -> None:
    """Request pages until one is refused."""

    def refused() -> bool:
        answer = page.goto(ORDER)
        return answer is not None and answer.status == 429

    assert eventually(refused)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_refusal_page_fits_and_axe_finds_nothing(
    browser: Browser, shop: Shop, width: int, scheme: str
) -> None:
    with visit(browser, shop, "/", width, scheme) as page:
        refuse(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        results = Axe().run(page, options=OPTIONS)
        assert results.violations_count == 0, results.generate_report()


def test_the_refusal_page_counts_down_and_then_offers_a_retry(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop, "/", 768) as page:
        refuse(page)
        expect(page.get_by_role("timer")).to_have_text(re.compile(r"You can continue in [1-5] seconds?\."))
        expect(page.get_by_role("status").filter(has_text="You can continue now.")).to_be_visible(
            timeout=15_000
        )
        expect(page.get_by_role("timer")).to_be_hidden()
        page.get_by_role("link", name="Try this page again").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Too many requests")
