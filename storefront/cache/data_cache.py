"""Cached data: values of declared types, stored as msgpack (never pickle).

A digest of the type is part of the key, so two builds with different types never read each other's values.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

import msgspec
from flask import Flask, current_app

from storefront.cache import data_builds, keys
from storefront.cache.build_context import (
    collect_dependencies,
    depends_on,
    depends_on_older,
    inherit_moment,
    is_cache_bypassed,
    is_in_background,
    record_bypassed,
)
from storefront.cache.invalidation import get_snapshot_time
from storefront.cache.keys import CacheEntry, EntryKind
from storefront.cache.l2 import StoredValue
from storefront.cache.state import CacheState, cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.extensions import db, is_writing
from storefront.pauses import give_way

P = ParamSpec("P")
T = TypeVar("T")


def fetch(entry: CacheEntry, value_type: type[T], build: Callable[[], T]) -> T:
    """Return the cached value, or build and store it. `build` records what invalidates the value (`depends_on`).

    Args:
        entry: from `keys`.
        value_type: a type that msgspec can encode; `X | None` if the value may be None (cached briefly).
        build: reads the value from its source. Its exceptions are raised, unless an old value may be shown instead.
    """
    entry = _with_type_digest(entry, value_type)
    state = _state()
    if state is None:
        record_bypassed(entry.key)
        give_way()
        return build()
    store = state.store
    answer = store.look_up(entry)
    if isinstance(answer, CacheHit):
        try:
            return _decode(answer, value_type)
        except msgspec.MsgspecError:
            store.counters.add(entry.kind.name, "undecodable")
            answer = store.look_up(entry, force=True)
            if isinstance(answer, CacheHit):
                return build()
    elif _has_old_value(state, answer):
        return _build_apart(state, answer, value_type, build)
    return _build(store, answer, value_type, build)


def put(entry: CacheEntry, value_type: type[T], build: Callable[[], T]) -> T:
    """Build and store the value even if one is cached (write-through); for a writer, after its commit."""
    state = _state()
    if state is None:
        return build()
    store = state.store
    answer = store.look_up(_with_type_digest(entry, value_type), force=True)
    return build() if isinstance(answer, CacheHit) else _build(store, answer, value_type, build)


def peek(app: Flask, entry: CacheEntry, value_type: type[T]) -> T | None:
    """Return the value if this process has it in L1; else None. Never waits, and needs no application context."""
    state = cache_state.find(app)
    hit = state.store.find_in_l1(_with_type_digest(entry, value_type).key, "") if state else None
    return None if hit is None else _decode_body(hit, value_type)


def cached(kind: EntryKind, value_type: type[T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator: cache a function's results by its arguments, without `self` and `cls`.

    The function records what invalidates a result with `depends_on`.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        name = f"{function.__module__}.{function.__qualname__}"

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = {key: value for key, value in bound.arguments.items() if key not in ("self", "cls")}
            arguments = keys.digest(msgspec.msgpack.encode(given, order="deterministic"))
            return fetch(keys.function(name, arguments, kind), value_type, lambda: function(*args, **kwargs))

        return call

    return decorate


def _has_old_value(state: CacheState, ticket: BuildTicket) -> bool:
    """Return whether a visitor waits who may get the old value, in a process that builds in the background."""
    if ticket.lease is None or not ticket.lease.has_stale_value or not state.renewer.task.is_running:
        return False
    return not is_in_background() and not is_writing()


def _build_apart(state: CacheState, ticket: BuildTicket, value_type: type[T], build: Callable[[], T]) -> T:
    """Build in the background; return the old value if that takes long, or if too many builds go on already."""
    store = state.store
    going = state.data_builds.begin(ticket.entry.key, lambda: _build(store, ticket, value_type, build))
    if going is not None and going.done.wait(data_builds.PATIENCE):
        return going.result()
    old = ticket.find_permitted("")
    if old is None or old.body is None:  # it was invalidated meanwhile
        return _build(store, ticket, value_type, build) if going is None else going.result()
    try:
        value = _decode(old, value_type)
    except msgspec.MsgspecError:
        return _build(store, ticket, value_type, build) if going is None else going.result()
    if going is None:
        ticket.abandon()
    else:
        going.is_left = True
    return value


def _build(store: CacheStore, ticket: BuildTicket, value_type: type[T], build: Callable[[], T]) -> T:
    ticket.begin(get_snapshot_time(), in_background=is_in_background())
    try:
        if ticket.failure is not None:
            raise ticket.failure
        give_way()
        with collect_dependencies() as tags:
            value = build()
        give_way()
    except Exception as error:
        # No old value inside a write transaction: its connection may have died, and its earlier writes with it.
        is_outage = _is_outage(error)
        stale = ticket.find_stale("") if is_outage and not is_writing() else None
        if not is_outage and is_in_background():  # others would be answered what is gone
            ticket.discard_old()
        ticket.abandon(error if is_outage else None)
        if stale is None:
            raise
        # The connection may have died: what the page reads next needs another one.
        db.session().invalidate()
        return _decode(stale, value_type)
    except BaseException:
        ticket.abandon()
        raise
    body = msgspec.msgpack.encode(value)
    hard = keys.NEGATIVE_TTL if value is None else keys.HARD_TTL
    ttl = min(store.ttl(ticket.entry), hard)
    stored = StoredValue(b"", keys.digest(body), {"": body}, tags.valid_until)
    ticket.fill(stored, tags, ttl=ttl, hard=hard, older=tags.older)
    return value


def _is_outage(error: Exception) -> bool:
    """Return whether the source failed; errors of our own under 500 are answers, not failures."""
    return getattr(error, "status", 500) >= 500


def _decode(hit: CacheHit, value_type: type[T]) -> T:
    depends_on(*hit.tags)
    if hit.detail == "stale":  # what is built of it is not new either
        depends_on(keys.STALE)
    inherit_moment(hit.valid_until)
    if hit.l1_entry is not None and hit.detail != "L2":
        depends_on_older(hit.tags, hit.l1_entry.start)
    return _decode_body(hit, value_type)


def _decode_body(hit: CacheHit, value_type: type[T]) -> T:
    if hit.l1_entry is not None and "value" in hit.l1_entry.memo:
        return cast("T", hit.l1_entry.memo["value"])
    value = _decoder(cast("Any", value_type)).decode(hit.body or b"")
    if hit.l1_entry is not None:
        hit.l1_entry.memo["value"] = value  # the types are frozen: one object serves all readers
    return cast("T", value)


def _with_type_digest(entry: CacheEntry, value_type: Any) -> CacheEntry:
    return CacheEntry(f"{entry.name}:{_digest_type(value_type)}", entry.identity, entry.kind)


@lru_cache
def _digest_type(value_type: Any) -> str:
    """Return a digest of a type's structure."""
    return keys.digest(msgspec.json.encode(msgspec.json.schema(value_type), order="deterministic"))[:8]


@lru_cache
def _decoder(value_type: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(value_type)


def _state() -> CacheState | None:
    state = cache_state.find(current_app)
    return state if state and not is_cache_bypassed() else None
