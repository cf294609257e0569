"""Write the search index: documents in SQLite FTS5 or PostgreSQL tsvector, in the transaction that changes products.

There are two tables of documents. One answers; the other one is empty, or being built for another version, and then
every change is written to both. Products that the shop does not show have documents, too, with negative keys: the
shop's search reads the positive ones.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from storefront import i18n, shop_settings
from storefront.app_state import AppState
from storefront.catalog.search import first_format, near_words
from storefront.catalog.search.documents import Document, SearchedTexts, build_document, text_of_html
from storefront.catalog.search.models import SearchIndex
from storefront.catalog.search.stems import language_of
from storefront.extensions import insert_function
from storefront.text_translations.models import PRODUCT
from storefront.text_translations.translated_columns import read_owner_texts

FORMAT = 7  # of documents; raise it if their words change
TABLES = {1: "product_search", 2: "product_search_2"}


class Target(NamedTuple):
    """A table of documents, the version that they have, and the id of the table of words."""

    table: str
    version: str
    words_id: str = ""

    @property
    def language(self) -> str:
        """The language of its stems; "" without any."""
        return self.version.partition(":")[2]

    @property
    def is_first_format(self) -> bool:
        """Whether its documents are those of the shop before there were versions."""
        return self.version == first_format.VERSION


# The table that answers, as this process last saw it while no other one was being built.
_last_seen = AppState[Target]("catalog.search.target")
_SAME = "table_number = :number AND version = :version AND words_id = :words_id AND next_table IS NULL"
# The lock is that of `_targets`.
_INSERT_IF_SAME = {
    "sqlite": f"INSERT OR REPLACE INTO {{table}} (rowid, title, body) SELECT :id, :title, :body "
    f"FROM search_index WHERE {_SAME}",
    "postgresql": f"INSERT INTO {{table}} (product_id, document) SELECT :id, CAST(:document AS tsvector) "
    f"FROM search_index WHERE {_SAME} FOR SHARE "
    "ON CONFLICT (product_id) DO UPDATE SET document = excluded.document",
}


def current_version() -> str:
    """Return the version that the index should have: its format, and the language whose stems it holds."""
    return f"{FORMAT}:{language_of(i18n.own_locale())}"


def new_target() -> Target:
    """Return the target of a shop whose index has no version yet, since it has no products."""
    return Target(TABLES[1], current_version())


def write(
    session: Session, texts: Sequence[SearchedTexts], *, moved: Collection[int] = (), fresh: bool = False
) -> None:
    """Write products to the search index.

    Args:
        session: a session in a writing transaction.
        texts: the searched texts of the products.
        moved: ids of those that the shop shows from now on, or does not show any more.
        fresh: the index has none of these products yet: saves a look-up.
    """
    texts = with_translations(session, texts)
    former = [-each.key for each in texts if each.product_id in moved]
    if not texts or (len(texts) == 1 and _write_if_same(session, texts[0], former)):
        return
    for target in _targets(session):
        _delete(session, target.table, former)
        write_documents(session, target, texts, fresh=fresh)


def with_translations(session: Session, texts: Sequence[SearchedTexts]) -> Sequence[SearchedTexts]:
    """Return what is searched with its translations; one statement if the shop has further languages."""
    if not texts or not shop_settings.current().languages:
        return texts
    found = read_owner_texts(session, PRODUCT, [each.product_id for each in texts])
    return [replace(each, translations=_translations(found.get(each.product_id, {}))) for each in texts]


def _translations(by_locale: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return [
        (locale, given.get("title", ""), text_of_html(given.get("description_html", "")))
        for locale, given in sorted(by_locale.items())
    ]


def _write_if_same(session: Session, texts: SearchedTexts, former: Sequence[int]) -> bool:
    """Write one product as if the index were as this process last saw it; return False, having done nothing, if not.

    It saves the statement of `_targets`.
    """
    target = _last_seen.find(current_app)
    if target is None or target.is_first_format:
        return False
    connection, document = session.connection(), build_document(texts, target.language)
    number = next(number for number, table in TABLES.items() if table == target.table)
    same = {"number": number, "version": target.version, "words_id": target.words_id}
    statement = text(_INSERT_IF_SAME[connection.dialect.name].format(table=target.table))
    if not connection.execute(statement, _values(connection, document) | same).rowcount:
        return False
    _delete(session, target.table, former)
    near_words.add_words(session, document.plain_words, target.words_id)
    return True


def remove(session: Session, product_ids: Sequence[int]) -> None:
    """Remove products from the search index."""
    if product_ids:
        for target in _targets(session):
            _delete(session, target.table, [key for number in product_ids for key in (number, -number)])


def _delete(session: Session, table: str, keys: Sequence[int]) -> None:
    if keys:
        connection = session.connection()
        column = "rowid" if connection.dialect.name == "sqlite" else "product_id"
        connection.execute(text(f"DELETE FROM {table} WHERE {column} = :key"), [{"key": key} for key in keys])


def write_documents(
    session: Session,
    target: Target,
    texts: Sequence[SearchedTexts],
    *,
    fresh: bool = False,
    keep: bool = False,
) -> None:
    """Write products to one table of documents.

    Args:
        session: a session in a writing transaction.
        target: the table.
        texts: the searched texts of the products.
        fresh: the table has none of these products: saves a look-up.
        keep: leave documents that are there already: on PostgreSQL, another transaction may have written newer ones.
    """
    if target.is_first_format:
        _insert(session, target.table, list(map(first_format.build_document, texts)), fresh=fresh, keep=keep)
        return
    documents = [build_document(each, target.language) for each in texts]
    _insert(session, target.table, documents, fresh=fresh, keep=keep)
    found = set().union(*(document.plain_words for document in documents))
    near_words.add_words(session, found, target.words_id)


def _targets(session: Session) -> list[Target]:
    """Return the tables to write to. Until the transaction ends, nobody begins or ends a rebuild."""
    columns = (
        SearchIndex.table_number,
        SearchIndex.version,
        SearchIndex.next_table,
        SearchIndex.next_version,
        SearchIndex.words_id,
    )
    query = select(*columns).with_for_update(read=True)
    state = session.execute(query).one_or_none()
    if state is None:
        version, connection = current_version(), session.connection()
        values = {"id": 1, "table_number": 1, "version": version, "words_id": secrets.token_hex(8)}
        connection.execute(insert_function(connection)(SearchIndex).values(values).on_conflict_do_nothing())
        state = session.execute(query).one()
    targets = [Target(TABLES[state.table_number], state.version, state.words_id)]
    if state.next_table:
        targets.append(Target(TABLES[state.next_table], state.next_version, state.words_id))
    else:
        _last_seen.set(current_app, targets[0])
    return targets


def _insert(session: Session, table: str, documents: Sequence[Document], *, fresh: bool, keep: bool) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        verb = "INSERT" if fresh else "INSERT OR REPLACE"
        connection.execute(
            text(f"{verb} INTO {table} (rowid, title, body) VALUES (:id, :title, :body)"),
            [_values(connection, document) for document in documents],
        )
    else:
        action = "NOTHING" if keep else "UPDATE SET document = excluded.document"
        connection.execute(
            text(
                f"INSERT INTO {table} (product_id, document) VALUES (:id, CAST(:document AS tsvector)) "
                f"ON CONFLICT (product_id) DO {action}"
            ),
            [_values(connection, document) for document in documents],
        )


def _values(connection: Connection, document: Document) -> dict[str, Any]:
    if connection.dialect.name == "sqlite":
        return {"id": document.key, "title": document.title, "body": document.body}
    return {"id": document.key, "document": _tsvector(document)}


def _tsvector(entry: Document) -> str:
    """Return the document in PostgreSQL's text format; the title has weight A (PostgreSQL manual, 8.11.1)."""
    place, lexemes = 0, []
    for weight, part in (("A", entry.title), ("D", entry.body)):
        for word in part.split():
            place += 1
            lexemes.append(f"'{word}':{min(place, 16383)}{weight}")
    return " ".join(lexemes)


def clear(session: Session, table: str) -> None:
    """Empty a table of documents that does not answer; on SQLite create it again, with this version's tokenizer."""
    if session.connection().dialect.name == "sqlite":
        session.execute(text(f"DROP TABLE {table}"))
        # "ascii" takes every letter beyond ASCII as a part of a word, and changes none: the shop has folded them.
        options = "tokenize='ascii', prefix='2 3', detail='column'"
        session.execute(text(f"CREATE VIRTUAL TABLE {table} USING fts5(title, body, {options})"))
    else:
        session.execute(text(f"TRUNCATE {table}"))
