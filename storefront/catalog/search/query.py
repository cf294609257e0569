"""The plan of a search: what is looked for first, and what only if that finds little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from sqlalchemy import TextClause, select
from sqlalchemy.orm import Session

from storefront.catalog.search.corrections import KnownWords, correct, looked_up_keys
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
from storefront.catalog.search.relaxation import shorten
from storefront.catalog.search.script_words import split_scripts
from storefront.catalog.search.text_words import compounds
from storefront.languages import current_locale

_MAX_CANDIDATES = 2000


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a search; the products of an earlier stage come first.

    Attributes:
        source: the statement for the `product_id`s.
        few: it is needed only if the stages in `behind` match fewer products; None: always.
        behind: numbers of earlier stages.
    """

    source: TextClause
    few: int | None = None
    behind: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a search.

    Attributes:
        stages: products whose title matches; those that match as typed; those that match in other forms; those with
            the parts of Japanese words, if these are several; then one stage for each correction.
        corrections: the query with words one edit apart, or split; of a relaxed plan: with fewer words.
        target: the table of documents that answers.
        query: as it was typed.
        hidden: the statement for the products that match in any form, but which the shop does not show; None if the
            index has none of them yet.
        together: the statement for these and those that the shop shows, as the stage of other forms; None on SQLite,
            where two statements read less.
        likeliest: its words and compounds in their likeliest spelling; empty if the plan cannot be relaxed.
        is_relaxed: whether products that have only some of the words are looked for.
    """

    stages: tuple[Stage, ...]
    corrections: tuple[str, ...]
    target: Target
    query: str
    hidden: TextClause | None = None
    together: TextClause | None = None
    likeliest: tuple[str, ...] = ()
    is_relaxed: bool = False

    @property
    def first_correction(self) -> int:
        """The stage of the first correction."""
        return len(self.stages) - len(self.corrections)

    def group(self, stage: int) -> int:
        """Return the group to which the products of a stage belong; those of a lower one come first."""
        return min(max(0, stage - self.first_correction + 1), 1 if self.is_relaxed else len(self.stages))

    def ranking(self, stage: int) -> Ranking:
        """Return what ranks the titles that a stage has found."""
        place = stage - self.first_correction
        if place < 0:
            return Ranking(self.query, self.target.language)
        corrected = " ".join(self.likeliest) if self.is_relaxed else self.corrections[place]
        return Ranking(corrected, self.target.language)


def make_plan(session: Session, query: str) -> Plan | None:
    """Return the plan of a search; None if the query contains no word. One statement."""
    parts, _ = read_parts(query)
    if not parts:
        return None
    target, known = _look_up(session, parts)
    dialect = session.connection().dialect.name
    if target.is_first_format:
        clauses = first_clauses(query)
        return _first_plan(dialect, target, query, clauses) if clauses else None
    clauses = build_clauses(query, target.language, locale=current_locale())
    corrected = correct(parts, known, target.language)
    stages = [
        Stage(build_statement(dialect, target.table, clauses, title_only=True, exact=False, bind="match_0")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=True, bind="match_1")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=False, bind="match_2")),
    ]
    by_script = [word for part in parts for word in split_scripts(part)]
    for_office: Callable[..., TextClause] = partial(
        build_statement, dialect, target.table, clauses, title_only=False, exact=False
    )
    hidden = for_office(among="hidden", bind="hidden")
    together = for_office(among="all", bind="all") if dialect == "postgresql" else None
    if len(by_script) > len(parts):
        stages.append(_other_stage(dialect, target, " ".join(by_script), len(stages), 1, (2,)))
    behind = tuple(range(2, len(stages)))
    for wanted in corrected.queries:
        stages.append(_other_stage(dialect, target, wanted, len(stages), corrected.few, behind))
    spelt, likeliest = iter(corrected.likeliest), list[str]()
    for found in compounds(query):
        likeliest += split_scripts("-".join(islice(spelt, len(found.parts))))
    return Plan(
        tuple(stages), corrected.queries, target, query, hidden, together, tuple(filter(None, likeliest))
    )


def relax_plan(session: Session, plan: Plan) -> Plan | None:
    """Return the plan that looks for products with some of the words, after one that found nothing; None without."""
    dialect = session.connection().dialect.name
    stages = list(plan.stages[: plan.first_correction])
    behind = (len(stages) - 1,)
    queries: list[str] = []
    for level in shorten(plan.likeliest):
        stages += (
            _other_stage(dialect, plan.target, query, number, 1, behind, whole_words=True)
            for number, query in enumerate(level, len(stages))
        )
        behind = (*behind, *range(behind[-1] + 1, len(stages)))
        queries += level
    if not queries:
        return None
    return replace(plan, stages=tuple(stages), corrections=tuple(queries), is_relaxed=True)


def _other_stage(
    dialect: str,
    target: Target,
    query: str,
    number: int,
    few: int,
    behind: tuple[int, ...],
    *,
    whole_words: bool = False,
) -> Stage:
    """Return a stage that looks for another query than the typed one."""
    locale, bind = current_locale(), f"match_{number}"
    clauses = build_clauses(query, target.language, whole_words=whole_words, locale=locale)
    statement = build_statement(dialect, target.table, clauses, title_only=False, exact=False, bind=bind)
    return Stage(statement, few, behind)


def _first_plan(dialect: str, target: Target, query: str, clauses: Sequence[Clause]) -> Plan:
    stages = (
        Stage(build_statement(dialect, target.table, clauses, title_only=True, exact=True, bind="match_0")),
        Stage(build_statement(dialect, target.table, clauses, title_only=False, exact=True, bind="match_1")),
    )
    return Plan(stages, (), target, query)


def _look_up(session: Session, parts: Sequence[str]) -> tuple[Target, KnownWords]:
    """Return the table of documents that answers, and the known words by key."""
    keys = looked_up_keys(parts, new_target().language)
    rows = session.execute(
        select(SearchIndex.table_number, SearchIndex.version, SearchWord.key, SearchWord.word)
        .outerjoin(SearchWord, SearchWord.key.in_(keys))
        .limit(_MAX_CANDIDATES)
    ).all()
    known: KnownWords = {}
    for _, _, key, word in rows:
        known.setdefault(key, set()).add(word)
    target = Target(TABLES[rows[0][0]], rows[0][1]) if rows else new_target()
    return target, known
