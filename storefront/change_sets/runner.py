"""Apply and undo a stored change set in batches, each in one transaction that also records what it did.

Ctrl-C, a kill or a restart loses at most the batch that is not committed; the next run goes on behind the last one
that is. Several processes may work on the same change set: a batch locks the change set's row, so each row is applied
once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from storefront import actors, history, outbox
from storefront.catalog.list_index import writer
from storefront.change_sets import store
from storefront.change_sets.application import apply_batch
from storefront.change_sets.batch import Batch, BatchRow
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.directions import DIRECTIONS, Verb, WrongStatusError, why_refused
from storefront.change_sets.models import ChangeSet, ChangeSetProblem, ChangeSetRow, RowState
from storefront.change_sets.picture_files import PictureFolder
from storefront.change_sets.results import Left, RowResult
from storefront.change_sets.undo import undo_batch
from storefront.extensions import db, run_again, write_transaction
from storefront.postgresql import allow_long_statements
from storefront.terminal import Progress

BATCH, BATCH_CHARACTERS = 200, 4_000_000  # products, and characters of their changes, in one transaction

# Asked before each batch: whether the run goes on.
GoesOn = Callable[[], bool]

# What the history calls the actions of a plan.
_RECORDED: Mapping[str, history.Action] = {"create": "create", "update": "update", "remove": "delete"}

_decode_change = msgspec.json.Decoder(ProductChange).decode
_decode_result = msgspec.json.Decoder(RowResult).decode
_encode = msgspec.json.Encoder().encode


def always() -> bool:
    """Return True: a run goes on to its end."""
    return True


def apply_change_set(
    change_set_id: int,
    media_dir: Path,
    *,
    images: Path | None = None,
    progress: Progress | None = None,
    goes_on: GoesOn = always,
    batch: int | None = None,
) -> dict[str, int]:
    """Apply a change set, or go on with it; return the number of rows by state.

    Args:
        change_set_id: the change set.
        media_dir: the directory of stored pictures.
        images: the folder of pictures; by default the one that the change set was planned with.
        progress: called after each batch with the number of finished rows and of all.
        goes_on: asked before each batch; if it returns False, the rest is left for a later run.
        batch: products in one transaction, by default BATCH.

    Raises:
        UnknownChangeSetError: it does not exist.
        WrongStatusError: it was applied, is being undone, or was never planned to the end.
    """
    planned = store.get(change_set_id).options.get("images")
    folder = PictureFolder(images or (Path(planned) if planned else None), media_dir)
    return _Runner(change_set_id, "apply", folder, progress, goes_on, batch).run()


def undo_change_set(
    change_set_id: int,
    media_dir: Path,
    *,
    progress: Progress | None = None,
    goes_on: GoesOn = always,
    batch: int | None = None,
) -> dict[str, int]:
    """Undo what a change set has done, or go on with that; return the number of rows by state.

    `progress`, `goes_on` and `batch` are those of `apply_change_set`.

    Raises:
        UnknownChangeSetError: it does not exist.
        WrongStatusError: it was not applied, or it is undone.
    """
    return _Runner(change_set_id, "undo", PictureFolder(None, media_dir), progress, goes_on, batch).run()


class _Runner:
    """Goes through the rows of one change set."""

    def __init__(
        self,
        change_set_id: int,
        verb: Verb,
        folder: PictureFolder,
        progress: Progress | None,
        goes_on: GoesOn,
        batch: int | None,
    ) -> None:
        self._id, self._verb, self._direction = change_set_id, verb, DIRECTIONS[verb]
        self._folder, self._progress, self._goes_on, self._batch = folder, progress, goes_on, batch or BATCH
        # Of a batch: another process may have finished the last rows meanwhile.
        self._in_progress = {self._direction.running, self._direction.done}

    def run(self) -> dict[str, int]:
        with self._actor(run_again(self._begin)):
            while ids := self._next_ids():
                if not self._goes_on():
                    return store.count_states(self._id)
                self._store_pictures(ids)
                self._run_batch(ids)
                if self._progress:
                    self._report()
        run_again(self._finish)
        return store.count_states(self._id)

    def _begin(self) -> str:
        """Record that the work goes on, and who does it; return the kind of the change set."""
        with write_transaction() as session:
            change_set = self._lock(session, self._direction.allowed)
            self._check_content(session, change_set)
            change_set.states = change_set.states or store.count_states(self._id)
            change_set.status = self._direction.running
            setattr(change_set, f"{self._direction.prefix}_by", actors.actor_text())
            return change_set.kind

    def _actor(self, kind: str) -> AbstractContextManager[None]:
        return actors.importing() if kind == "import" and self._verb == "apply" else nullcontext()

    def _lock(self, session: Session, allowed: Collection[str]) -> ChangeSet:
        """Lock the change set, so that no other process takes the same rows; check its status."""
        query = select(ChangeSet).where(ChangeSet.id == self._id).with_for_update()
        found = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if found is None:
            raise store.UnknownChangeSetError(self._id)
        if found.status not in allowed:
            raise WrongStatusError(why_refused(found, self._verb))
        return found

    def _check_content(self, session: Session, change_set: ChangeSet) -> None:
        any_row = select(ChangeSetRow.id).where(ChangeSetRow.change_set_id == self._id).limit(1)
        if change_set.products and session.execute(any_row).first() is None:
            raise WrongStatusError(f"Change set {self._id} is so old that its changes were deleted.")

    def _rows(self) -> Any:
        """Return the condition of the rows that are still to be done."""
        return (ChangeSetRow.change_set_id == self._id) & (ChangeSetRow.state == self._direction.state)

    def _next_ids(self) -> Sequence[int]:
        """Return the ids of the next rows: the first ones to apply, the last ones to undo."""
        order = ChangeSetRow.position if self._verb == "apply" else ChangeSetRow.position.desc()
        size = func.length(ChangeSetRow.content)
        query = select(ChangeSetRow.id, size).where(self._rows()).order_by(order).limit(self._batch)
        ids: list[int] = []
        characters = 0
        for key, length in db.session.execute(query):
            characters += length
            if ids and characters > BATCH_CHARACTERS:
                break
            ids.append(key)
        db.session.rollback()
        return ids

    def _store_pictures(self, ids: Sequence[int]) -> None:
        """Read and encode pictures before the transaction: others must not wait for that."""
        self._folder.forget()
        if self._verb == "undo" or not self._folder.is_open:
            return
        for content in db.session.execute(
            select(ChangeSetRow.content).where(ChangeSetRow.id.in_(ids))
        ).scalars():
            for picture in _decode_change(content).pictures:
                if picture.action != "remove":
                    self._folder.load(picture.source)
        db.session.rollback()

    def _run_batch(self, ids: Sequence[int]) -> None:
        """Do these rows in one transaction. If the database refuses one of them, do each alone."""
        try:
            run_again(partial(self._run_transaction, ids))
        except (IntegrityError, DataError) as error:
            if len(ids) == 1:
                run_again(partial(self._skip, ids[0], error))
            else:
                for key in ids:
                    self._run_batch([key])

    def _run_transaction(self, ids: Sequence[int]) -> None:
        with write_transaction() as session:
            allow_long_statements(session)
            change_set = self._lock(session, self._in_progress)
            batch = Batch(session, change_set, self._folder, self._load_rows(session, ids))
            if batch.rows:
                history.begin_change_set(session, self._id)
                apply_batch(batch) if self._verb == "apply" else undo_batch(batch)
                if batch.touched:
                    writer.refresh(session, batch.touched, batch.list_same_texts())
                _save(session, batch)
                change_set.move_rows(self._direction.state, (row.state for row in batch.rows))
                history.note_products(session, self._product_changes(batch))
        db.session.remove()  # frees the rows of this batch
        with suppress(SQLAlchemyError):  # later, or a worker deletes them
            outbox.delete_delivered()  # else workers would drop pages a second time for each batch

    def _load_rows(self, session: Session, ids: Sequence[int]) -> list[BatchRow]:
        columns = (ChangeSetRow.id, ChangeSetRow.product_id, ChangeSetRow.content, ChangeSetRow.result)
        query = select(*columns).where(self._rows(), ChangeSetRow.id.in_(ids))
        order = ChangeSetRow.position if self._verb == "apply" else ChangeSetRow.position.desc()
        return [
            BatchRow(key, product, _decode_change(content), _decode_result(result or "{}"))
            for key, product, content, result in session.execute(query.order_by(order))
        ]

    def _product_changes(self, batch: Batch) -> dict[int, tuple[history.Action, str, str]]:
        """Return what was done with the products of a batch, their addresses and titles, by id.

        An undo is noted as a change: it may leave some of what was created.
        """
        done = (row for row in batch.rows if row.product_id is not None and not row.result.did_nothing)
        return {
            row.product_id: (
                _RECORDED[row.change.action] if self._verb == "apply" else "update",
                row.change.slug,
                row.change.title,
            )
            for row in done
            if row.product_id is not None
        }

    def _skip(self, row_id: int, error: IntegrityError | DataError) -> None:
        """Leave a row that the database refuses, with its reason."""
        reason = f"the database refused it: {str(error.orig).splitlines()[0]}"
        with write_transaction() as session:
            change_set = self._lock(session, self._in_progress)
            row = session.execute(
                select(ChangeSetRow).where(self._rows(), ChangeSetRow.id == row_id)
            ).scalar_one_or_none()
            if row is None:
                return
            result = _decode_result(row.result or "{}")
            state: RowState
            if self._verb == "apply":
                state, result.left = "skipped", [Left("", "", reason)]
            else:
                state, result.not_undone = "left", [Left("", "", reason)]
            row.state = state
            row.result, row.is_partial = _encode(result).decode(), True
            change_set.move_rows(self._direction.state, (state,))

    def _report(self) -> None:
        counts = store.count_states(self._id)
        db.session.rollback()
        total = sum(counts.values())
        if self._progress:
            self._progress(total - counts.get(self._direction.state, 0), total)

    def _finish(self) -> None:
        with write_transaction() as session:
            change_set = self._lock_finished(session)
            if change_set is not None:
                change_set.status = self._direction.done
                setattr(change_set, f"{self._direction.prefix}_at", datetime.now(UTC))
                history.note_change_set(session, self._id, change_set.name, self._verb)

    def _lock_finished(self, session: Session) -> ChangeSet | None:
        """Lock the change set; None if another process has finished it."""
        query = select(ChangeSet).where(ChangeSet.id == self._id, ChangeSet.status == self._direction.running)
        return session.execute(
            query.with_for_update().execution_options(populate_existing=True)
        ).scalar_one_or_none()


def _save(session: Session, batch: Batch) -> None:
    table: Any = ChangeSetRow.__table__
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(
            state=bindparam("new_state"),
            result=bindparam("new_result", type_=Text()),
            product_id=bindparam("new_product"),
            is_partial=bindparam("new_partial"),
        )
    )
    values = [
        {
            "row_id": row.id,
            "new_state": row.state,
            "new_result": _encode(row.result).decode(),
            "new_product": row.product_id,
            "new_partial": bool(row.result.left or row.result.not_undone),
        }
        for row in batch.rows
    ]
    session.connection().execute(statement, values)
    if batch.problems:
        session.connection().execute(insert(ChangeSetProblem), batch.problems)
