"""The rows of `edge_purge`: adding, merging, and collapsing a backlog that grows too long."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, select, update

from storefront.cache.keys import EVERYTHING
from storefront.cdn.models import EdgePurge
from storefront.extensions import db

log = logging.getLogger(__name__)

# Rows of one target that it has not received once. Beyond that it gets a single purge of everything.
MOST_ROWS = 200
_INSERT = insert(cast("Table", EdgePurge.__table__))


def add_purges(
    targets: Iterable[str], strict: Collection[str], relaxed: Collection[str], most_tags: int
) -> None:
    """Add rows for these tags to each target, or collapse its backlog if that is too long already."""
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        for target in targets:
            backlog = select(func.count()).where(EdgePurge.target == target, EdgePurge.repeats == 0)
            rows = [
                *_make_rows(target, strict, most_tags, is_soft=False),
                *_make_rows(target, relaxed, most_tags, is_soft=True),
            ]
            # While the edge is away, new rows wait for the next attempt like all others.
            pause = connection.execute(
                select(func.max(EdgePurge.due_at)).where(EdgePurge.target == target, EdgePurge.error != "")
            ).scalar()
            if connection.execute(backlog).scalar_one() + len(rows) > MOST_ROWS:
                log.warning(
                    "More than %d purges wait for %s: they become one purge of everything.", MOST_ROWS, target
                )
                connection.execute(delete(EdgePurge).where(EdgePurge.target == target))
                rows = _make_rows(target, [EVERYTHING], most_tags, is_soft=False)
            due_at = max(datetime.now(UTC), pause) if pause else datetime.now(UTC)
            if rows:
                connection.execute(_INSERT, [{**row, "due_at": due_at} for row in rows])


def merge_due(most_tags: int) -> datetime | None:
    """Merge the due rows that one purge can say; return when the next row is due, None without rows."""
    now = datetime.now(UTC)
    with db.engine.connect() as connection:
        first = connection.execute(select(func.min(EdgePurge.due_at))).scalar()
        if first is None or first > now:
            return first
        kinds = connection.execute(
            select(EdgePurge.target, EdgePurge.is_soft, EdgePurge.repeats)
            .where(EdgePurge.due_at <= now)
            .group_by(EdgePurge.target, EdgePurge.is_soft, EdgePurge.repeats)
            .having(func.count() > 1)
        ).all()
    for kind in kinds:
        _merge(*kind, now, most_tags)
    return first


def postpone(target: str, until: datetime) -> None:
    """Let no row of a target be tried before this moment: its edge just failed."""
    _execute(
        update(EdgePurge).where(EdgePurge.target == target, EdgePurge.due_at < until).values(due_at=until)
    )


def resume(target: str) -> None:
    """Let all rows that a target has not received be tried now: its edge is back."""
    now = datetime.now(UTC)
    waiting = (EdgePurge.target == target) & (EdgePurge.due_at > now)
    _execute(update(EdgePurge).where(waiting, EdgePurge.repeats == 0).values(due_at=now))
    _execute(update(EdgePurge).where(waiting, EdgePurge.error != "").values(due_at=now, error=""))


def forget_other_targets(targets: Sequence[str]) -> None:
    """Delete the rows of edges that the settings do not name."""
    _execute(delete(EdgePurge).where(EdgePurge.target.not_in(targets)))


def _make_rows(target: str, tags: Collection[str], most_tags: int, *, is_soft: bool) -> list[dict[str, Any]]:
    named = [EVERYTHING] if EVERYTHING in tags else sorted(tags)
    parts = [named[start : start + most_tags] for start in range(0, len(named), most_tags)]
    return [_row(target, part, is_soft=is_soft) for part in parts]


def _row(target: str, tags: list[str], *, is_soft: bool) -> dict[str, Any]:
    values = {"repeats": 0, "attempts": 0, "error": "", "created_at": datetime.now(UTC)}
    return {"id": uuid.uuid4().hex, "target": target, "tags": tags, "is_soft": is_soft, **values}


def _merge(target: str, is_soft: bool, repeats: int, now: datetime, most_tags: int) -> None:
    """Merge rows, as many as one row can hold. Another worker may have claimed some of them: those stay."""
    same = (EdgePurge.target == target) & EdgePurge.is_soft.is_(is_soft) & (EdgePurge.repeats == repeats)
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        taken = connection.execute(
            delete(EdgePurge)
            .where(same, EdgePurge.due_at <= now)
            .returning(EdgePurge.tags, EdgePurge.attempts, EdgePurge.error, EdgePurge.created_at)
        ).all()
        if not taken:
            return
        tags = {tag for row in taken for tag in row.tags}
        about = {
            "repeats": repeats,
            "attempts": max(row.attempts for row in taken),
            "error": next((row.error for row in taken if row.error), ""),
            "created_at": min(row.created_at for row in taken),
            "due_at": now,
        }
        rows = _make_rows(target, tags, most_tags, is_soft=is_soft)
        connection.execute(_INSERT, [{**row, **about} for row in rows])


def _execute(statement: Any) -> None:
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        connection.execute(statement)
