"""Full-text search with SQLite FTS5 or PostgreSQL tsvector: both find the same.

This module folds and splits texts into words for both databases. So a query consists of words only: quotes, `*`, `%`
and emoji have no meaning, and both databases agree on what a word is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from storefront.unicode_text import normalize

MAX_WORDS = 12
_MAX_WORD = 60
_MAX_DOCUMENT_WORDS = 1500
# Scripts that are written without spaces: every character counts as a word.
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f])")
_WORD = re.compile(r"[^\W_]+")


def fold(value: str) -> str:
    """Return the text without case and accents: "Théière" and "theiere" give the same."""
    if value.isascii():
        return value.casefold()
    decomposed = normalize("NFKD", value)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(value: str) -> list[str]:
    """Return the folded words of a text, in order; they consist of letters and digits."""
    folded = fold(value)
    if not folded.isascii():
        folded = _UNSPACED.sub(r" \1 ", folded)
    return [word[:_MAX_WORD] for word in _WORD.findall(folded)]


@dataclass(frozen=True, slots=True)
class Document:
    """The searched words of one product: those of its title, and all others."""

    product_id: int
    title: str
    body: str


def document(product_id: int, title: str, others: Iterable[str]) -> Document:
    """Return the search document of a product; each word is kept once."""
    heading = dict.fromkeys(words(title))
    rest = dict.fromkeys(word for other in others for word in words(other))
    body = [word for word in rest if word not in heading][:_MAX_DOCUMENT_WORDS]
    return Document(product_id, " ".join(heading), " ".join(body))


def index(session: Session, documents: Sequence[Document], *, fresh: bool = False) -> None:
    """Write documents to the search index. `fresh`: the index has none of these products yet."""
    if not documents:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        verb = "INSERT" if fresh else "INSERT OR REPLACE"
        connection.execute(
            text(f"{verb} INTO product_search (rowid, title, body) VALUES (:id, :title, :body)"),
            [{"id": d.product_id, "title": d.title, "body": d.body} for d in documents],
        )
    else:
        connection.execute(
            text(
                "INSERT INTO product_search (product_id, document) VALUES (:id, CAST(:document AS tsvector)) "
                "ON CONFLICT (product_id) DO UPDATE SET document = excluded.document"
            ),
            [{"id": d.product_id, "document": _tsvector(d)} for d in documents],
        )


def remove(session: Session, product_ids: Sequence[int]) -> None:
    """Remove products from the search index."""
    if product_ids:
        key = "rowid" if session.connection().dialect.name == "sqlite" else "product_id"
        session.connection().execute(
            text(f"DELETE FROM product_search WHERE {key} = :id"), [{"id": i} for i in product_ids]
        )


def matching_statement(dialect: str, query: str, *, title_only: bool) -> TextClause | None:
    """Return the statement for the `product_id`s that match a query, newest first.

    A product matches if each word of the query begins one of its words. None if the query contains no word.
    """
    wanted = list(dict.fromkeys(words(query)))[:MAX_WORDS]
    if not wanted:
        return None
    if dialect == "sqlite":
        # A single letter matches whole words only: as a prefix it would match half of the shop.
        terms = " AND ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in wanted)
        match = f"title : ({terms})" if title_only else terms
        statement = (
            "SELECT rowid AS product_id FROM product_search "
            "WHERE product_search MATCH :match ORDER BY rowid DESC"
        )
    else:
        weight = "A" if title_only else ""
        terms = " & ".join(f"'{word}':{'*' if len(word) > 1 else ''}{weight}".rstrip(":") for word in wanted)
        match = terms
        statement = (
            "SELECT product_id FROM product_search WHERE document @@ CAST(:match AS tsquery) "
            "ORDER BY product_id DESC"
        )
    return text(statement).bindparams(match=match)


def relevance_key(title: str, query: str) -> tuple[int, int, int]:
    """Return a sort key, best first: most whole words in the title, then the earliest, then the shortest title."""
    heading, wanted = words(title), words(query)
    whole = sum(word in heading for word in wanted)
    first = next((place for place, word in enumerate(heading) if wanted and word.startswith(wanted[0])), 99)
    return (-whole, first, len(heading))


def _tsvector(entry: Document) -> str:
    """Return the document in PostgreSQL's text format; the title has weight A (PostgreSQL manual, 8.11.1)."""
    place, lexemes = 0, []
    for weight, part in (("A", entry.title), ("D", entry.body)):
        for word in part.split():
            place += 1
            lexemes.append(f"'{word}':{min(place, 16383)}{weight}")
    return " ".join(lexemes)
