"""Finds products by words and codes: the search of the shop, and the same among what the shop does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    TextClause,
    column,
    false,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog import search
from storefront.catalog.models import Product, Variant
from storefront.catalog.typed_codes import code_conditions
from storefront.extensions import db

_LAST = "\U0010ffff"  # greater than every character of a code


@dataclass(frozen=True, slots=True)
class TextMatches:
    """The products that a text finds.

    Attributes:
        ids: the query of their ids; a product may be there twice.
        plan: the search of the shop; None if the text has no word.
    """

    ids: CompoundSelect[Any]
    plan: search.Plan | None


def find_by_text(text: str, most: int, *, status: str = "") -> TextMatches:
    """Return the products that a text finds. One statement, which plans the search.

    Args:
        text: words, or the beginning of an SKU.
        most: products that are found in one way.
        status: the caller wants products of this status only: others may be left out.
    """
    codes = [_with_code(spelling).limit(most) for spelling in dict.fromkeys((text, text.upper()))]
    return _find(text, most, codes, status)


def find_by_words(text: str, most: int) -> TextMatches:
    """Return the same without those of which only the beginning of an SKU is that text."""
    return _find(text, most, [])


def _find(text: str, most: int, parts: Sequence[Select[Any]], status: str = "") -> TextMatches:
    plan = search.make_plan(db.session(), text)
    parts = [*parts] or [select(Product.id).where(false())]
    if plan is not None:
        for found in _sources(plan, status):
            source = found.columns(column("product_id", Integer)).subquery()
            parts.append(select(source.c.product_id.label("id")).limit(most))
    return TextMatches(union_all(*(select(part.subquery()) for part in parts)), plan)


def _sources(plan: search.Plan, status: str) -> list[TextClause]:
    # Of the stages without a correction, the last one finds what the others find, and more.
    shown: list[TextClause | None] = [stage.source for stage in plan.stages[: plan.first_correction]]
    if status in ("draft", "archived"):
        found = [plan.hidden]
    elif plan.together is None:
        found = [plan.hidden, shown[-1]]
    else:
        found = [plan.together, *shown[3:]]  # it has what the first three stages find: the words, in any form
    return [each for each in found if each is not None]


def has_code(text: str, product_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that one of a product's variants has this text as its whole code, SKU or barcode."""
    return product_id.in_(
        union_all(*(select(Variant.product_id).where(condition) for condition in code_conditions(text)))
    )


def _with_code(text: str) -> Select[Any]:
    """Return the products whose SKUs begin with a text; an index serves it."""
    return select(Variant.product_id.label("id")).where(Variant.label.between(text, text + _LAST))
