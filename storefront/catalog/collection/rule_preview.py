"""What a rule would list, before it is saved: the first products that match, and how many of the newest do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from storefront.catalog.collection.membership_rules import Rule, membership_end
from storefront.catalog.list_index import memberships
from storefront.catalog.models import ROOT_PATH, Category, Listing, Product
from storefront.extensions import db

SCANNED = 2000  # products that a preview reads
SHOWN = 12


@dataclass(frozen=True, slots=True)
class RulePreview:
    """The preview of a rule.

    Attributes:
        product_ids: the first matches, the newest first.
        matches: how many of the scanned products match.
        scanned: how many products were read, the newest of the shop.
        is_whole: whether these are all products that lists show.
    """

    product_ids: Sequence[int]
    matches: int
    scanned: int
    is_whole: bool


def preview_rule(rule: Rule) -> RulePreview:
    """Return the preview of a rule. One statement, which reads SCANNED + 1 products at most."""
    root_id = select(Category.id).where(Category.path == ROOT_PATH).scalar_subquery()
    newest = select(Listing.product_id).where(Listing.category_id == root_id)
    newest = newest.order_by(Listing.product_id.desc()).limit(SCANNED + 1)
    inside = Product.id.in_(select(newest.subquery().c.product_id))
    rows = db.session.execute(memberships.facts_query().where(inside).order_by(Product.id.desc())).all()
    now = datetime.now(UTC)
    scanned = rows[:SCANNED]
    found = [row.id for row in scanned if membership_end(rule, memberships.read_facts(row)) > now]
    return RulePreview(found[:SHOWN], len(found), len(scanned), len(rows) <= SCANNED)
