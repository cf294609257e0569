"""Catalogue files that staff send with their browser: kept on disk, and planned as change sets.

The request that brings a small file plans it. Larger files wait in a queue (the due time of their row) for a serving
process that finds them on its disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from flask import Flask, current_app
from sqlalchemy import JSON, String, Text, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storefront import actors, periodic, shop_settings
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.background.old_rows import delete_old_rows
from storefront.catalog_files.import_plan import ImportOptions, ImportPlan, plan_import
from storefront.change_sets import store
from storefront.extensions import Model, UtcDateTime, db, write_transaction
from storefront.sheets.errors import UnreadableFileError

LIFETIME = timedelta(days=30)  # of a file and its pictures
FOLDER = "catalogue-uploads"  # below the instance directory
PICTURES = "pictures"  # below the folder of an upload
MOST_AT_ONCE = 512 * 1024  # bytes of a file that the request plans
MOST_PROBLEMS = 50  # that are stored with a plan that was not
QUESTIONS = ("quantities", "too_much")  # reasons of a result that a person can answer without another file
STEP = 2.0  # seconds between two notes of the progress
# Seconds from a claim to the next one. The first is longer than a large file takes.
BACKOFF = (600, 1800, 3600)


class CatalogUpload(Model):
    """A catalogue file that somebody sent.

    Attributes:
        name: of the file, as it was sent.
        folder: below FOLDER; it has the file and perhaps pictures.
        options: the choices of the import, as `ImportOptions` names them.
        result: what the plan came to, if it was not stored: see `_describe`.
        change_set_id: the plan, once it is stored.
        finished: products that were compared.
        total: products of the file; 0 while it is read.
        due_at: when a process plans it; None: nobody does.
        attempts: how often one has begun.
    """

    __tablename__ = "catalog_upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(String(64))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    change_set_id: Mapped[int | None]
    finished: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(String(actors.MAX_LENGTH), default=actors.actor_text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True, default=lambda: datetime.now(UTC))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)

    @property
    def path(self) -> Path:
        """The folder of its file."""
        return uploads_folder() / self.folder


_queue = DueQueue(
    model=CatalogUpload,
    key=CatalogUpload.id,
    due_at=CatalogUpload.due_at,
    attempts=CatalogUpload.attempts,
    query=select(CatalogUpload.id, CatalogUpload.due_at, CatalogUpload.attempts),
    backoff=BACKOFF,
    batch=1,
)
_task = AppState[periodic.PeriodicTask]("catalog_files.uploads")


def init_app(app: Flask) -> None:
    """Plan waiting files in every serving process, and delete old ones."""
    _task.set(app, periodic.add_task(app, "catalogue-uploads", plan_due, interval=3.0))
    periodic.add_task(app, "old-catalogue-uploads", delete_old, interval=3600.0)


def uploads_folder() -> Path:
    """Return the directory of all uploads."""
    return Path(current_app.instance_path) / FOLDER


def add(name: str, folder: str, options: Mapping[str, Any]) -> int:
    """Add a file that is on disk, and plan it at once if it is small; return the upload's number."""
    with write_transaction() as session:
        upload = CatalogUpload(name=name, folder=folder, options=dict(options))
        session.add(upload)
        session.flush()
        number = upload.id
    start(number, options)
    return number


def find(number: int) -> CatalogUpload | None:
    """Return an upload; None if there is none with this number."""
    return db.session.get(CatalogUpload, number, populate_existing=True)


