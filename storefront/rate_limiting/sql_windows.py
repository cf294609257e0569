"""Sliding windows in SQL: at most so many rows with a key within a time, exact in all processes and without Redis.

For limits on what is dear or dangerous. Two processes cannot both use the last unit: the row is counted and written
in one step. SQLite has one writer at a time; on PostgreSQL an advisory lock on each key lets the others wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import ceil
from typing import Any, NamedTuple, cast

from flask import current_app
from sqlalchemy import ColumnElement, CursorResult, Select, Table, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from storefront.extensions import Model, connection_of, db, write_transaction
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.policies import Policy


class Budget(NamedTuple):
    """What a row uses a unit of: the rows with this key in this column, under a policy.

    The table has a column `at` with the time of the row, and an index on the column and `at`.
    """

    policy: str
    column: str
    key: str


def digest(text: str) -> str:
    """Return a digest of a name, keyed with the app's secret: stored rows identify nobody. 32 characters."""
    key = blake2b(current_app.config["SECRET_KEY"].encode(), digest_size=32).digest()
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()


def seconds_to_wait(model: type[Model], budgets: Sequence[Budget]) -> int:
    """Return in how many seconds all budgets have a unit; 0 if they have one now. Takes no lock."""
    now = datetime.now(UTC)
    return max((_seconds_to_wait(_table(model), budget, now) for budget in budgets), default=0)


def count(
    model: type[Model], row: Mapping[str, Any], budgets: Sequence[Budget], policies: Sequence[str]
) -> int:
    """Write a row in a transaction of its own if each budget has a unit left.

    Args:
        model: the table of the rows that are counted.
        row: the columns of the row except `at`.
        budgets: what the row uses.
        policies: all policies that count rows of this table: rows that none of them needs any more are deleted.

    Returns:
        0 if the row was written, else in how many seconds it can be.
    """
    if wait := seconds_to_wait(model, budgets):  # so that a refusal takes no lock
        return wait
    with write_transaction() as session:
        delete_expired(session, model, policies)
        written = use_budgets(session, model, row, budgets)
    return 0 if written else seconds_to_wait(model, budgets) or 1


def use_budgets(
    session: Session, model: type[Model], row: Mapping[str, Any], budgets: Sequence[Budget]
) -> bool:
    """Write a row if each budget has a unit left, in one step; return whether it was written.

    Args:
        session: the session of a write transaction; on PostgreSQL the keys stay locked until it ends.
        model: the table of the rows that are counted.
        row: the columns of the row except `at`.
        budgets: what the row uses.
    """
    connection, table, now = connection_of(session), _table(model), datetime.now(UTC)
    if budgets and connection.dialect.name == "postgresql":
        # In one order for all, so that no two transactions wait for each other.
        keys = sorted({int(budget.key[:16], 16) - (1 << 63) for budget in budgets})
        connection.execute(select(*(func.pg_advisory_xact_lock(key) for key in keys)))
    columns = {**row, "at": now}
    values = select(*(literal(value, table.c[name].type) for name, value in columns.items()))
    policies = [(budget, _policy(budget)) for budget in budgets]
    room = [
        _count(table, budget, policy, now) < policy.limit for budget, policy in policies if not policy.shadow
    ]
    statement = insert(table).from_select(list(columns), values.where(*room), include_defaults=False)
    written: CursorResult[Any] = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return written.rowcount == 1


def delete_expired(session: Session, model: type[Model], policies: Sequence[str]) -> None:
    """Delete the rows that are older than the windows of all policies that count them."""
    windows = (rate_limits.get(current_app).policies[name].window for name in policies)
    table, since = _table(model), datetime.now(UTC) - timedelta(seconds=max(windows))
    session.execute(delete(table).where(table.c.at <= since))


def _count(table: Table, budget: Budget, policy: Policy, now: datetime) -> ColumnElement[int]:
    latest = _latest(table, budget, policy, now).subquery()
    return select(func.count()).select_from(latest).scalar_subquery()


def _seconds_to_wait(table: Table, budget: Budget, now: datetime) -> int:
    policy = _policy(budget)
    latest = _latest(table, budget, policy, now).subquery()
    count: int
    oldest: datetime
    count, oldest = db.session.execute(select(func.count(), func.min(latest.c.at)).select_from(latest)).one()
    if count < policy.limit or policy.shadow:
        return 0
    return max(1, ceil((oldest + timedelta(seconds=policy.window) - now).total_seconds()))


def _latest(table: Table, budget: Budget, policy: Policy, now: datetime) -> Select[Any]:
    """Return the query for the latest rows of a budget in its window, no more than the limit."""
    at, key = table.c.at, table.c[budget.column]
    recent = (key == budget.key, at > now - timedelta(seconds=policy.window))
    return select(at).where(*recent).order_by(at.desc()).limit(policy.limit)


def _policy(budget: Budget) -> Policy:
    return rate_limits.get(current_app).policies[budget.policy]


def _table(model: type[Model]) -> Table:
    return cast("Table", model.__table__)
