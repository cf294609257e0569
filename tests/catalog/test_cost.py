"""No page needs more than eight statements, all counted, and none scans more rows than its limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from storefront.catalog import queries
from storefront.catalog.list_index import reader
from storefront.catalog.list_request import ListRequest
from storefront.content import menu_edits, page_edits
from storefront.content.menu_edits import EntryValues
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from tests.conftest import make_app
from tests.factories import make_category, make_product

URLS = (
    "/",
    "/products",
    "/products?page=2",
    "/products?sort=-price",
    "/categories/tea?sort=name",
    "/categories/tea/green-tea?vendor=Kiln+Row&in_stock=1&sort=price",
    "/products?in_stock=1",
    "/products?min_price=1&max_price=2",
    "/products?q=sencha",
    "/products?q=sencha&category=tea&vendor=Kiln+Row&vendor=Other",
    "/products?q=sehncha+senhca&in_stock=1",
    "/products?q=sencha+kettel&category=tea&vendor=Kiln+Row",
    "/products?q=green+tea+t-shirt+12oz+ガラス",
    "/categories",
    "/products/sencha-7",
    "/products/unknown",
    "/categories/unknown",
    "/nowhere",
)
# Pages that take one statement more than `MOST`: the front page with its sections, a product, and a search that is
# filtered or corrected.
WITH_ONE_MORE = {
    "/",
    "/products?q=sencha&category=tea&vendor=Kiln+Row&vendor=Other",
    "/products?q=sencha+kettel&category=tea&vendor=Kiln+Row",
    "/products?q=green+tea+t-shirt+12oz+ガラス",
    "/products/sencha-7",
}
MOST = 7
SORTS = ("new", "price", "-price", "name")


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def shelf(app: object) -> None:
    green = make_category("Tea", "Green tea")
    for n in range(30):
        make_product(
            f"Sencha {n}",
            category=green,
            pictures=n % 2,
            description_html='<img src="https://cdn.example/a.png"><img src="b.png">',
            variants=[{"price": 100 + n}, {"option1": "b"}],
        )


def cold_statements(app: Flask, folder: Path, url: str) -> list[str]:
    """Return the statements of a request to a process that has cached nothing: settings and menus are read, too."""
    folder.mkdir()
    uri, redis_url = app.config["SQLALCHEMY_DATABASE_URI"], app.config["REDIS_URL"]
    cold = make_app(uri, folder, REDIS_URL=redis_url)
    with cold.app_context(), statements() as seen:
        cold.test_client().get(url)
    return [statement for statement in seen if not statement.startswith("BEGIN")]


@pytest.mark.usefixtures("shelf")
def test_no_page_costs_more_than_eight_statements(app: Flask, tmp_path: Path) -> None:
    with write_transaction() as session:
        page = page_edits.create(session, PageValues("Imprint", published_at=datetime.now(UTC)))
        menu_edits.add(session, "footer", EntryValues(f"page-{page.id}"), expected=0)
    db.session.remove()  # a transaction may not idle for as long as this takes
    for place, url in enumerate(URLS):
        seen = cold_statements(app, tmp_path / str(place), url)
        assert len(seen) <= MOST + (url in WITH_ONE_MORE), "\n\n".join([url, *seen])
    assert cold_statements(app, tmp_path / "all", "/products"), "a cold page does ask the database"


@pytest.mark.usefixtures("shelf")
def test_too_many_matches_are_scanned_in_order_and_capped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for sort in SORTS:
        wanted = ListRequest(vendors=("Kiln Row",), in_stock=True, sort=sort)  # type: ignore[arg-type]
        exact = queries.load_list_page(wanted)
        with monkeypatch.context() as patch:
            patch.setattr(reader, "MATCH_LIMIT", 26)
            capped = queries.load_list_page(wanted)
            assert (exact.total_text, capped.total_text) == ("30 products", "26+ products")
            assert [card.id for card in capped.items] == [card.id for card in exact.items]
            with statements() as seen:
                queries.load_list_page(wanted)
            assert len([s for s in seen if not s.startswith("BEGIN")]) <= 6


@pytest.mark.usefixtures("shelf")
def test_pages_read_from_both_ends_form_one_order() -> None:
    for sort in SORTS:
        pages = [queries.load_list_page(ListRequest(sort=sort, page=n)).items for n in (1, 2, 3)]  # type: ignore[arg-type]
        ids = [card.id for page in pages for card in page]
        assert len(ids) == len(set(ids)) == 30
        cards = [card for page in pages for card in page]
        if sort.endswith("price"):
            assert [c.price.amount for c in cards] == sorted(
                (c.price.amount for c in cards), reverse=sort == "-price"
            )
