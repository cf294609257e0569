"""Planned publication: at one moment a product becomes active, at another one it is withdrawn, which archives it.

The moments are columns of the product. A periodic task of every serving process looks for those that have passed.
A status that somebody sets by hand ends the plans that it makes pointless.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import Flask
from sqlalchemy import select, union
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront import actors, cache, moments, periodic
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction

log = logging.getLogger(__name__)

SCHEDULE = actors.Actor("system", "schedule")
MOMENTS = ("publish_at", "withdraw_at")
INTERVAL = 5.0  # seconds between two looks at the plans
BATCH = 100  # products of each plan that change in one transaction
MOST_FAILED = 1000  # products; then the run ends
NO_PLAN: Mapping[str, Any] = {"status": "draft", "publish_at": None, "withdraw_at": None}  # of a new product
# The plans that a status ends: an active product is published, and an archived one is withdrawn.
_ENDED: Mapping[str, Sequence[str]] = {"active": ("publish_at",), "archived": MOMENTS}


class PlanFault(StrEnum):
    """Why a product cannot have a plan: a sentence for operators, which the back office translates."""

    PASSED = "this moment has passed"
    ACTIVE = "an active product is published already; only drafts and archived ones wait for it"
    ARCHIVED = "an archived product is withdrawn already"
    ORDER = "it has to be later than the publication"


def init_app(app: Flask) -> None:
    """Publish and withdraw what is due in every serving process."""
    periodic.add_task(app, SCHEDULE.id, run_due, interval=INTERVAL)


def ended_plans(status: object) -> Sequence[str]:
    """Return the columns of the plans that a product loses when it gets this status."""
    return _ENDED.get(str(status), ())


def set_status(product: Product, status: str) -> None:
    """Give a product another status, and end the plans that this makes pointless."""
    if product.status == status:
        return
    product.status = status
    for name in ended_plans(status):
        setattr(product, name, None)


def has_passed(moment: str) -> bool:
    """Return whether a moment is not in the future."""
    return datetime.fromisoformat(moment) <= moments.now()


def find_plan_faults(present: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, PlanFault]:
    """Return why plans cannot be made, by column.

    Args:
        present: status, publish_at and withdraw_at of the product as it is.
        values: those of them that change.
    """
    after = {**present, **dict.fromkeys(ended_plans(values.get("status")), None), **values}
    faults = dict[str, PlanFault]()
    for name in MOMENTS:
        moment = values.get(name)
        if moment and moment != present[name] and has_passed(moment):
            faults[name] = PlanFault.PASSED
    if values.get("publish_at") and after["status"] == "active":
        faults["publish_at"] = PlanFault.ACTIVE
    if values.get("withdraw_at") and after["status"] == "archived" and not after["publish_at"]:
        faults["withdraw_at"] = PlanFault.ARCHIVED
    if after["publish_at"] and after["withdraw_at"] and after["withdraw_at"] <= after["publish_at"]:
        faults.setdefault("withdraw_at", PlanFault.ORDER)
    return faults


def bound_by_withdrawal(withdraw_at: str | None) -> None:
    """Let the page that is being built end when a product on it is withdrawn, wherever it is kept."""
    if withdraw_at is None:
        return
    if not has_passed(withdraw_at):  # else it waits for the task, which drops the page
        cache.valid_until(datetime.fromisoformat(withdraw_at))


def run_due() -> bool:
    """Publish and withdraw the products whose moments have passed; return whether there were any.

    A product that cannot be changed waits for the next run, and does not keep the others waiting.
    """
    failed: set[int] = set()
    found = False
    while len(failed) < MOST_FAILED and (ids := _find_due(failed)):
        found = True
        try:
            _change(ids)
        except SQLAlchemyError:
            log.exception("schedule: %d products are changed one by one", len(ids))
            failed.update(product_id for product_id in ids if not _try(product_id))
    return found


def _try(product_id: int) -> bool:
    try:
        _change([product_id])
    except SQLAlchemyError:
        log.exception("schedule: product %d cannot be changed, tried again later", product_id)
        return False
    return True


def _find_due(failed: Collection[int]) -> Sequence[int]:
    """Return the ids of a batch of products with a moment that has passed: the first rows of two small indexes."""
    now = moments.now()
    parts = [
        select(Product.id).where(column <= now, Product.id.not_in(failed)).order_by(column).limit(BATCH)
        for column in (Product.publish_at, Product.withdraw_at)
    ]
    due = union(*(select(part.subquery().c.id) for part in parts))
    ids = db.session.execute(due).scalars().all()
    db.session.rollback()
    return ids


def _change(ids: Sequence[int]) -> None:
    """Change these products in one transaction: what another process has done meanwhile is not done again."""
    with actors.acting_as(SCHEDULE), write_transaction() as session:
        changed = [row.id for row in _lock(session, ids) if _follow_plan(row)]
        if changed:
            writer.refresh(session, changed)


def _lock(session: Session, ids: Sequence[int]) -> Sequence[Product]:
    query = select(Product).where(Product.id.in_(ids)).order_by(Product.id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalars().all()


def _follow_plan(row: Product) -> bool:
    """Do what is due for a locked product; return whether its status is another one now."""
    before = row.status
    if row.publish_at and has_passed(row.publish_at):
        row.publish_at = None
        if not row.gift_card:  # the shop cannot sell them yet
            row.status = "active"
    if row.withdraw_at and has_passed(row.withdraw_at):
        row.withdraw_at = None
        if row.status == "active":
            row.status = "archived"
    return row.status != before
