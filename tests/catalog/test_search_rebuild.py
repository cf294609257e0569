"""The search index is rebuilt in batches while the old one answers and products change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from storefront.catalog import queries
from storefront.catalog.list_index import search_rebuild, writer
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Product
from storefront.catalog.search import first_format
from storefront.catalog.search.models import SearchIndex, SearchWord
from storefront.extensions import db, write_transaction
from tests.factories import make_product


@pytest.fixture
def old_index(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of the first format, as a shop has it that has just been updated, with five products."""
    monkeypatch.setattr(search_rebuild, "BATCH", 2)
    with write_transaction() as session:
        session.add(SearchIndex(id=1, table_number=1, version=first_format.VERSION, words_id=token_hex(8)))
    for number in range(5):
        make_product(f"Mug {number}")


def found(q: str) -> list[str]:
    return [card.title for card in queries.load_list_page(ListRequest(q=q, sort="name")).items]


def state() -> tuple[int, str, int | None]:
    db.session.rollback()  # other threads may have written since
    columns = (SearchIndex.table_number, SearchIndex.version, SearchIndex.next_table)
    number, version, next_table = db.session.execute(select(*columns)).one()
    db.session.rollback()
    return number, version, next_table


@pytest.mark.usefixtures("old_index")
def test_the_old_index_answers_until_the_new_one_is_built() -> None:
    assert search_rebuild.is_needed()
    assert (len(found("mug")), found("mugs"), found("mgu")) == (5, [], [])
    steps: list[tuple[int, int]] = []

    def look(done: int, total: int) -> None:
        assert (len(found("mug")), found("mugs")) == (5, [])
        steps.append((done, total))

    search_rebuild.rebuild(look)
    assert steps == [(2, 5), (4, 5), (5, 5)]
    assert (len(found("mugs")), state()) == (5, (2, "7:en", None))
    assert not search_rebuild.is_needed()


@pytest.mark.usefixtures("old_index")
def test_a_stopped_rebuild_goes_on_and_loses_no_change() -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_rebuild.rebuild(stop)
    assert (state(), search_rebuild.is_needed()) == ((1, "1", 2), True)
    first, last = db.session.execute(select(func.min(Product.id), func.max(Product.id))).one()
    with write_transaction() as session:
        session.get_one(Product, first).title = "Glasses"  # before the place where it stopped
        session.get_one(Product, first + 1).status = "archived"
        session.get_one(Product, last).title = "Bowls"  # behind it
        writer.refresh(session, [first, first + 1, last])
    make_product("Teapot")
    assert (found("glasses"), found("bowls"), found("teapot")) == (["Glasses"], ["Bowls"], ["Teapot"])
    done: list[int] = []
    search_rebuild.rebuild(lambda some, _: done.append(some))
    assert done == [4, 6]
    assert (found("glass"), found("bowl"), found("tea pot")) == (["Glasses"], ["Bowls"], ["Teapot"])
    assert found("mugs") == ["Mug 2", "Mug 3"]


@pytest.mark.usefixtures("old_index")
def test_two_processes_build_one_index(app: Flask) -> None:
    def build() -> int:
        steps = []
        with app.app_context():
            search_rebuild.rebuild(lambda done, _: steps.append(done))
            db.session.remove()
        return len(steps)

    with ThreadPoolExecutor(2) as pool:
        batches = sum(pool.map(lambda _: build(), range(2)))
    assert (batches, state()) == (3, (2, "7:en", None))
    assert len(found("mugs")) == 5


def test_another_language_needs_another_index(app: Flask) -> None:
    def speak(locale: str) -> None:
        assert app.test_cli_runner().invoke(args=["settings", "set", "locale", locale]).exit_code == 0

    make_product("Ein Kleid")
    assert (found("kleid"), found("kleidern"), state()) == (["Ein Kleid"], [], (1, "7:en", None))
    speak("de_AT")
    assert search_rebuild.is_needed()
    assert found("kleidern") == [], "queries are read in the language of the index"
    search_rebuild.rebuild()
    assert (found("kleidern"), state()) == (["Ein Kleid"], (2, "7:de", None))
    speak("ja_JP")
    search_rebuild.rebuild()
    assert (found("kleid"), found("kleidern"), state()) == (["Ein Kleid"], [], (1, "7:", None))


@pytest.mark.usefixtures("old_index")
def test_set_up_builds_the_index_once(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    first, second = (run(args=["setup", "--no-demo"]) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "The search index is up to date." in first.output
    assert "search index" not in second.output
    assert len(found("mugs")) == 5


def test_words_are_stored_once_and_never_codes(app: Flask) -> None:
    make_product("Kettle for tea", variants=[{"sku": "AB-12"}], description_html="kettle X200 of 茶碗")
    make_product("Kettle", variants=[{"sku": "AB-13"}])
    words = select(SearchWord.word).where(SearchWord.word == SearchWord.key).order_by(SearchWord.word)
    assert db.session.execute(words).scalars().all() == ["for", "kettle", "kiln", "row", "tea"]
    tables = ("product_search", "product_search_2")
    counts = [db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables]
    assert counts == [2, 0]
