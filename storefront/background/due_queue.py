"""A queue in a table: each row is due at a time, and is tried until it succeeds or is given up.

Every serving process looks for due rows. A worker claims a row before it tries it: one conditional update counts the
attempt and moves the row's time by the backoff. Whoever changes the row has it; the others skip it. A worker that
dies in the middle therefore leaves a row that another one tries after the backoff, and each attempt may happen twice.

No transaction is open during an attempt: it may talk to other servers for as long as it needs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, case, delete, null, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.dml import Delete, Update

from storefront.extensions import db

log = logging.getLogger(__name__)

BATCH = 20


class Attempt(NamedTuple):
    """One attempt at a row.

    Attributes:
        row: what the queue's query selected.
        number: 1 for the first.
        is_last: the row is given up if this attempt fails.
    """

    row: Row[*tuple[Any, ...]]
    number: int
    is_last: bool


class Outcome(NamedTuple):
    """What an attempt came to.

    Attributes:
        succeeded: whether the row need not be tried again.
        values: columns to write into the row; unused if the row is deleted.
    """

    succeeded: bool
    values: Mapping[str, Any] = {}


class BatchResult(NamedTuple):
    """How many rows were due, and how many of them succeeded here."""

    due: int
    succeeded: int


@dataclass(frozen=True)
class DueQueue:
    """Claims due rows of a table one by one, and tries each.

    Attributes:
        model: the table.
        key: its primary key.
        due_at: when a row is due; NULL if never.
        attempts: how often a row was claimed.
        query: selects what an attempt needs; `key`, `due_at` and `attempts` must be among it.
        backoff: seconds from each claim to the next.
        gives_up: the attempt after the last backoff is the last; otherwise the last backoff is used again and again.
        deletes: a row that succeeded or was given up is deleted; otherwise its `due_at` becomes NULL.
    """

    model: type[DeclarativeBase]
    key: InstrumentedAttribute[Any]
    due_at: InstrumentedAttribute[Any]
    attempts: InstrumentedAttribute[int]
    query: Select[*tuple[Any, ...]]
    backoff: Sequence[float]
    gives_up: bool = True
    deletes: bool = False
    batch: int = field(default=BATCH)

    def run(self, handle: Callable[[Attempt], Outcome], *where: ColumnElement[bool]) -> BatchResult:
        """Try a batch of the rows that are due and that no other worker has claimed, the longest due first.

        Args:
            handle: makes one attempt. An exception counts as a failed attempt and is logged, except for those of the
                database: they end the batch, and the row is tried again after its backoff.
            where: restricts the rows further.

        Raises:
            SQLAlchemyError: the database cannot be used.
        """
        rows, succeeded = self._due(where), 0
        for row in rows:
            number = row._mapping[self.attempts.key] + 1
            claimed_until = self._claim(row, number)
            if claimed_until is None:
                continue
            outcome = self._try(handle, Attempt(row, number, self.gives_up and number > len(self.backoff)))
            succeeded += outcome.succeeded
            self._finish(row, number, claimed_until, outcome)
        return BatchResult(len(rows), succeeded)

    def _due(self, where: Sequence[ColumnElement[bool]]) -> Sequence[Row[*tuple[Any, ...]]]:
        query = self.query.where(self.due_at <= datetime.now(UTC), *where)
        with db.engine.connect() as connection:
            return connection.execute(query.order_by(self.due_at).limit(self.batch)).all()

    def _claim(self, row: Row[*tuple[Any, ...]], number: int) -> datetime | None:
        """Count the attempt and move the row's time; return that time, or None if another worker was quicker."""
        until = datetime.now(UTC) + timedelta(seconds=self.backoff[min(number, len(self.backoff)) - 1])
        claim = update(self.model).where(
            self.key == row._mapping[self.key.key],
            self.due_at == row._mapping[self.due_at.key],
            self.attempts == number - 1,
        )
        values = {self.due_at.key: until, self.attempts.key: number}
        return until if _execute(claim.values(values)) else None

    def _try(self, handle: Callable[[Attempt], Outcome], attempt: Attempt) -> Outcome:
        try:
            return handle(attempt)
        except SQLAlchemyError:
            raise
        except Exception:  # one row that cannot be handled must not keep the others waiting
            name = self.model.__tablename__
            log.exception("%s: attempt %d failed%s", name, attempt.number, ", given up" * attempt.is_last)
            return Outcome(succeeded=False)
        finally:
            db.session.rollback()  # what the attempt has read is not kept open during the next one

    def _finish(self, row: Row[*tuple[Any, ...]], number: int, until: datetime, outcome: Outcome) -> None:
        """Write the outcome, unless the attempt took longer than the backoff and another worker has claimed the row.

        A row whose time was changed during the attempt keeps that time: it is due for another reason.
        """
        ended = outcome.succeeded or (self.gives_up and number > len(self.backoff))
        same_row = self.key == row._mapping[self.key.key]
        if ended and self.deletes:
            _execute(delete(self.model).where(same_row))
            return
        values = dict(outcome.values)
        if ended:
            values[self.due_at.key] = case((self.due_at == until, null()), else_=self.due_at)
        if values:
            _execute(update(self.model).where(same_row, self.attempts == number).values(values))


def _execute(statement: Update | Delete) -> int:
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        return connection.execute(statement).rowcount
