"""Store change sets while they are planned, and read them. Memory use does not grow with the number of products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from sqlalchemy import Connection, false, func, insert, or_, select, true, update

from storefront.actors import actor_text
from storefront.background.old_rows import delete_old_rows
from storefront.batches import batches
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.models import ChangeSet, ChangeSetProblem, ChangeSetRow, ProblemKind
from storefront.change_sets.results import LeftKind
from storefront.errors import StorefrontError
from storefront.extensions import db

BATCH, BATCH_BYTES = 200, 1 << 20
_encode = msgspec.json.Encoder().encode


class UnknownChangeSetError(StorefrontError):
    """There is no change set with this number."""

    status = 404

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no change set {number}. `flask catalog changes` lists them.")


class PlanWriter:
    """Stores a new change set while it is planned. It becomes "planned" with `finish`, else it is discarded.

    It writes through a connection of its own, so that the planner's session keeps what it has read.

    Args:
        kind: the source, such as "import".
        name: what people call it, such as the name of the file.
        options: what it is planned with.
    """

    def __init__(self, kind: str, name: str, options: dict[str, Any] | None = None) -> None:
        self._values = {"kind": kind, "name": name, "options": options or {}, "created_by": actor_text()}
        self._rows: list[dict[str, Any]] = []
        self._problems: list[dict[str, Any]] = []
        self._bytes = self._products = self.id = 0
        self._finished = False

    def __enter__(self) -> Self:
        with _writing() as connection:
            key = connection.execute(insert(ChangeSet).values(self._values)).inserted_primary_key
            assert key is not None  # noqa: S101  # for the type checker: one row was inserted
            self.id = key[0]
        return self

    def add(self, change: ProductChange) -> None:
        """Store the change of one product, after those before it."""
        self._products += 1
        content = _encode(change).decode()
        self._rows.append(
            {
                "change_set_id": self.id,
                "position": self._products,
                "product_id": change.product_id,
                "slug": change.slug,
                "title": change.title,
                "flags": change.flags,
                "flagged": bool(change.flags),
                "content": content,
            }
        )
        self._bytes += len(content)
        self._flush_if_large()

    def add_problem(self, line: int, column: str, reason: str, kind: ProblemKind = "refused") -> None:
        """Store a problem of the source."""
        self._problems.append(problem_values(self.id, line, column, reason, kind))
        self._flush_if_large()

    def finish(self, summary: dict[str, Any] | None = None) -> int:
        """Make the change set ready to be applied; return its number."""
        self._flush()
        values = {"status": "planned", "summary": summary or {}, "products": self._products}
        values["states"] = {"pending": self._products} if self._products else {}
        with _writing() as connection:
            connection.execute(update(ChangeSet).where(ChangeSet.id == self.id).values(values))
        self._finished = True
        return self.id

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            discard(self.id)

    def _flush_if_large(self) -> None:
        if len(self._rows) >= BATCH or self._bytes >= BATCH_BYTES or len(self._problems) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        with _writing() as connection:
            if self._rows:
                connection.execute(insert(ChangeSetRow), self._rows)
            if self._problems:
                connection.execute(insert(ChangeSetProblem), self._problems)
        self._rows, self._problems, self._bytes = [], [], 0


def problem_values(
    change_set_id: int, line: int, column: str, reason: str, kind: ProblemKind
) -> dict[str, Any]:
    """Return the values of a row of problems."""
    where = {"change_set_id": change_set_id, "line": line, "column": column[:255]}
    return where | {"reason": reason, "kind": kind}


def discard(change_set_id: int) -> bool:
    """Delete the content of a change set that was not applied; it can no longer be applied. Return whether it was.

    A change set that has been applied, even in part, or is about to be, is left as it is.
    """
    with _writing() as connection:
        done = connection.execute(
            update(ChangeSet)
            .where(
                ChangeSet.id == change_set_id,
                ChangeSet.status.in_(("planning", "planned", "discarded")),
                ChangeSet.run_at.is_(None),
            )
            .values(status="discarded")
        )
    if done.rowcount:
        delete_content([change_set_id])
    return bool(done.rowcount)


def delete_content(change_set_ids: Sequence[int]) -> None:
    """Delete the rows and problems of these change sets, in batches: other writers wait only briefly."""
    for model in (ChangeSetRow, ChangeSetProblem):
        while delete_old_rows(model, model.change_set_id.in_(change_set_ids)):
            pass


def get(change_set_id: int) -> ChangeSet:
    """Return a change set.

    Raises:
        UnknownChangeSetError: there is none with this number.
    """
    found = db.session.get(ChangeSet, change_set_id, populate_existing=True)
    if found is None:
        raise UnknownChangeSetError(change_set_id)
    return found


def list_change_sets(limit: int = 100, *, before: int | None = None) -> Sequence[ChangeSet]:
    """Return the newest change sets, newest first; with `before` those that are older than this number.

    Plans that came to nothing, or that stopped at a question, are left out: nobody can do anything with them.
    """
    came_to_nothing = (ChangeSet.status == "discarded") & (ChangeSet.products == 0)
    query = select(ChangeSet).where(~came_to_nothing).order_by(ChangeSet.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ChangeSet.id < before)
    return db.session.execute(query).scalars().all()


def list_waiting(limit: int) -> Sequence[ChangeSet]:
    """Return change sets that wait for a person, newest first: planned and not applied, stopped, or interrupted."""
    waits = ChangeSet.status.in_(("planned", "applying", "undoing"))
    query = (
        select(ChangeSet).where(waits, ChangeSet.run_at.is_(None)).order_by(ChangeSet.id.desc()).limit(limit)
    )
    return db.session.execute(query).scalars().all()


def count_states(change_set_id: int) -> dict[str, int]:
    """Return the number of rows by state."""
    rows = db.session.execute(
        select(ChangeSetRow.state, func.count())
        .where(ChangeSetRow.change_set_id == change_set_id)
        .group_by(ChangeSetRow.state)
    )
    return {state: number for state, number in rows}  # noqa: C416  # dict() does not accept rows for the type checker


def states_of(change_set: ChangeSet) -> dict[str, int]:
    """Return the number of rows by state, without counting them if the change set says it."""
    return change_set.states or count_states(change_set.id)


def find_interrupted() -> Sequence[ChangeSet]:
    """Return the change sets that a command applies or undoes, or that were stopped or interrupted half-way."""
    half = ChangeSet.status.in_(("applying", "undoing")) & ChangeSet.run_at.is_(None)
    query = select(ChangeSet).where(half).order_by(ChangeSet.id)
    return db.session.execute(query).scalars().all()


def problems(
    change_set_id: int, limit: int | None = None, *, kind: ProblemKind | None = None
) -> Sequence[ChangeSetProblem]:
    """Return the problems of a change set by line; of one kind, or all."""
    query = select(ChangeSetProblem).where(ChangeSetProblem.change_set_id == change_set_id)
    if kind is not None:
        query = query.where(ChangeSetProblem.kind == kind)
    ordered = query.order_by(ChangeSetProblem.line, ChangeSetProblem.id).limit(limit)
    return db.session.execute(ordered).scalars().all()


def read_rows(
    change_set_id: int, *, left: LeftKind | None = None, offset: int = 0, limit: int | None = None
) -> Iterator[ChangeSetRow]:
    """Yield rows, those with flags first, in batches.

    Args:
        change_set_id: the change set.
        left: only rows of which a part was not applied, or not undone.
        offset: how many to leave out.
        limit: how many to yield at most.
    """
    query = select(ChangeSetRow.id).where(ChangeSetRow.change_set_id == change_set_id)
    if left:  # a field of the JSON object; inside a text of it, the quotes would be escaped
        query = query.where(ChangeSetRow.result.contains(f'"{left}":[', autoescape=True))
    query = query.order_by(ChangeSetRow.flagged.desc(), ChangeSetRow.position)
    ids = db.session.execute(query.offset(offset or None).limit(limit)).scalars().all()
    for batch in batches(ids, BATCH):
        found = db.session.execute(select(ChangeSetRow).where(ChangeSetRow.id.in_(batch))).scalars()
        by_id = {row.id: row for row in found}
        for key in batch:
            if key in by_id:
                yield by_id[key]
                db.session.expunge(by_id[key])


class Place(NamedTuple):
    """A place in the rows of a change set: those with flags come first, then by position. (True, 0) is the start."""

    flagged: bool
    position: int


START = Place(flagged=True, position=0)


def read_page(
    change_set_id: int, after: Place = START, *, limit: int, partial: bool = False
) -> Sequence[ChangeSetRow]:
    """Return the rows behind a place. What it costs depends neither on the place nor on the number of rows.

    Args:
        change_set_id: the change set.
        after: the place of the last row of the page before.
        limit: how many at most.
        partial: only rows of which a part was not applied, or not undone.
    """
    own = select(ChangeSetRow.id).where(ChangeSetRow.change_set_id == change_set_id)
    behind = own.where(ChangeSetRow.position > after.position).order_by(ChangeSetRow.position).limit(limit)
    if partial:
        wanted = [behind.where(ChangeSetRow.is_partial)]
    elif after.flagged:
        others = own.where(ChangeSetRow.flagged == false()).order_by(ChangeSetRow.position).limit(limit)
        wanted = [behind.where(ChangeSetRow.flagged == true()), others]
    else:
        wanted = [behind.where(ChangeSetRow.flagged == false())]
    order = (ChangeSetRow.position,) if partial else (ChangeSetRow.flagged.desc(), ChangeSetRow.position)
    any_of = or_(*(ChangeSetRow.id.in_(ids.subquery().select()) for ids in wanted))
    return (
        db.session.execute(select(ChangeSetRow).where(any_of).order_by(*order).limit(limit)).scalars().all()
    )


@contextmanager
def _writing() -> Iterator[Connection]:
    """Open a write transaction on a connection of its own."""
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        yield connection
