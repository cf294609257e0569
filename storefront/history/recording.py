"""Record changes of rows in the transaction that makes them: one statement for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import QueryableAttribute, Session, SessionTransaction, UOWTransaction

from storefront import actors, outbox, periodic
from storefront.actors import ChangedBy
from storefront.background.old_rows import delete_old_rows
from storefront.extensions import connection_of
from storefront.history.models import Action, RecordedChange

RETENTION = timedelta(days=400)  # as deletions and security events
MOST_TAGS = 50  # of one transaction
_NOTED, _CHANGE_SET = "history", "history_change_set"


@dataclass(slots=True)
class _Change:
    """A change that the transaction will record."""

    action: Action
    name: str
    product_id: int | None
    title: str = ""
    fields: dict[str, list[Any]] = field(default_factory=dict)


def init_app(app: Flask) -> None:
    """Write what was noted before each commit, and delete old records."""
    for model in _recorded_models():
        for name in model.history_fields:
            _keep_old_value(getattr(model, name))
    outbox.before_commit(app, _write)
    periodic.add_task(app, "history", delete_old, interval=3600.0)


def delete_old() -> int:
    """Delete a batch of the records that are older than RETENTION; return how many."""
    return delete_old_rows(RecordedChange, RecordedChange.at < datetime.now(UTC) - RETENTION)


def note_change_set(session: Session, number: int, name: str, action: Action) -> None:
    """Note that a change set was applied or undone, in this transaction."""
    _noted(session)["change_set", str(number)] = _Change(action, name, None)


def begin_change_set(session: Session, number: int) -> None:
    """Record no fields of this transaction: the rows of the change set have them. Call it before a flush."""
    session.info[_CHANGE_SET] = number


def note_products(session: Session, changes: Mapping[int, tuple[Action, str, str]]) -> None:
    """Note what the change set of this transaction does with products: by id, the action, address and title."""
    for key, (action, slug, title) in changes.items():
        _noted(session)["product", str(key)] = _Change(action, slug, key, title)


def note_value(session: Session, kind: str, name: str, old: str, new: str) -> None:
    """Note the value of a row that exists only while it differs from a default: its coming and going are changes."""
    change = _noted(session).setdefault((kind, name), _Change("update", name, None))
    change.fields["value"] = [change.fields.get("value", [old])[0], new]


@event.listens_for(Session, "after_flush")
def _note_rows(session: Session, _: UOWTransaction) -> None:
    if _CHANGE_SET in session.info:
        return
    changed = [row for row in session.dirty if isinstance(row, ChangedBy) and row.history_fields]
    for row in changed:
        if fields := _changed_fields(row):
            _note(session, row, "update", fields)
    for row in session.new:
        if isinstance(row, ChangedBy) and row.history_fields:
            _note(session, row, "create", {})
    for row in session.deleted:
        if isinstance(row, ChangedBy) and row.history_fields:
            _note(session, row, "delete", {})


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_NOTED, None)
        session.info.pop(_CHANGE_SET, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_savepoint(session: Session, ended: SessionTransaction) -> None:
    # What came before the savepoint is forgotten with it; a transaction that goes on behind one notes the rest.
    if ended.nested:
        session.info.pop(_NOTED, None)


def _recorded_models() -> Iterator[type[ChangedBy]]:
    """Yield the models of which fields are recorded. All rooms are imported when the application is made."""
    waiting = list(ChangedBy.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.history_fields:
            yield model


def _keep_old_value(attribute: QueryableAttribute[Any]) -> None:
    """Have the old value read before a new one is set; else a row that was not read has none."""
    if not event.contains(attribute, "set", _ignore):
        event.listen(attribute, "set", _ignore, active_history=True)


def _ignore(*_: object) -> None:
    """Do nothing: listening makes SQLAlchemy read the old value."""


def _noted(session: Session) -> dict[tuple[str, str], _Change]:
    found: dict[tuple[str, str], _Change] = session.info.setdefault(_NOTED, {})
    return found


def _note(session: Session, row: ChangedBy, action: Action, fields: dict[str, list[Any]]) -> None:
    """Note a change of a row; several of one transaction become one, from the first value to the last."""
    mapper = inspect(row).mapper  # a new row has no identity before the end of the flush
    key = (mapper.local_table.description, str(mapper.primary_key_from_instance(row)[0]))
    is_product = key[0] == "product"
    product_id = int(key[1]) if is_product else getattr(row, "product_id", None)
    change = _noted(session).setdefault(key, _Change(action, row.deletion_name, product_id))
    change.title = row.history_title
    if action == "delete":
        change.action, change.fields = "delete", {}
    elif change.action == "update":
        for name, (old, new) in fields.items():
            change.fields[name] = [change.fields.get(name, [old])[0], new]


def _changed_fields(row: ChangedBy) -> dict[str, list[Any]]:
    attributes = inspect(row).attrs
    found = {}
    for name in row.history_fields:
        history = attributes[name].history
        if history.added and history.deleted and history.added[0] != history.deleted[0]:
            found[name] = [history.deleted[0], history.added[0]]
    return found


def _write(session: Session) -> None:
    session.flush()
    noted: dict[tuple[str, str], _Change] = session.info.pop(_NOTED, {})
    number = session.info.pop(_CHANGE_SET, None)
    actor = actors.current_actor() if noted else actors.SYSTEM
    tags = sorted(session.info.get("cache_tags", ()))[:MOST_TAGS] if noted else []
    # What comes or goes with its product is not a change of its own.
    whole = {(c.action, c.product_id) for (kind, _), c in noted.items() if kind == "product"}
    noted = {
        key: c
        for key, c in noted.items()
        if key[0] == "product" or c.action == "update" or (c.action, c.product_id) not in whole
    }
    about = {"actor": str(actor), "actor_kind": actor.kind, "at": datetime.now(UTC), "tags": tags}
    rows = [
        about
        | {
            "kind": kind,
            "row_id": key,
            "product_id": change.product_id,
            "name": change.name,
            "title": change.title,
            "action": change.action,
            "fields": fields,
            "change_set_id": number if kind == "product" else None,
        }
        for (kind, key), change in noted.items()
        if (fields := {name: pair for name, pair in change.fields.items() if pair[0] != pair[1]})
        or change.action != "update"
        or number is not None
    ]
    if rows:
        connection_of(session).execute(insert(RecordedChange), rows)
