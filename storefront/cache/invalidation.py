"""Invalidation by tags.

A flush collects the tags of changed rows. Before the commit they are written to the outbox; after it the outbox
delivers them, and the cache drops every entry that carries one of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask, has_request_context, request
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from storefront import outbox
from storefront.batches import batches
from storefront.cache.hit_rates import Invalidation
from storefront.cache.state import CacheState
from storefront.cache.store import CacheStore
from storefront.cache.tag_modes import Mode, TagModes, group_by_mode
from storefront.extensions import db
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

TOPIC = "cache.tags"
# Of one message.
MESSAGE_TAGS = 500
# Of one transaction; of more, the tag of a group replaces those of the group.
MAX_TAGS = 50_000


def init_app(app: Flask, state: CacheState) -> None:
    """Register the outbox handler and the hook that runs before each commit."""

    def deliver(payloads: list[dict[str, Any]]) -> None:
        _invalidate(state, payloads)

    outbox.subscribe(app, TOPIC, deliver)
    modes = state.store.tag_modes
    outbox.before_commit(app, lambda session: _enqueue_invalidation(session, modes))


def invalidate_on_commit(
    session: Session, *tags: str, cause: str = "", hard: bool = False, mode: Mode | None = None
) -> None:
    """Invalidate these tags when this session's transaction is committed; for writes that bypass the models.

    Args:
        session: of the transaction.
        tags: from `keys`.
        cause: what is written, for the log.
        hard: forbids showing any old value of the transaction ever again, even while its source fails (a takedown,
            a wrong price).
        mode: of these tags; by default each has the mode of its kind.
    """
    session.info.setdefault("cache_tags", set()).update(tags)
    if mode is not None:
        session.info.setdefault("cache_modes", {}).update(dict.fromkeys(tags, mode))
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


def _enqueue_invalidation(session: Session, tag_modes: TagModes) -> None:
    session.flush()
    tags: set[str] = session.info.pop("cache_tags", set())
    causes = session.info.pop("cache_causes", [])
    modes: dict[str, Mode] = session.info.pop("cache_modes", {})
    hard = session.info.pop("cache_hard", False) or "hard" in modes.values()
    if not tags:
        return
    relaxed = {tag for tag in tags if modes.get(tag) == "relaxed" or not tag_modes.is_strict(tag)}
    relaxed -= {tag for tag, mode in modes.items() if mode == "strict"}
    named, relaxed = tag_modes.limit_tags(tags, set() if hard else relaxed, MAX_TAGS)
    cause = _describe_causes(causes)
    messages = [
        {"tags": batch, "relaxed": [tag for tag in batch if tag in relaxed], "hard": hard, "cause": cause}
        for batch in batches(sorted(named), MESSAGE_TAGS)
    ]
    outbox.enqueue(session, TOPIC, *messages)


@event.listens_for(Session, "after_rollback")
def _discard_tags(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only a savepoint was rolled back: tags collected before it still count
    for name in ("cache_tags", "cache_causes", "cache_modes", "cache_hard"):
        session.info.pop(name, None)


def _describe_causes(causes: list[str]) -> str:
    distinct = list(dict.fromkeys(causes))
    more = f" and {len(distinct) - 3} more" if len(distinct) > 3 else ""
    return f"{', '.join(distinct[:3])}{more}{_describe_request()}"


def _describe_request() -> str:
    """Return the route that the write came by. Not the path: a path may hold the secret of a mailed link."""
    if not has_request_context():
        return ""
    return f" by {request.method} {request.url_rule.rule if request.url_rule else 'an unknown address'}"


def _invalidate(state: CacheState, payloads: list[dict[str, Any]]) -> None:
    store, by_mode = state.store, group_by_mode(payloads)
    named = set[str]().union(*by_mode.values())
    # This process at once, whether Redis is up or not.
    _invalidate_local(store, by_mode, is_known_to_redis=False)
    began = time.monotonic()
    try:
        for mode, tags in by_mode.items():
            store.l2.tag_times.invalidate(sorted(tags), mode)
    except RedisUnavailable:
        store.pending.add(named)
        raise
    store.pending.discard(named, began)
    # Again, for what another thread has fetched meanwhile.
    _invalidate_local(store, by_mode, is_known_to_redis=True)
    for mode, tags in by_mode.items():
        if tags:
            _report(state, mode, sorted(tags), payloads)
    if not state.pid:  # a command has no thread that sends, and may end now
        state.reporter.send()


def _invalidate_local(
    store: CacheStore, by_mode: Mapping[Mode, set[str]], *, is_known_to_redis: bool
) -> None:
    for mode, tags in by_mode.items():
        if tags:
            store.invalidate_local(tags, relaxed=mode == "relaxed", is_known_to_redis=is_known_to_redis)


def _report(state: CacheState, mode: Mode, tags: list[str], payloads: list[dict[str, Any]]) -> None:
    """Name the writes behind an invalidation in the log and on /admin/system/cache."""
    found = set(tags)
    causes = (each["cause"] for each in payloads if each["cause"] and not found.isdisjoint(each["tags"]))
    cause = "; ".join(dict.fromkeys(causes)) or "a write"
    shown = ", ".join(tags[:8]) + (f" and {len(tags) - 8:,} more" if len(tags) > 8 else "")
    log.info("%s invalidated %s (%s)", cause, shown, mode)
    state.reporter.record_invalidation(Invalidation(datetime.now(UTC), cause, tags, mode))


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
