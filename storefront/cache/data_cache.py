"""Cached data: values of declared types, as msgpack. A shape that changed has other keys; nothing is ever pickled."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

import msgspec
from flask import current_app

from storefront.cache import keys
from storefront.cache.invalidation import collect_dependencies, depends_on, get_snapshot_time
from storefront.cache.keys import CacheEntry, EntryKind
from storefront.cache.l2 import StoredValue
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.extensions import db, is_writing

P = ParamSpec("P")
T = TypeVar("T")


def fetch(entry: CacheEntry, shape: type[T], build: Callable[[], T]) -> T:
    """Return the cached value, or build and share it. Whatever `build` says it depends on drops the value.

    Args:
        entry: from `keys`.
        shape: the value's type, which msgspec can encode; `X | None` if it may be None (cached briefly).
        build: reads it from its source; what it raises is raised, unless an old value may be shown instead.
    """
    store = _store()
    if store is None:
        return build()
    entry = _with_type_digest(entry, shape)
    answer = store.look_up(entry)
    if isinstance(answer, CacheHit):
        try:
            return _decode(answer, shape)
        except msgspec.MsgspecError:
            store.counters.add(entry.kind.name, "undecodable")
            answer = store.look_up(entry, force=True)
            if isinstance(answer, CacheHit):
                return build()
    return _build(store, answer, shape, build)


def put(entry: CacheEntry, shape: type[T], build: Callable[[], T]) -> T:
    """Build the value now and share it, whatever is cached: for a writer, after its commit."""
    store = _store()
    if store is None:
        return build()
    answer = store.look_up(_with_type_digest(entry, shape), force=True)
    return build() if isinstance(answer, CacheHit) else _build(store, answer, shape, build)


def cached(kind: EntryKind, shape: type[T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache what a function returns, by its arguments; `self` (or `cls`) is not one of them.

    The function says with `depends` what drops the value.
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
            return fetch(keys.function(name, arguments, kind), shape, lambda: function(*args, **kwargs))

        return call

    return decorate


def _build(store: CacheStore, ticket: BuildTicket, shape: type[T], build: Callable[[], T]) -> T:
    ticket.set_snapshot_time(get_snapshot_time())
    try:
        with collect_dependencies() as tags:
            value = build()
    except Exception as error:
        # Within a write nothing old is shown: the connection may have died, and what was written before with it.
        stale = ticket.find_stale("") if _is_outage(error) and not is_writing() else None
        ticket.abandon()
        if stale is None:
            raise
        db.session().invalidate()  # its connection may have died under it; what the page reads next needs another
        depends_on(keys.STALE)
        return _decode(stale, shape)
    except BaseException:
        ticket.abandon()
        raise
    body = msgspec.msgpack.encode(value)
    hard = keys.NEGATIVE_TTL if value is None else keys.HARD_TTL
    ttl = min(store.ttl(ticket.entry), hard)
    ticket.fill(StoredValue(b"", keys.digest(body), {"": body}), tags, ttl=ttl, hard=hard)
    return value


def _is_outage(error: Exception) -> bool:
    """Return whether the source failed, rather than said no: our own errors under 500 are answers."""
    return getattr(error, "status", 500) >= 500


def _decode(hit: CacheHit, shape: type[T]) -> T:
    depends_on(*hit.tags)
    if hit.l1_entry is not None and "value" in hit.l1_entry.memo:
        return cast("T", hit.l1_entry.memo["value"])
    value = _decoder(cast("Any", shape)).decode(hit.body or b"")
    if hit.l1_entry is not None:
        hit.l1_entry.memo["value"] = value  # shapes are frozen: one object serves all readers
    return cast("T", value)


def _with_type_digest(entry: CacheEntry, shape: Any) -> CacheEntry:
    return CacheEntry(f"{entry.name}:{_digest_type(shape)}", entry.identity, entry.kind)


@lru_cache
def _digest_type(shape: Any) -> str:
    """Return a digest of a type's structure: two versions of the shop never read each other's shapes."""
    return keys.digest(msgspec.json.encode(msgspec.json.schema(shape), order="deterministic"))[:8]


@lru_cache
def _decoder(shape: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(shape)


def _store() -> CacheStore | None:
    state = cache_state.find(current_app)
    return state.store if state else None
