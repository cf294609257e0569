"""Finds products by words and codes: the search of the shop, and beside it what the shop does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    Text,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy import text as sql
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog import search
from storefront.catalog.models import NOT_SHOWN, Product, Variant
from storefront.catalog.product_list.product_conditions import SCAN_LIMIT
from storefront.extensions import db

_LAST = "\U0010ffff"  # greater than every character of a code
_MOST_WORDS = 8
HIDDEN_LIMIT = 5_000  # products that the shop does not show, of which texts are compared


@dataclass(frozen=True, slots=True)
class TextMatches:
    """The products that a text finds.

    Attributes:
        ids: the query of their ids; a product may be there twice.
        plan: the search of the shop; None if the text has no word.
    """

    ids: CompoundSelect[Any]
    plan: search.Plan | None


def find_by_text(text: str, most: int = SCAN_LIMIT) -> TextMatches:
    """Return the products that a text finds, up to `most` of each kind. One statement, which plans the search."""
    codes = [_with_code(spelling).limit(most) for spelling in dict.fromkeys((text, text.upper()))]
    return _find(text, most, codes)


def find_by_words(text: str, most: int) -> TextMatches:
    """Return the same without those of which only the beginning of an SKU is that text."""
    return _find(text, most, [])


def _find(text: str, most: int, parts: Sequence[Select[Any]]) -> TextMatches:
    plan = search.make_plan(db.session(), text)
    parts = [*parts, _not_shown(text).limit(most)]
    if plan is not None:
        # Of the stages without a correction, the last one finds what the others find, and more.
        source = (
            plan.stages[plan.first_correction - 1].source.columns(column("product_id", Integer)).subquery()
        )
        parts.append(select(source.c.product_id.label("id")).limit(most))
    return TextMatches(union_all(*(select(part.subquery()) for part in parts)), plan)


def has_code(text: str) -> ColumnElement[bool]:
    """Return the condition that one of a product's variants has exactly this code, SKU or barcode."""
    codes = (Variant.sku, Variant.label, Variant.barcode)
    return Product.id.in_(union_all(*(select(Variant.product_id).where(code == text) for code in codes)))


def _with_code(text: str) -> Select[Any]:
    """Return the products whose SKUs begin with a text; an index serves it."""
    return select(Variant.product_id.label("id")).where(Variant.label.between(text, text + _LAST))


def _not_shown(text: str) -> Select[Any]:
    """Return the newest products with all words of a text among those that the shop's search does not hold."""
    hidden = (
        select(Product.id).where(sql(NOT_SHOWN)).order_by(Product.id.desc()).limit(HIDDEN_LIMIT).subquery()
    )
    query = select(Product.id.label("id")).join(hidden, hidden.c.id == Product.id)
    words = text.split()[:_MOST_WORDS]
    return query.where(*map(_mentions, words)) if words else query.where(Product.id < 0)


def _mentions(word: str) -> ColumnElement[bool]:
    texts = Product.title + " " + Product.vendor + " " + Product.product_type + " " + cast(Product.tags, Text)
    found = _contains(texts, word)
    if not any(map(str.isdigit, word)):
        return found  # it is no part of a code, or one that begins with it
    in_code = or_(*(_contains(code, word) for code in (Variant.sku, Variant.label, Variant.barcode)))
    return or_(found, exists(Variant.id).where(Variant.product_id == Product.id, in_code))


def _contains(text: Any, word: str) -> ColumnElement[bool]:
    return func.lower(text).contains(word.lower(), autoescape=True)
