"""A German office has no English: its pages are crawled, and their visible texts looked at."""

from __future__ import annotations

import io
import re
from collections import deque
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from storefront.catalog_files.picture_fetches import PictureFetch
from storefront.extensions import write_transaction
from storefront.rate_limiting import UNLIMITED_ENVIRON
from storefront.shop_settings import stored_settings
from tests.accounts.people import SAME_ORIGIN, staff_browser
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_category, make_product
from tests.office_pages import fill_lists, find_endpoint
from tests.translations.catalogs import read_translations

pytestmark = pytest.mark.any_database

# Words of nearly every English sentence, and of no German one.
ENGLISH = re.compile(
    r"\b(?:the|this|that|these|they|it|its|is|are|has|have|had|been|does|cannot|not|of|and|or|with|from|there|what"
    r"|which|your|you|by)\b",
    re.IGNORECASE,
)
# Names that a German page has, too: of columns of files, countries, rate limits, tags and entries of the cache.
NAMES = re.compile(r"Price|District of Columbia|Island|Isle of Man|Tag|staff|stock|[a-z-]+:[\w:.-]+.*")
SHOWN = ("title", "alt", "placeholder", "aria-label", "label")
NO_PAGES = re.compile(r".*\.(?:stream|export|problems|lead_on)")


class _Texts(HTMLParser):
    """Collects the visible texts of a page, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.texts += [given[name] for name in SHOWN if given.get(name)]
        self.texts += [
            text for name, text in given.items() if name.startswith("data-") and text[:1].isupper()
        ]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "style", "code"):
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if text := "" if self._hidden else " ".join(data.split()):
            self.texts.append(text)


def fill_shop() -> list[str]:
    """Give the lists of the office something to show, all of it named in German; return pages without a link."""
    make_product(
        "Teekanne", category=make_category("Tee"), variants=[{"sku": "T", "on_hand": 9}], vendor="Ton"
    )
    place(make_draft({"T": 1}))
    fetch = PictureFetch(
        run_by="system", failed=1, failures=[["https://ton.example/a", "the server answered 404"]]
    )
    with write_transaction() as session:
        taking = fill_lists(session, "Sammlung", "T")
        session.add(fetch)
    return [
        f"/admin/stock/takings/{taking}",
        "/admin/nichts",
        "/admin/system/cache?url=/products&tag=ton:1",
    ]


def find_untranslated() -> frozenset[str]:
    """Return the English texts without values whose German is another, for example "Sold out"."""
    return frozenset(
        message.id
        for message in read_translations("de")
        if isinstance(message.id, str) and message.id != message.string and "%" not in message.id
    )


def find_page(app: Flask, url: str) -> str:
    """Return the endpoint of a page of the office; empty for other addresses and for files."""
    try:
        endpoint = find_endpoint(app, url)
    except HTTPException:
        return ""
    return "" if NO_PAGES.fullmatch(endpoint) else endpoint


def test_a_german_office_has_no_english(app: Flask) -> None:
    stored_settings.set_value("locale", "de_DE")
    stored_settings.set_value("languages", "ja_JP")
    pages = fill_shop()
    client, untranslated = staff_browser(app).client, find_untranslated()
    client.environ_base |= UNLIMITED_ENVIRON
    for content in (b"%PDF-1.7", b"Title,Handle,Price\nKanne,kanne,7%\nTasse,tasse,5"):
        file = {"file": (io.BytesIO(content), "ton.csv"), "stock": "default", "stock_missing": "zero"}
        answer = client.post("/admin/uploads/catalogue", data=file, headers=SAME_ORIGIN)
        pages.append(client.get(answer.location).location or answer.location)
    waiting, seen, english = deque([*pages, "/admin"]), {""}, list[str]()
    while waiting:
        url = waiting.popleft()
        endpoint = find_page(app, url)
        if endpoint in seen and url not in pages:
            continue
        seen.add(endpoint)
        page = _Texts()
        page.feed(client.get(url).text)
        english += [
            f"{url}: {text[:200]}"
            for text in page.texts
            if (text in untranslated or ENGLISH.search(text)) and not NAMES.fullmatch(text)
        ]
        waiting += [
            urljoin(url, link) for link in page.links if find_page(app, urljoin(url, link)) not in seen
        ]
    assert len(seen) > 48
    assert english == []
