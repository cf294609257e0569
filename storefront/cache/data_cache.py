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
from storefront.cache.invalidation import collecting, depends_on, reading_since
from storefront.cache.keys import Entry, Kind
from storefront.cache.l2 import Value
from storefront.cache.state import cache_state
from storefront.cache.store import Hit, Store, Ticket
from storefront.extensions import db, is_writing

P = ParamSpec("P")
T = TypeVar("T")


def fetch(entry: Entry, shape: type[T], build: Callable[[], T]) -> T:
    """Return the cached value, or build and share it. Whatever `build` says it depends on drops the value.

    Args:
        entry: from `keys`.
        shape: the value's type, which msgspec can encode; `X | None` if it may be None (cached briefly).
        build: reads it from its source; what it raises is raised, unless an old value may be shown instead.
    """
    store = _store()
    if store is None:
        return build()
    entry = _shaped(entry, shape)
    answer = store.begin(entry)
    if isinstance(answer, Hit):
        try:
            return _decoded(answer, shape)
        except msgspec.MsgspecError:
            store.counters.add(entry.kind.name, "undecodable")
            answer = store.begin(entry, force=True)
            if isinstance(answer, Hit):
                return build()
    return _built(store, answer, shape, build)


def put(entry: Entry, shape: type[T], build: Callable[[], T]) -> T:
    """Build the value now and share it, whatever is cached: for a writer, after its commit."""
    store = _store()
    if store is None:
        return build()
    answer = store.begin(_shaped(entry, shape), force=True)
    return build() if isinstance(answer, Hit) else _built(store, answer, shape, build)


def cached(kind: Kind, shape: type[T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
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


def _built(store: Store, ticket: Ticket, shape: type[T], build: Callable[[], T]) -> T:
    ticket.as_of(reading_since())
    try:
        with collecting() as tags:
            value = build()
    except Exception as error:
        # Within a write nothing old is shown: the connection may have died, and what was written before with it.
        stale = ticket.stale("") if _is_outage(error) and not is_writing() else None
        ticket.abandon()
        if stale is None:
            raise
        db.session().invalidate()  # its connection may have died under it; what the page reads next needs another
        depends_on(keys.STALE)
        return _decoded(stale, shape)
    except BaseException:
        ticket.abandon()
        raise
    body = msgspec.msgpack.encode(value)
    hard = keys.NEGATIVE_TTL if value is None else keys.HARD_TTL
    ttl = min(store.ttl(ticket.entry), hard)
    ticket.fill(Value(b"", keys.digest(body), {"": body}), tags, ttl=ttl, hard=hard)
    return value


def _is_outage(error: Exception) -> bool:
    """Return whether the source failed, rather than said no: our own errors under 500 are answers."""
    return getattr(error, "status", 500) >= 500


def _decoded(hit: Hit, shape: type[T]) -> T:
    depends_on(*hit.tags)
    if hit.copy is not None and "value" in hit.copy.prepared:
        return cast("T", hit.copy.prepared["value"])
    value = _decoder(cast("Any", shape)).decode(hit.body or b"")
    if hit.copy is not None:
        hit.copy.prepared["value"] = value  # shapes are frozen: one object serves all readers
    return cast("T", value)


def _shaped(entry: Entry, shape: Any) -> Entry:
    return Entry(f"{entry.name}:{_fingerprint(shape)}", entry.identity, entry.kind)


@lru_cache
def _fingerprint(shape: Any) -> str:
    """Return a digest of a type's structure: two versions of the shop never read each other's shapes."""
    return keys.digest(msgspec.json.encode(msgspec.json.schema(shape), order="deterministic"))[:8]


@lru_cache
def _decoder(shape: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(shape)


def _store() -> Store | None:
    state = cache_state.find(current_app)
    return state.store if state else None
