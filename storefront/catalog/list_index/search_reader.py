"""Select the products that a search finds, with one statement beside the one that plans the search.

If no product of the shop matches, another one looks for products that have some of the words.

The statement reads the stages of the plan one after the other. A stage that is not needed reads nothing: its limit is
0. So products whose titles match are read alone if there are enough of them, and corrected words are looked for only
if the typed ones found little.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Subquery,
    case,
    column,
    func,
    join,
    literal,
    select,
    true,
    union,
    union_all,
)

from storefront.catalog import search
from storefront.catalog.list_index.conditions import SCAN_LIMIT, other_conditions, price_range
from storefront.catalog.list_index.matches import (
    AnySelect,
    Candidate,
    Selection,
    match_statement,
    slice_page,
    sort_matches,
)
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Listing
from storefront.catalog.search.ranking import Ranking
from storefront.extensions import db


def select_found(wanted: ListRequest, category_id: int, most: int) -> Selection:
    """Return one page of what a search finds in a category, of which at most `most` products are kept."""
    plan = search.make_plan(db.session(), wanted.q)
    if plan is None:
        return Selection([], 0, False, [])
    found, complete, matched = _find(plan, wanted, category_id, most)
    if not matched and (relaxed := search.relax_plan(db.session(), plan)):
        plan = relaxed
        found, complete, _ = _find(plan, wanted, category_id, most)
    ordered = _sort(found, wanted, plan)
    ids = [c.product_id for c in (ordered if complete else ordered[:most])]
    return Selection(
        slice_page(ids, wanted.page),
        len(ids),
        not complete,
        ordered if complete else None,
        plan,
        shown_for=tuple(_describe(plan, found)),
        found_as_typed=any(c.stage < plan.first_correction for c in found),
    )


def scan_found(plan: search.Plan) -> CTE:
    """Return the ids of the products that a search finds in the whole shop, SCAN_LIMIT + 1 of each stage at most."""
    # Of the stages without a correction, the last one finds what the others find, and more.
    stages = _scan_stages(plan, None, 0)[plan.first_correction - 1 :]
    return select(union(*(select(each) for each in stages)).subquery()).cte("scanned")


def _find(
    plan: search.Plan, wanted: ListRequest, category_id: int, most: int
) -> tuple[list[Candidate], bool, bool]:
    """Return the matches of all stages, whether these are all, and whether a product of the whole shop matches."""
    conditions = [Listing.category_id == category_id, *price_range(wanted)]
    scanned = _scan_stages(plan, [*conditions, *other_conditions(wanted, Listing)], most)
    first = _matches_in(wanted, conditions, select(scanned[0], literal(0).label("stage")).cte("first"), most)
    parts = [select(each, literal(number).label("stage")) for number, each in enumerate(scanned)]
    every = union_all(*parts).subquery()
    stage = func.min(every.c.stage)
    rest = select(every.c.product_id, stage.label("stage")).group_by(every.c.product_id).having(stage > 0)
    others = _matches_in(
        wanted, conditions, rest.order_by(stage, every.c.product_id.desc()).cte("rest"), most
    )
    found = union_all(select(first), select(others)).subquery()
    sizes = select(*(_count(each).label(f"size_{number}") for number, each in enumerate(scanned))).subquery()
    # The outer join returns the sizes even without matches: later rows than those that were read may still match.
    rows = db.session.execute(select(sizes, found).outerjoin_from(sizes, found, true())).all()
    candidates = [Candidate(*row[len(scanned) :]) for row in rows if row[len(scanned)] is not None]
    in_title = sum(candidate.stage == 0 for candidate in candidates)
    complete = max(in_title, len(candidates) - in_title) <= most
    largest = max(rows[0][: len(scanned)])
    return candidates, complete and largest <= SCAN_LIMIT, largest > 0


def _scan_stages(plan: search.Plan, conditions: list[ColumnElement[bool]] | None, most: int) -> list[CTE]:
    """Return the product ids of each stage, at most SCAN_LIMIT + 1.

    With conditions, the stages behind the first read nothing if more than `most` of its products meet them.
    """
    scanned: list[CTE] = []
    for number, stage in enumerate(plan.stages):
        limit: Any = SCAN_LIMIT + 1
        if stage.few is not None:
            limit = _limit_if(sum(_count(scanned[earlier]) for earlier in stage.behind) < stage.few)
        elif scanned and conditions is not None:
            in_list = select(Listing.product_id).join_from(
                scanned[0], Listing, Listing.product_id == scanned[0].c.product_id
            )
            titles = in_list.where(*conditions).limit(most + 1).subquery()
            limit = _limit_if(_count(titles) <= most)
        rows = stage.source.columns(column("product_id", Integer)).subquery()
        scanned.append(select(rows).limit(limit).cte(f"scanned_{number}"))
    return scanned


def _limit_if(condition: ColumnElement[bool]) -> Any:
    return select(case((condition, SCAN_LIMIT + 1), else_=0)).scalar_subquery()


def _count(rows: CTE | Subquery) -> Any:
    return select(func.count()).select_from(rows).scalar_subquery()


def _matches_in(
    wanted: ListRequest, conditions: list[ColumnElement[bool]], scanned: CTE, most: int
) -> Subquery:
    listed = join(scanned, Listing, Listing.product_id == scanned.c.product_id)
    matches: AnySelect = match_statement(wanted, Listing, conditions, listed).add_columns(scanned.c.stage)
    return matches.limit(most + 1).subquery()


def _sort(found: list[Candidate], wanted: ListRequest, plan: search.Plan) -> list[Candidate]:
    """Return the matches in the wanted order; those of a correction always come last."""
    corrected = [c for c in found if c.stage >= plan.first_correction]
    typed = [c for c in found if c.stage < plan.first_correction]
    if wanted.sort != "relevance":
        return sort_matches(typed, wanted.sort) + sort_matches(corrected, wanted.sort)

    @cache
    def ranking(stage: int) -> Ranking:
        return plan.ranking(stage)

    def key(c: Candidate) -> tuple[int, ...]:
        group = plan.group(c.stage)
        words, place, length = ranking(c.stage if group else 0).rank(c.title)
        return group, words, c.stage, place, length, -c.product_id

    return sorted(found, key=key)


def _describe(plan: search.Plan, found: list[Candidate]) -> list[str]:
    """Return the corrected queries that found something, with the words as the titles have them."""
    titles: dict[int, list[str]] = {}
    for candidate in found:
        titles.setdefault(candidate.stage, []).append(candidate.title)
    return [
        search.spell(correction, titles[stage])
        for stage, correction in enumerate(plan.corrections, plan.first_correction)
        if stage in titles
    ]