def list_unanswered(limit: int) -> Sequence[CatalogUpload]:
    """Return the files about which the shop has asked something, newest first; of those that were sent again none."""
    later = aliased(CatalogUpload)
    was_sent_again = select(later.id).where(later.name == CatalogUpload.name, later.id > CatalogUpload.id)
    query = (
        select(CatalogUpload)
        .where(
            CatalogUpload.change_set_id.is_(None),
            CatalogUpload.due_at.is_(None),
            CatalogUpload.result["reason"].as_string().in_(QUESTIONS),
            ~was_sent_again.exists(),
        )
        .order_by(CatalogUpload.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def start(number: int, options: Mapping[str, Any]) -> None:
    """Plan an upload with these choices: at once if its file is small, else in the background."""
    upload = db.session.get_one(CatalogUpload, number)
    file = upload.path / upload.name
    is_small = file.is_file() and file.stat().st_size <= MOST_AT_ONCE
    delay = BACKOFF[0] if is_small else 0
    values = {"options": dict(options), "result": {}, "finished": 0, "total": 0, "attempts": 0}
    due_at = datetime.now(UTC) + timedelta(seconds=delay)
    with write_transaction() as session:
        own = (CatalogUpload.id == number) & CatalogUpload.change_set_id.is_(None)
        session.execute(update(CatalogUpload).where(own).values(values | {"due_at": due_at}))
    if not is_small:
        _task.get(current_app).wake()
        return
    with actors.acting_as(actors.current_actor()):
        _write(number, 0, _plan(number) | {"due_at": None})


def plan_due() -> bool:
    """Plan one waiting file; return whether there was one."""
    return bool(_queue.run(_attempt).due)


def delete_old() -> int:
    """Delete the files that are older than LIFETIME, and then their rows; return how many."""
    is_old = CatalogUpload.created_at < datetime.now(UTC) - LIFETIME
    for folder in db.session.scalars(select(CatalogUpload.folder).where(is_old).limit(100)).all():
        shutil.rmtree(uploads_folder() / folder, ignore_errors=True)
    db.session.rollback()
    return delete_old_rows(CatalogUpload, is_old, most=100)


def _attempt(attempt: Attempt) -> Outcome:
    number = attempt.row.id
    upload = db.session.get_one(CatalogUpload, number, populate_existing=True)
    if not (upload.path / upload.name).is_file() and not attempt.is_last:
        return Outcome(succeeded=False)  # it is on the disk of another server
    with actors.acting_as(actors.parse_actor(upload.created_by) or actors.SYSTEM):
        return Outcome(succeeded=True, values=_plan(number))


def _plan(number: int) -> dict[str, Any]:
    """Plan an upload; return the values of its row."""
    upload = db.session.get_one(CatalogUpload, number, populate_existing=True)
    file, name, options = upload.path / upload.name, upload.name, dict(upload.options)
    images = upload.path / PICTURES
    db.session.rollback()
    noted = monotonic()

    def note(finished: int, total: int) -> None:
        nonlocal noted
        if monotonic() - noted > STEP:
            noted = monotonic()
            _write(number, None, {"finished": finished, "total": total})

    choices = ImportOptions(
        currency=shop_settings.current().currency, images=images if images.is_dir() else None, **options
    )
    try:
        plan = plan_import(file, choices, show=lambda _change: None, store=True, progress=note)
    except UnreadableFileError as error:
        text = str(error).replace(str(file), name)
        return {"result": {"reason": "unreadable", "text": text}}
    if plan.change_set_id:
        return {"change_set_id": plan.change_set_id, "result": {}}
    return {"result": _describe(plan)}


def _describe(plan: ImportPlan) -> dict[str, Any]:
    """Return why a plan was not stored (too_much, quantities or nothing), with counts and the first problems."""
    report = plan.report
    reason = "nothing"
    if plan.stop_reason:
        reason = "quantities" if plan.stop_reason == report.missing_stock_reason() else "too_much"
    counts = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
    problems = [list(problem) for problem in sorted(report.problems)[:MOST_PROBLEMS]]
    return {"reason": reason, "counts": counts, "problems": problems, "notes": plan.notes}


def _write(number: int, attempts: int | None, values: Mapping[str, Any]) -> None:
    own = CatalogUpload.id == number
    if attempts is not None:
        own &= CatalogUpload.attempts == attempts
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        written = connection.execute(update(CatalogUpload).where(own).values(dict(values))).rowcount
    if not written and values.get("change_set_id"):
        store.discard(values["change_set_id"])  # somebody has asked for another plan meanwhile
