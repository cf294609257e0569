"""The plan of a search: what is looked for first, and what only if that finds little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

from sqlalchemy import TextClause, select
from sqlalchemy.orm import Session

from storefront.catalog.search import near_words
from storefront.catalog.search.folding import fold
from storefront.catalog.search.index import TABLES, Target, new_target
from storefront.catalog.search.match_expression import (
    Clause,
    build_clauses,
    build_statement,
    first_clauses,
    read_parts,
)
from storefront.catalog.search.models import SearchIndex, SearchWord
from storefront.catalog.search.ranking import Ranking
from storefront.catalog.search.stems import stems
from storefront.catalog.search.text_words import is_unspaced

MAX_CORRECTIONS = 3
_MAX_CANDIDATES = 2000
_MAX_LOOKED_UP = 6  # words of a query
_PER_WORD = 3
# Fewer matches are few. A short word has many neighbours that mean something else, so it must find nothing at all.
_FEW, _SHORT, _MIN_HALF = 3, 5, 3


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a search; the products of an earlier stage come first.

    Attributes:
        source: the statement for the `product_id`s.
        few: it is needed only if the earlier stages match fewer products; None: always.
    """

    source: TextClause
    few: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a search.

    Attributes:
        stages: products whose title matches; those that match as typed; those that match in other forms; then one
            stage for each correction.
        corrections: the query with words one edit apart, or split.
        language: of the index.
        query: as it was typed.
    """

    stages: tuple[Stage, ...]
    corrections: tuple[str, ...]
    language: str
    query: str

    @property
    def first_correction(self) -> int:
        """The stage of the first correction."""
        return len(self.stages) - len(self.corrections)

    def ranking(self, stage: int) -> Ranking:
        """Return what ranks the titles that a stage has found."""
        place = stage - self.first_correction
        return Ranking(self.corrections[place] if place >= 0 else self.query, self.language)


def make_plan(session: Session, query: str) -> Plan | None:
    """Return the plan of a search; None if the query contains no word. One statement."""
    parts, _ = read_parts(query)
    if not parts:
        return None
    words = [_single_word(part) for part in parts]
    target, known = _look_up(session, [word for word in words if word][:_MAX_LOOKED_UP])
    dialect = session.connection().dialect.name
    if target.is_first_format:
        clauses = first_clauses(query)
        return _first_plan(dialect, target, query, clauses) if clauses else None
    clauses = build_clauses(query, target.language)
    corrections, few = _correct(parts, words, known, target.language)
    stages = [
        Stage(build_statement(dialect, target.table, clauses, title_only=True, exact=False, bind="match_0")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=True, bind="match_1")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=False, bind="match_2")),
    ]
    for number, corrected in enumerate(corrections, len(stages)):
        wanted = build_clauses(corrected, target.language)
        statement = build_statement(
            dialect, target.table, wanted, title_only=False, exact=False, bind=f"match_{number}"
        )
        stages.append(Stage(statement, few))
    return Plan(tuple(stages), corrections, target.language, query)


def _first_plan(dialect: str, target: Target, query: str, clauses: Sequence[Clause]) -> Plan:
    stages = (
        Stage(build_statement(dialect, target.table, clauses, title_only=True, exact=True, bind="match_0")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=True, bind="match_1")),
    )
    return Plan(stages, (), "", query)


def _look_up(session: Session, words: Sequence[str]) -> tuple[Target, dict[str, set[str]]]:
    """Return the table of documents that answers, and the known words by key."""
    wanted = set().union(*map(near_words.deletion_keys, words), *map(_halves, words))
    rows = session.execute(
        select(SearchIndex.table_number, SearchIndex.version, SearchWord.key, SearchWord.word)
        .outerjoin(SearchWord, SearchWord.key.in_(sorted(wanted)))
        .limit(_MAX_CANDIDATES)
    ).all()
    known: dict[str, set[str]] = {}
    for _, _, key, word in rows:
        known.setdefault(key, set()).add(word)
    target = Target(TABLES[rows[0][0]], rows[0][1]) if rows else new_target()
    return target, known


def _single_word(part: str) -> str:
    """Return the folded word if it may be corrected: it consists of letters of a script with spaces; else ""."""
    word = fold(part)
    correctable = near_words.is_word(word) and len(word) >= near_words.MIN_NEAR
    return word if correctable and not is_unspaced(word) else ""


def _halves(word: str) -> set[str]:
    return {half for pair in _splits(word) for half in pair}


def _splits(word: str) -> list[tuple[str, str]]:
    return [(word[:i], word[i:]) for i in range(_MIN_HALF, len(word) - _MIN_HALF + 1)]


def _correct(
    parts: Sequence[str], words: Sequence[str], known: dict[str, set[str]], language: str
) -> tuple[tuple[str, ...], int]:
    """Return the query with unknown words corrected, the likeliest first, and how many matches are few for that.

    If each word is known, each is replaced alone.
    """
    options = [_alternatives(word, known) if word else [] for word in words]
    unknown = [
        place
        for place, word in enumerate(words)
        if options[place] and not _is_known(word, parts[place], known, language)
    ]
    corrected: dict[str, None] = {}
    replaced: set[int] = set()
    for places in (
        [tuple(unknown)] if unknown else [(place,) for place in range(len(words)) if options[place]]
    ):
        replaced.update(places)
        for choice in islice(product(*(options[place] for place in places)), _PER_WORD):
            changed = dict(zip(places, choice, strict=True))
            corrected[" ".join(changed.get(place, part) for place, part in enumerate(parts))] = None
    short = any(len(words[place]) <= _SHORT for place in replaced)
    return tuple(islice(corrected, MAX_CORRECTIONS)), 1 if short else _FEW


def _is_known(word: str, part: str, known: dict[str, set[str]], language: str) -> bool:
    return any(form in known.get(form, ()) for form in (word, *stems(part, language)))


def _alternatives(word: str, known: dict[str, set[str]]) -> list[str]:
    """Return what a word may have meant: two known words, or known words one edit apart."""
    split = [f"{a} {b}" for a, b in _splits(word) if a in known.get(a, ()) and b in known.get(b, ())]
    candidates: Iterable[str] = set().union(
        *(known.get(key, set()) for key in near_words.deletion_keys(word))
    )
    return [*split, *near_words.sort_near(word, candidates)][:_PER_WORD]
