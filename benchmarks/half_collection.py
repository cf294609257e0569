"""A collection by rule of the cheaper half of what is in stock, filled as a serving process fills it."""

from __future__ import annotations

import time
from math import ceil

from sqlalchemy import func, select

from storefront.catalog.collection import collection_builds, collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.collection.models import Collection
from storefront.catalog.list_index.matches import PER_PAGE
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction

DAYS = 3650  # for which products are new: a rule of age bounds each page by time, too


def make() -> float:
    """Make it, at /collections/half; return the CPU seconds that filling it took this process."""
    prices = select(Product.price).where(Product.price.is_not(None)).order_by(Product.price)
    number = db.session.execute(select(func.count(Product.id))).scalar_one()
    median = db.session.execute(prices.offset(number // 2).limit(1)).scalar_one() or 0
    rule = Rule(
        "all", (Condition("in_stock"), Condition("price_to", number=median), Condition("new", number=DAYS))
    )
    with write_transaction() as session:
        made = collection_edits.create(session, CollectionValues("Half", rule)).id
    began = time.process_time()
    while collection_builds.build_batch(made):
        pass
    return time.process_time() - began


def count_pages() -> int:
    """Return how many pages it has."""
    listed = db.session.execute(select(Collection.product_count)).scalar_one()
    return max(1, ceil(listed / PER_PAGE))
