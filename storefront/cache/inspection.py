"""Inspection of the cache: the memory it uses, and how one address is cached."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from redis import Redis
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from storefront import languages, redis_roles
from storefront.cache import page_cache
from storefront.cache.state import CacheState
from storefront.errors import BadInputError
from storefront.i18n import gettext as _
from storefront.redis_roles import Role
from storefront.web.language_routes import find_language
from storefront.web.prefix import remove_prefix

SAMPLE_SIZE = 300
# The key of an entry: of a page, of a function, or named with the version of its form.
_ENTRY = re.compile(r"(?:page|function|[^:]+:[^:]+:v\d+):")


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes in the cache role's Redis; `kinds` maps a kind of key to (keys in the sample, mean bytes of one)."""

    used: int
    limit: int
    policy: str
    evicted: int
    entries: int
    kinds: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class InspectedUrl:
    """How one address is cached."""

    url: str
    key: str
    in_l1: bool
    in_redis: bool
    fresh_for: int  # seconds; negative past the soft TTL
    age: int  # seconds since its data was read
    sizes: dict[str, int]  # bytes by variant
    invalidated_by: list[tuple[str, str]]  # tag, and which write invalidates it


def measure_memory(prefix: str) -> MemoryUse:
    """Return the memory that Redis uses, and the mean size by kind of key from a random sample.

    Raises:
        RedisUnavailable: Redis does not answer.
    """

    servers = redis_roles.call(Role.CACHE, lambda _: list(redis_roles.server_clients(Role.CACHE)))
    by_kind: defaultdict[str, list[int]] = defaultdict(list)
    used = limit = evicted = entries = 0
    policy = "?"
    for server in servers:
        info, size, sample = redis_roles.call(Role.CACHE, _make_measurement(server, prefix))
        used, limit, entries = used + info["used_memory"], limit + info.get("maxmemory", 0), entries + size
        evicted, policy = evicted + info.get("evicted_keys", 0), info.get("maxmemory_policy", "?")
        for name, bytes_ in sample:
            by_kind[_kind_of_key(name, prefix)].append(bytes_)
    kinds = {kind: (len(sizes), sum(sizes) // len(sizes)) for kind, sizes in sorted(by_kind.items())}
    return MemoryUse(used, limit, policy, evicted, entries, kinds)


_Measurement = tuple[dict[str, Any], int, list[tuple[str, int]]]


def _make_measurement(server: Redis, prefix: str) -> Callable[[Redis], _Measurement]:
    """Return a function that reads a server's figures, its number of keys, and the bytes of some of our keys."""

    def measure(_client: Redis) -> _Measurement:
        with server.pipeline(transaction=False) as pipe:
            pipe.info("memory")
            pipe.info("stats")
            pipe.dbsize()
            for _ in range(SAMPLE_SIZE):
                pipe.randomkey()
            memory, stats, size, *names = pipe.execute()
            ours = [name for name in {*names} if name and name.startswith(prefix.encode())]
            for name in ours:
                pipe.memory_usage(name, samples=0)  # exact: bodies differ too much for an estimate
            sizes = pipe.execute()
        sample = [
            (name.decode("utf-8", "replace"), bytes_ or 0) for name, bytes_ in zip(ours, sizes, strict=True)
        ]
        return {**memory, **stats}, size, sample

    return measure


def inspect_url(app: Flask, state: CacheState, address: str) -> InspectedUrl:
    """Return whether and where an address (path and query) is cached.

    Raises:
        BadInputError: the address is not one of a public page.
        RedisUnavailable: Redis does not answer.
    """
    try:
        parts = urlsplit(address)
        path = remove_prefix(parts.path) or "/"
        language = find_language(app, languages.first_part(path))
        path = path[len(language.tag) + 1 :] if language else path
        endpoint, arguments = app.url_map.bind("").match(path, method="GET")
    except (HTTPException, ValueError) as error:
        raise BadInputError("url", _("%(url)s is not an address of this shop.", url=address)) from error
    policy = page_cache.find_policy(app, endpoint)
    if policy is None:
        raise BadInputError("url", _("%(url)s is not a public page: it is never cached.", url=address))
    query = MultiDict(parse_qsl(parts.query, keep_blank_values=True))
    with languages.use(language):
        entry = page_cache.make_entry(policy, endpoint, state.fingerprint, arguments, query)
    store = state.store
    name = store.l2.redis_key(entry.key)

    def read(client: Any) -> list[Any]:
        with client.pipeline(transaction=False) as pipe:
            pipe.hmget(name, "start", "soft", "tags")
            pipe.hstrlen(name, "body:br")
            pipe.hstrlen(name, "body:gzip")
            return list(pipe.execute())

    (start, soft, tags), *sizes = redis_roles.call(Role.CACHE, read)
    now = time.time()
    named = tags.decode().split("\n") if tags else []
    return InspectedUrl(
        url=address,
        key=entry.key,
        in_l1=store.l1.get(entry.key) is not None,
        in_redis=start is not None,
        fresh_for=int(float(soft) / 1e6 - now) if soft else 0,
        age=int(now - float(start) / 1e6) if start else 0,
        sizes=dict(zip(("br", "gzip"), sizes, strict=True)),
        invalidated_by=[(tag, store.tag_modes.describe_cause(tag)) for tag in named],
    )


def _kind_of_key(name: str, prefix: str) -> str:
    """Return the kind of a Redis key: "page:notes.read" of an entry, "lease" of a key of the cache's own …"""
    rest = name.removeprefix(f"{prefix}:")
    if rest.startswith("{"):
        rest = rest.partition(":")[2]
    return ":".join(rest.split(":")[:2]) if _ENTRY.match(rest) else rest.split(":")[0]
