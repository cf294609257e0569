"""Search: both databases find the same products for the same query."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storefront.catalog import queries, search
from storefront.catalog.list_request import ListRequest
from storefront.catalog.search.documents import DERIVED, build_document
from tests.factories import make_category, make_product
from tests.selection import effort


def found(q: str) -> list[str]:
    return [card.title for card in queries.load_list_page(ListRequest(q=q, sort="relevance")).items]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Théière à thé", ["theiere", "a", "the"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("500ml/1.5 l", ["500ml", "1", "5", "l"]),
        ("snake_case-and'quotes\"", ["snake", "case", "and", "quotes"]),
        ("Women’s l'eau", ["women", "eau"]),
        ("茶碗 set", ["茶碗", "set"]),
        ("🫖 ** %% ''", []),
        ("ﬁne ½", ["fine", "1", "2"]),
    ],
)
def test_words_are_folded_and_split(text: str, words: list[str]) -> None:
    assert search.words(text) == words


def test_titles_and_whole_words_come_first(app: object) -> None:
    make_product("Towel", description_html="<p>Dries every tea bowl.</p>")
    make_product("Teapot for tea")
    make_product("Tea")
    make_product("Teapot")
    assert found("tea") == ["Tea", "Teapot for tea", "Teapot", "Towel"]


def test_every_searched_text_finds_the_product(app: object) -> None:
    category = make_category("Teaware", "Side-handle pots")
    make_product(
        "Kyusu",
        category=category,
        vendor="Kiln Row",
        product_type="Pot",
        tags=["banko", "purple clay"],
        variants=[{"sku": "KY-01-IRON", "option1": "Iron black"}],
        description_html="<p>Holds 280&nbsp;ml&#59; unglazed</p>",
    )
    for query in ("kyusu", "kiln", "side handle", "banko", "KY-01-IRON", "ky 01", "iron", "unglazed", "280"):
        assert found(query) == ["Kyusu"], query
    assert found("nbsp") == []


def test_scripts_without_spaces_are_found_by_character(app: object) -> None:
    make_product("抹茶碗")
    assert found("茶碗") == ["抹茶碗"]


@pytest.mark.any_database
@pytest.mark.parametrize("q", ["❤\ufe0f", "bowl ❤\ufe0f", "bowl-\ufe0f", "bowl \u0301"])
def test_a_sign_without_letters_is_no_word(app: object, q: str) -> None:
    make_product("Bowl ❤\ufe0f")
    assert found(q) == (["Bowl ❤\ufe0f"] if "bowl" in q else [])


@pytest.mark.long
@settings(
    max_examples=effort(50, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(q=st.text(max_size=60))
def test_no_query_breaks_the_search(app: object, q: str) -> None:
    queries.load_list_page(ListRequest(q=q, sort="relevance"))


@pytest.mark.long
@settings(
    max_examples=effort(50, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(max_size=80))
def test_no_text_breaks_the_search_index(app: object, body: str) -> None:
    search.words(body)
    document = build_document(search.SearchedTexts(1, body, [body], [body], [body], body), "en")
    assert DERIVED not in "".join(search.words(body))
    assert not {c for c in document.title + document.body if c in "'\"*:"}
