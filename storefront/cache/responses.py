"""HTTP responses of cached pages: the same from Flask's hooks and from the layer in front of Flask."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from flask import Response

from storefront.cache.edge_fields import DAY, NEGATIVE_MAX_AGE, SHARED_MAX_AGE, EdgeFields
from storefront.cache.etags import compute_etag
from storefront.cache.store import CacheHit

# Our parameter of Cache-Status (RFC 9211): seconds for which a page may still be shown after a relaxed invalidation.
GRACE = "storefront-grace"
STORED_HEADERS = ("Location", "Link", "Speculation-Rules")
# What `make_answer` raises for an entry that was damaged.
UNREADABLE = (msgspec.MsgspecError, TypeError, OSError, EOFError, zlib.error)
# Statuses of pages that do not exist.
NEGATIVE_STATUSES = frozenset((404, 410))


class StoredHead(msgspec.Struct, frozen=True, array_like=True):
    """The stored part of a response without its body."""

    status: int
    content_type: str
    headers: list[tuple[str, str]]  # those that STORED_HEADERS names
    vary: str


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """Status, headers and body, ready to be sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def variant_of(encoding: str | None) -> str:
    """Return the stored variant from which an encoding is answered; identity is decompressed from gzip."""
    return encoding or "gzip"


def encode_head(response: Response) -> bytes:
    """Return the part of a response that is stored together with its body."""
    headers = [(name, value) for name in STORED_HEADERS if (value := response.headers.get(name))]
    vary = ", ".join(dict.fromkeys(("Accept-Encoding", *response.vary)))
    head = StoredHead(response.status_code, response.content_type or "text/html", headers, vary)
    return msgspec.msgpack.encode(head)


def make_answer(
    hit: CacheHit,
    key: str,
    encoding: str | None,
    client_etags: Mapping[str, str],
    edge: EdgeFields,
    *,
    stored: bool | None = None,
) -> PageAnswer:
    """Return the answer for a hit, or for a page that was just built (`stored`: whether the cache stored it)."""
    headers = [
        *constant_headers(hit, encoding, client_etags, edge, stored=stored),
        *changing_headers(hit, key, edge, stored=stored),
    ]
    return PageAnswer(status_of(hit), headers, body_of(hit, encoding))


def changing_headers(
    hit: CacheHit, key: str, edge: EdgeFields, *, stored: bool | None = None
) -> list[tuple[str, str]]:
    """Return the headers that change during the entry's life."""
    limited = [] if hit.valid_until == math.inf else _lifetime(hit, edge, stored=stored)
    if stored is None:
        grace = "" if hit.grace_left is None else f"; {GRACE}={int(hit.grace_left)}"
        status = f'storefront; hit; ttl={int(hit.fresh_for)}; key="{key}"{grace}; detail={hit.detail}'
        return [*limited, ("Cache-Status", status), ("Server-Timing", f'cache;desc="{hit.detail}"')]
    stored_too = "; stored" if stored else ""
    return [*limited, ("Cache-Status", f'storefront; fwd=miss{stored_too}; key="{key}"')]


def constant_headers(
    hit: CacheHit,
    encoding: str | None,
    client_etags: Mapping[str, str],
    edge: EdgeFields,
    *,
    stored: bool | None = None,
) -> list[tuple[str, str]]:
    """Return the headers that stay the same during the entry's life."""
    if hit.body is None:
        # The ETag that the client has: its copy may be compressed differently, and is the same page.
        return [("ETag", client_etags[hit.etag]), *_about(hit, edge, stored=stored)]
    name = f"headers:{encoding}:{hit.grace_left is None}"
    if hit.l1_entry is not None and name in hit.l1_entry.memo:
        return hit.l1_entry.memo[name]  # type: ignore[return-value]
    kept = decode_head(hit)
    headers = [
        ("Content-Type", kept.content_type),
        ("ETag", compute_etag(hit.etag, encoding, hit.body)),
        *_about(hit, edge, stored=stored),
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    headers += kept.headers
    if hit.l1_entry is not None:
        hit.l1_entry.memo[name] = headers
    return headers


def _about(hit: CacheHit, edge: EdgeFields, *, stored: bool | None) -> list[tuple[str, str]]:
    """Return by which tags an edge can purge a page, and for how long caches may keep it, unless that changes."""
    tags = edge.format_tags(hit.tags)
    named = [(edge.tags, tags)] if tags is not None else []
    lifetime = _lifetime(hit, edge, stored=stored) if hit.valid_until == math.inf else []
    return [*lifetime, ("Vary", decode_head(hit).vary), *named]


def _lifetime(hit: CacheHit, edge: EdgeFields, *, stored: bool | None) -> list[tuple[str, str]]:
    """Return for how long caches may keep a page: never beyond the moment at which it becomes wrong."""
    fits = edge.format_tags(hit.tags) is not None
    seconds = _count_seconds(hit, decode_head(hit).status, stored=stored) if fits else SHARED_MAX_AGE
    if hit.valid_until == math.inf:
        return edge.format_lifetime(seconds)
    seconds = hit.limit(seconds)
    return edge.format_lifetime(seconds, if_error=hit.limit(seconds + DAY) - seconds, nginx_may_store=False)


def _count_seconds(hit: CacheHit, status: int, *, stored: bool | None) -> int:
    """Return for how many seconds an edge that is purged may keep a page.

    A page that the cache does not keep may be older than a purge that the edge has received: a write overtook its
    build, or Redis is unavailable and workers use their own copies. A stale page is no page to keep at all.
    """
    if hit.detail == "stale":
        return 0
    if stored is False or hit.detail == "local":
        return SHARED_MAX_AGE
    return NEGATIVE_MAX_AGE if status in NEGATIVE_STATUSES else DAY


def decode_head(hit: CacheHit) -> StoredHead:
    """Return the stored part of a page without its body."""
    if hit.l1_entry is None:
        return msgspec.msgpack.decode(hit.meta, type=StoredHead)
    if "head" not in hit.l1_entry.memo:
        hit.l1_entry.memo["head"] = msgspec.msgpack.decode(hit.meta, type=StoredHead)
    return hit.l1_entry.memo["head"]  # type: ignore[return-value]


def status_of(hit: CacheHit) -> int:
    """Return the status of the answer: 304 if the client has the page."""
    return 304 if hit.body is None else decode_head(hit).status


def body_of(hit: CacheHit, encoding: str | None) -> bytes:
    """Return the body of the answer in this encoding; empty if the client has the page."""
    if hit.body is None:
        return b""
    return hit.body if encoding else gzip.decompress(hit.body)
