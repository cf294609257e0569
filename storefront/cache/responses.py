"""HTTP responses of cached pages: the same from Flask's hooks and from the layer in front of Flask."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from flask import Response

from storefront.cache.etags import compute_etag
from storefront.cache.store import CacheHit

# Seconds for which a proxy in front of the shop may keep a page: it receives no invalidations. A proxy that can purge
# uses Surrogate-Key.
SHARED_MAX_AGE = 10
STORED_HEADERS = ("Location", "Link")
# What `make_answer` raises for an entry that was damaged.
UNREADABLE = (msgspec.MsgspecError, TypeError, OSError, EOFError, zlib.error)
# By the seconds for which a proxy may keep the page.
_CACHE_CONTROL = [
    ("Cache-Control", f"public, max-age=0, s-maxage={most}, stale-while-revalidate=30, stale-if-error=86400")
    for most in range(SHARED_MAX_AGE + 1)
]


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
    *,
    stored: bool | None = None,
) -> PageAnswer:
    """Return the answer for a hit, or for a page that was just built (`stored`: whether the cache stored it)."""
    headers = [*constant_headers(hit, encoding, client_etags), *changing_headers(hit, key, stored=stored)]
    return PageAnswer(status_of(hit), headers, body_of(hit, encoding))


def changing_headers(hit: CacheHit, key: str, *, stored: bool | None = None) -> list[tuple[str, str]]:
    """Return the headers that change during the entry's life."""
    soft_in = int(hit.fresh_for)
    kept_for = _CACHE_CONTROL[min(SHARED_MAX_AGE, soft_in) if soft_in > 0 else 0]
    if stored is None:
        status = f'storefront; hit; ttl={soft_in}; key="{key}"; detail={hit.detail}'
        return [kept_for, ("Cache-Status", status), ("Server-Timing", f'cache;desc="{hit.detail}"')]
    stored_too = "; stored" if stored else ""
    return [kept_for, ("Cache-Status", f'storefront; fwd=miss{stored_too}; key="{key}"')]


def constant_headers(
    hit: CacheHit, encoding: str | None, client_etags: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the headers that stay the same during the entry's life."""
    if hit.body is None:
        # The ETag that the client has: its copy may be compressed differently, and is the same page.
        return [("ETag", client_etags[hit.etag]), *_about(hit)]
    name = f"headers:{encoding}"
    if hit.l1_entry is not None and name in hit.l1_entry.memo:
        return hit.l1_entry.memo[name]  # type: ignore[return-value]
    kept = decode_head(hit)
    headers = [
        ("Content-Type", kept.content_type),
        ("ETag", compute_etag(hit.etag, encoding, hit.body)),
        *_about(hit),
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    headers += kept.headers
    if hit.l1_entry is not None:
        hit.l1_entry.memo[name] = headers
    return headers


def _about(hit: CacheHit) -> list[tuple[str, str]]:
    return [("Vary", decode_head(hit).vary), ("Surrogate-Key", " ".join(hit.tags))]


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
