"""Invalidation by tags.

A flush collects the tags of changed rows. Before the commit they are written to the outbox; after it the outbox
delivers them, and the cache drops every entry that carries one of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, has_request_context, request
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from storefront import outbox
from storefront.cache import keys
from storefront.cache.hit_rates import Invalidation
from storefront.cache.state import CacheState
from storefront.cache.tag_modes import is_strict
from storefront.extensions import db
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

TOPIC = "cache.tags"
# A transaction with more tags than this invalidates everything: that is cheaper than naming them all.
MAX_TAGS = 500


def init_app(app: Flask, state: CacheState) -> None:
    """Register the outbox handler and the hook that runs before each commit."""

    def deliver(payloads: list[dict[str, Any]]) -> None:
        for hard in (False, True):
            chosen = [payload for payload in payloads if payload["hard"] == hard]
            if chosen:
                _invalidate(state, {tag for payload in chosen for tag in payload["tags"]}, chosen, hard=hard)

    outbox.subscribe(app, TOPIC, deliver)
    outbox.before_commit(app, _enqueue_invalidation)


def invalidate_on_commit(session: Session, *tags: str, cause: str = "", hard: bool = False) -> None:
    """Invalidate these tags when this session's transaction is committed; for writes that bypass the models.

    `hard` forbids showing the old value ever again, even while its source fails (a takedown, a wrong price).
    """
    session.info.setdefault("cache_tags", set()).update(tags)
    if cause:
        session.info.setdefault("cache_causes", []).append(cause)
    if hard:
        session.info["cache_hard"] = True


def get_snapshot_time() -> float | None:
    """Return when the open transaction began (monotonic seconds); None if there is none.

    What it reads may be as old as that: on SQLite a transaction reads one snapshot until it ends.
    """
    return db.session().info.get("cache_reading_since") if db.session.registry.has() else None


@event.listens_for(Session, "after_begin")
def _record_snapshot_time(session: Session, *_: object) -> None:
    session.info.setdefault("cache_reading_since", time.monotonic())


@event.listens_for(Session, "after_transaction_end")
def _forget_snapshot_time(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("cache_reading_since", None)


@event.listens_for(Session, "after_flush")
def _collect_changed_tags(session: Session, _: UOWTransaction) -> None:
    changed_rows = [row for row in session.dirty if session.is_modified(row)]
    for changed in (*session.new, *changed_rows, *session.deleted):
        list_tags = getattr(changed, "cache_tags", None)
        if list_tags is None:
            continue
        if tags := set(list_tags()):
            identity = inspect(changed).identity or ("new",)
            invalidate_on_commit(session, *tags, cause=f"{type(changed).__name__} {identity[0]}")


def _enqueue_invalidation(session: Session) -> None:
    session.flush()
    tags = session.info.pop("cache_tags", None)
    causes = session.info.pop("cache_causes", [])
    hard = session.info.pop("cache_hard", False)
    if tags:
        named = sorted(tags) if len(tags) <= MAX_TAGS else [keys.EVERYTHING]
        relaxed = [] if hard else [tag for tag in named if not is_strict(tag)]
        payload = {"tags": named, "relaxed": relaxed, "hard": hard, "cause": _describe_causes(causes)}
        outbox.enqueue(session, TOPIC, payload)


@event.listens_for(Session, "after_rollback")
def _discard_tags(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only a savepoint was rolled back: tags collected before it still count
    for name in ("cache_tags", "cache_causes", "cache_hard"):
        session.info.pop(name, None)


def _describe_causes(causes: list[str]) -> str:
    distinct = list(dict.fromkeys(causes))
    more = f" and {len(distinct) - 3} more" if len(distinct) > 3 else ""
    by = f" by {request.method} {request.path}" if has_request_context() else ""
    return f"{', '.join(distinct[:3])}{more}{by}"


def _invalidate(
    state: CacheState, tags: Iterable[str], payloads: list[dict[str, Any]], *, hard: bool
) -> None:
    store = state.store
    named = sorted(tags)
    store.invalidate_local(named)  # this process at once, whether Redis is up or not
    began = time.monotonic()
    try:
        store.l2.tag_times.invalidate(named, hard=hard)
    except RedisUnavailable:
        store.pending.add(named)
        raise
    store.pending.discard(named, began)
    store.invalidate_local(named)  # again, for what another thread has fetched meanwhile
    cause = (
        "; ".join(dict.fromkeys(payload["cause"] for payload in payloads if payload["cause"])) or "a write"
    )
    shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
    log.info("%s invalidated %s", cause, shown)
    state.reporter.record_invalidation(Invalidation(datetime.now(UTC), cause, named, hard))
    if not state.pid:  # a command has no thread that sends, and may end now
        state.reporter.send()


def changed_values(row: object, *names: str) -> list[Any]:
    """Return the old and new values of those attributes that this flush changes; for a new row, all values.

    For models, whose `cache_tags` depend on what has changed.
    """
    attributes = inspect(row).attrs
    found: list[Any] = []
    for name in names:
        history = attributes[name].history
        if history.has_changes():
            found += [value for value in (*history.deleted, *history.added) if value is not None]
            found = found or [getattr(row, name)]
    return found
