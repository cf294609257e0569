"""Read the history, newest first. Each page is a range of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.extensions import db
from storefront.history.models import RecordedChange


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which changes a list has.

    Attributes:
        actor_kind: such as "staff" or "token"; empty: all.
        actor: the text of one actor, such as "staff:12"; empty: all.
        kind: a table, such as "product"; empty: all.
        product_id: of a product, its variants and pictures; then changes by change sets are listed for it, too.
        since: the first moment.
        until: the first moment behind the last.
    """

    actor_kind: str = ""
    actor: str = ""
    kind: str = ""
    product_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def find(number: int) -> RecordedChange | None:
    """Return one change; None if there is none with this number."""
    return db.session.get(RecordedChange, number)


def read_changes(wanted: HistoryFilter, limit: int, before: int | None = None) -> Sequence[RecordedChange]:
    """Return the newest changes of a filter, those with an id below `before` if it is given."""
    query = select(RecordedChange).limit(limit)
    if wanted.since and wanted.until:
        query = query.where(RecordedChange.at >= wanted.since, RecordedChange.at < wanted.until)
        query = query.order_by(RecordedChange.at.desc(), RecordedChange.id.desc())
    else:
        query = query.order_by(RecordedChange.id.desc())
    if wanted.product_id is not None:
        query = query.where(RecordedChange.product_id == wanted.product_id)
    else:  # a change set as a whole is one line
        query = query.where(RecordedChange.change_set_id.is_(None))
    if wanted.actor:
        query = query.where(RecordedChange.actor == wanted.actor)
    if wanted.actor_kind:
        query = query.where(RecordedChange.actor_kind == wanted.actor_kind)
    if wanted.kind:
        query = query.where(RecordedChange.kind == wanted.kind)
    if before is not None:
        query = query.where(RecordedChange.id < before)
    return db.session.execute(query).scalars().all()
