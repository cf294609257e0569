"""The match expression of a query, for FTS5 and for tsvector: a product must have one of the terms of each word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import TextClause, text

from storefront.catalog.search import first_format
from storefront.catalog.search.documents import DERIVED, mark_of
from storefront.catalog.search.folding import fold
from storefront.catalog.search.stems import language_of, stems
from storefront.catalog.search.text_words import (
    GRAM,
    MAX_JOINED,
    Forms,
    compounds,
    forms,
    is_unspaced,
    join_thousands,
    join_words,
    split_runs,
)

Among = Literal["shown", "hidden", "all"]
MAX_WORDS = 12
_BARCODE = range(8, 19)  # digits
_SPELT_OUT = re.compile("ae|oe|ue|aa")
# Words that people copy with a number of one of these kinds: "ISBN 978-0-306-40615-7".
_NUMBER_KINDS = ("isbn", "ean", "gtin", "upc", "jan", "sku")


class Term(NamedTuple):
    """A word of the index, or the beginning of some."""

    word: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """What one word of a query finds.

    Attributes:
        exact: the word itself, and what it begins.
        others: its stems and spellings, and the word joined with its neighbours.
    """

    exact: tuple[Term, ...]
    others: tuple[Term, ...] = ()


def read_parts(query: str) -> tuple[list[str], list[set[str]]]:
    """Return the clean words of a query, at most MAX_WORDS, and for each the words that it forms with neighbours."""
    parts: list[str] = []
    joined: list[set[str]] = []
    for found in compounds(query):
        for part in found.parts:
            parts.append(part)
            joined.append({found.joined} if found.joined else set())
    if len(parts) > 1 and parts[0] in _NUMBER_KINDS and any(map(str.isdigit, "".join(parts))):
        del parts[0], joined[0]
    del parts[MAX_WORDS:], joined[MAX_WORDS:]
    for place in range(1, len(parts)):
        if pair := join_words(parts[place - 1 : place + 1]) or join_thousands(*parts[place - 1 : place + 1]):
            joined[place - 1].add(pair)
            joined[place].add(pair)
    for place in range(1, len(parts) - 1):
        around = parts[place - 1 : place + 2]
        if len(around[1]) == 1 and (triple := join_words(around)):  # "rock n roll"
            for each in joined[place - 1 : place + 2]:
                each.add(triple)
    number = "".join(parts)
    # The last sign of an ISBN may be X.
    is_number = number.isdigit() or (len(number) == 10 and number[:-1].isdigit())
    if len(parts) > 1 and is_number and len(number) in _BARCODE:
        for each in joined:
            each.add(number)  # a barcode, grouped
    return parts, joined


def build_clauses(query: str, language: str, *, whole_words: bool = False, locale: str = "") -> list[Clause]:
    """Return a clause for each word of a query; all of them must be met.

    Args:
        query: as it was typed.
        language: of the stems.
        whole_words: whether words that a word begins do not count.
        locale: of a further language, of whose translations words count, too.
    """
    clauses = _build_clauses(query, language, whole_words=whole_words)
    if not locale:
        return clauses
    mark, others = mark_of(locale), _build_clauses(query, language_of(locale), whole_words=whole_words)
    return [_with_marked(own, other, mark) for own, other in zip(clauses, others, strict=True)]


def _with_marked(own: Clause, other: Clause, mark: str) -> Clause:
    """Return a clause that is also met by the marked words of the other one."""
    exact, others = (
        tuple(Term(mark + term.word, term.prefix) for term in terms) for terms in (other.exact, other.others)
    )
    return Clause((*own.exact, *exact), (*own.others, *others))


def _build_clauses(query: str, language: str, *, whole_words: bool) -> list[Clause]:
    clauses: list[Clause] = []
    for part, joined in zip(*read_parts(query), strict=True):
        pieces = split_runs(fold(part))
        if len(pieces) == 1 and not is_unspaced(pieces[0]):
            clause = _word_clause(pieces[0], forms(part, language), joined, language)
            clauses.append(_without_prefixes(clause) if whole_words else clause)
            continue
        for piece in pieces:
            clauses += (
                Clause((Term(token, prefix=is_unspaced(token) or len(token) > 1),))
                for token in query_grams(piece)
            )
    return clauses[:MAX_WORDS]


def query_grams(piece: str) -> list[str]:
    """Return the indexed words that a part of a query needs: those of a script without spaces in their order.

    The sign that lengthens the last vowel of a Japanese word may be missing in the text: サーバー finds サーバ.
    """
    if not is_unspaced(piece) or len(piece) <= GRAM:
        return [piece]
    piece = piece.removesuffix("ー")
    return [piece[start : start + GRAM] for start in range(len(piece) - GRAM + 1)]


def first_clauses(query: str) -> list[Clause]:
    """Return the clauses of a query for an index of the first format."""
    wanted = list(dict.fromkeys(first_format.words(query)))[:MAX_WORDS]
    return [Clause((_begins(word),)) for word in wanted]


def build_statement(
    dialect: str,
    table: str,
    clauses: Sequence[Clause],
    *,
    title_only: bool,
    exact: bool,
    bind: str,
    among: Among = "shown",
) -> TextClause:
    """Return the statement for the `product_id`s that meet all clauses, newest first.

    Args:
        dialect: "sqlite" or "postgresql".
        table: the table of documents.
        clauses: at least one.
        title_only: whether words beside the title do not count.
        exact: whether only the words as they were typed count.
        bind: the name of the bound value, different for each part of a statement.
        among: whether the products are looked for that the shop shows, those that it hides, or both. SQLite reads
            both faster apart.
    """
    terms = [_needed(clause.exact if exact else (*clause.exact, *clause.others)) for clause in clauses]
    if dialect == "sqlite":
        both = " AND ".join(f"({' OR '.join(map(_sqlite_term, each))})" for each in terms)
        match = f"title : ({both})" if title_only else both
        key, condition = "rowid", f"{table} MATCH :{bind}"
    else:
        weight = "A" if title_only else ""
        match = " & ".join(
            f"({' | '.join(_postgresql_term(term, weight) for term in each)})" for each in terms
        )
        condition = f"document @@ CAST(:{bind} AS tsquery)"
        key = "product_id"
    # Documents of hidden products have negative keys.
    # With the table's name: by itself it would be the selected column on PostgreSQL, from which no index could read.
    key = f"{table}.{key}"
    selected, where, order = {
        "shown": (key, f"{condition} AND {key} > 0", f"{key} DESC"),
        "hidden": (f"-{key}", f"{condition} AND {key} < 0", key),
        "all": (f"abs({key})", condition, f"abs({key}) DESC"),
    }[among]
    statement = f"SELECT {selected} AS product_id FROM {table} WHERE {where} ORDER BY {order}"
    return text(statement).bindparams(**{bind: match})


def _needed(terms: Sequence[Term]) -> list[Term]:
    """Return the terms without those that a prefix among them covers: each term costs time for each document."""
    prefixes = {term.word for term in terms if term.prefix}
    return [term for term in terms if term.prefix or term.word not in prefixes]


def _begins(word: str) -> Term:
    # A single letter matches whole words only: as a prefix it would match half of the shop.
    return Term(word, prefix=len(word) > 1)


def _word_clause(word: str, found: Forms, joined: set[str], language: str) -> Clause:
    # The beginning of a word whose "ä" is spelt "ae": muesli finds Müslischale, of which "muesli…" is a derived form.
    others: dict[Term, None] = {Term(DERIVED + word, prefix=_SPELT_OUT.search(word) is not None): None}
    for spelt in found.spelt:
        others |= {Term(spelt, prefix=True): None, Term(DERIVED + spelt): None}
    for stem in found.stems:
        others |= {Term(stem): None, Term(DERIVED + stem): None}
    if word.isdigit() and len(word) in _BARCODE:
        others |= {Term(word.lstrip("0") or "0"): None, Term(DERIVED + word.lstrip("0")): None}
    for pair in sorted(joined):
        others |= {Term(fold(pair)[:MAX_JOINED], prefix=True): None}
        for form in (fold(pair), *stems(pair, language)):
            others |= {Term(form): None, Term(DERIVED + form): None}
    exact = (_begins(word),)
    return Clause(exact, tuple(term for term in others if term not in exact))


def _without_prefixes(clause: Clause) -> Clause:
    return Clause(
        tuple(Term(term.word) for term in clause.exact), tuple(t for t in clause.others if not t.prefix)
    )


def _sqlite_term(term: Term) -> str:
    return f'"{term.word}"*' if term.prefix else f'"{term.word}"'


def _postgresql_term(term: Term, weight: str) -> str:
    return f"'{term.word}':{'*' if term.prefix else ''}{weight}".rstrip(":")
