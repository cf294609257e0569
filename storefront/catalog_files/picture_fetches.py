"""Pictures that products name by web address, fetched in the background because somebody clicked.

`storefront/background/turns.py` says how several processes share the work.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import JSON, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storefront import actors, periodic
from storefront.app_state import AppState
from storefront.background import turns
from storefront.background.due_queue import Attempt, Outcome
from storefront.catalog.models import ProductImage
from storefront.catalog_files import picture_download
from storefront.extensions import Model, UtcDateTime, db, write_transaction

MOST_FAILURES = 50  # that are kept with their reason
MOST_COUNTED = 10_000  # missing pictures; more are "10,000+"
# At once: four threads fetch them within half a minute, in less time than another process waits for this one.
BATCH = 2 * picture_download.THREADS
_STOPPED = -1  # attempts: no running attempt has this number, so none writes its outcome


class PictureFetch(Model):
    """One click on "Fetch the pictures".

    Attributes:
        run_by: the actor.
        run_at: when a serving process goes on; None: none does.
        run_attempts: how often one did, in vain.
        last_id: of the last picture that was tried.
        fetched: how many are in the shop now.
        failed: how many could not be fetched.
        failures: address and reason of the first of these.
    """

    __tablename__ = "picture_fetch"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_by: Mapped[str] = mapped_column(String(actors.MAX_LENGTH), default=actors.actor_text)
    run_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    run_attempts: Mapped[int] = mapped_column(default=0)
    last_id: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    failures: Mapped[list[list[str]]] = mapped_column(JSON, default=list)


_queue = turns.create_queue(PictureFetch, PictureFetch.run_by)
_task = AppState[periodic.PeriodicTask]("catalog_files.picture_fetches")


def init_app(app: Flask) -> None:
    """Do what is due in every serving process."""
    _task.set(app, periodic.add_task(app, "picture-fetches", run_due, interval=turns.INTERVAL))


def count_missing() -> int:
    """Return how many pictures are known only by their web address, up to MOST_COUNTED."""
    is_missing = ProductImage.digest.is_(None) & picture_download.IS_AT_WEB_ADDRESS
    missing = select(ProductImage.id).where(is_missing).limit(MOST_COUNTED).subquery()
    return db.session.execute(select(func.count()).select_from(missing)).scalar_one()


def find_latest() -> PictureFetch | None:
    """Return the latest click; None if there was none."""
    query = select(PictureFetch).order_by(PictureFetch.id.desc()).limit(1)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def start() -> None:
    """Fetch all missing pictures in the background, unless that is being done; those that failed are tried again."""
    with write_transaction() as session:
        running = select(PictureFetch.id).where(PictureFetch.run_at.is_not(None)).limit(1)
        if session.execute(running).first() is None:
            session.add(PictureFetch(run_at=turns.first_due(by_caller=False)))
    _task.get(current_app).wake()


def stop() -> None:
    """Stop behind the pictures that are just being fetched. What is in the shop stays."""
    with write_transaction() as session:
        running = PictureFetch.run_at.is_not(None)
        session.execute(update(PictureFetch).where(running).values(run_at=None, run_attempts=_STOPPED))


def run_due() -> bool:
    """Fetch for one turn if somebody wants that; return whether somebody did."""
    return bool(_queue.run(_take_turn).due)


def _take_turn(attempt: Attempt) -> Outcome:
    actor = actors.parse_actor(attempt.row.run_by) or actors.SYSTEM
    with actors.acting_as(actor):
        return turns.end_turn(is_done=_fetch(attempt.row.id, attempt.number, turns.start_turn()))


def _fetch(number: int, attempt: int, goes_on: Callable[[], bool]) -> bool:
    """Fetch batch by batch; return whether all pictures were tried."""
    media_dir = Path(current_app.config["MEDIA_DIR"])
    while True:
        last_id = _read_place(number, attempt)
        if last_id is None:
            return False
        results, last_id = picture_download.fetch_batch(media_dir, after=last_id, most=BATCH)
        if not results:
            return True
        _note(number, attempt, last_id, results)
        if not goes_on():
            return False


def _read_place(number: int, attempt: int) -> int | None:
    """Return the id of the last picture that was tried; None if somebody has stopped this attempt."""
    own = (PictureFetch.id == number) & (PictureFetch.run_attempts == attempt)
    db.session.rollback()  # an open transaction may still see the row as it was
    return db.session.execute(select(PictureFetch.last_id).where(own)).scalar_one_or_none()


def _note(number: int, attempt: int, last_id: int, results: list[tuple[str, str | None]]) -> None:
    failures = [[url, problem] for url, problem in results if problem is not None]
    with write_transaction() as session:
        here = session.get_one(PictureFetch, number, populate_existing=True)
        # Those that were fetched while somebody stopped it count, too.
        if here.run_attempts in (attempt, _STOPPED):
            here.last_id, here.failed = last_id, here.failed + len(failures)
            here.fetched += len(results) - len(failures)
            here.failures = [*here.failures, *failures][:MOST_FAILURES]
