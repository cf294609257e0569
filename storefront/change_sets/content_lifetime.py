"""How long change sets are kept: who changed what and when for ever, the changes themselves for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import exists, select

from storefront import periodic
from storefront.change_sets import store
from storefront.change_sets.models import ChangeSet, ChangeSetProblem, ChangeSetRow
from storefront.extensions import db

# Of the changes, after which a change set can neither be applied nor undone: a year and a month of questions.
CONTENT_LIFETIME = timedelta(days=400)
# After which a plan that nobody finished was interrupted.
PLANNING_LIFETIME = timedelta(days=2)


def init_app(app: Flask) -> None:
    """Clean up once an hour in every serving process."""
    periodic.add_task(app, "change-set-sweeper", clean_up, interval=3600.0)


def clean_up() -> int:
    """Delete what is too old, in batches; return how many change sets lost their content."""
    now = datetime.now(UTC)
    interrupted = (ChangeSet.status == "planning") & (ChangeSet.created_at < now - PLANNING_LIFETIME)
    has_content = exists(select(ChangeSetRow.id).where(ChangeSetRow.change_set_id == ChangeSet.id)) | exists(
        select(ChangeSetProblem.id).where(ChangeSetProblem.change_set_id == ChangeSet.id)
    )
    old = (ChangeSet.created_at < now - CONTENT_LIFETIME) & ChangeSet.status.not_in(("applying", "undoing"))
    discarded = ChangeSet.status == "discarded"
    with db.engine.connect() as connection:
        unfinished = connection.execute(select(ChangeSet.id).where(interrupted)).scalars().all()
        ended = connection.execute(select(ChangeSet.id).where(old | discarded, has_content)).scalars().all()
    for change_set_id in unfinished:
        store.discard(change_set_id)
    for change_set_id in ended:
        store.discard(change_set_id)  # a plan whose changes are gone cannot be applied
        store.delete_content([change_set_id])
    return len(unfinished) + len(ended)
