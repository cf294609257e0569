"""A cached page as an HTTP answer, the same from Flask's hooks and from the layer in front of it."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import msgspec

from storefront.cache.store import Hit

# A proxy in front of us hears of no purge: it may keep a page this long. Surrogate-Key serves those that do.
SHARED_MAX_AGE = 10
KEPT = ("Location", "Link")
# What `answer` raises for an entry that is not what was stored.
UNREADABLE = (msgspec.MsgspecError, TypeError, OSError, EOFError, zlib.error)
# By the seconds that a proxy may keep it.
_CACHE_CONTROL = [
    ("Cache-Control", f"public, max-age=0, s-maxage={most}, stale-while-revalidate=30, stale-if-error=86400")
    for most in range(SHARED_MAX_AGE + 1)
]
_TAG = re.compile(r'(?:W/)?"([0-9a-f]{22})-(br|gzip|identity)(?:-[0-9a-f]{8})?"')
_NOTHING: Mapping[str, str] = {}


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a response besides its body."""

    status: int
    content_type: str
    headers: list[tuple[str, str]]  # of those that `KEPT` names
    vary: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body, ready to be sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def variant_of(encoding: str | None) -> str:
    """Return the stored variant from which an encoding is answered: identity is made from gzip on demand."""
    return encoding or "gzip"


def entity_tag(digest: str, encoding: str | None, body: bytes) -> str:
    """Return the strong ETag of a page in an encoding.

    Other bytes have another one (RFC 9110, 8.8.3), also those of the same page that was compressed again, and better.
    """
    return f'"{digest}-{encoding}-{crc32(body):08x}"' if encoding else f'"{digest}-identity"'


def held(if_none_match: str, encoding: str | None) -> Mapping[str, str]:
    """Return the pages that a client says it has in this encoding: its own ETags by the pages' digests."""
    if not if_none_match:
        return _NOTHING
    named = encoding or "identity"
    return {found[1]: found[0] for found in _TAG.finditer(if_none_match[:2000]) if found[2] == named}


def answer(
    hit: Hit, key: str, encoding: str | None, held: Mapping[str, str], *, stored: bool | None = None
) -> Answer:
    """Return the answer for a hit, or for a page that was just built (`stored` says whether it was kept)."""
    headers = [*fixed(hit, encoding, held), *moving(hit, key, stored=stored)]
    return Answer(status(hit), headers, body(hit, encoding))


def moving(hit: Hit, key: str, *, stored: bool | None = None) -> list[tuple[str, str]]:
    """Return the headers that change while the entry lives."""
    soft_in = int(hit.soft_in)
    kept_for = _CACHE_CONTROL[min(SHARED_MAX_AGE, soft_in) if soft_in > 0 else 0]
    if stored is None:
        status = f'storefront; hit; ttl={soft_in}; key="{key}"; detail={hit.detail}'
        return [kept_for, ("Cache-Status", status), ("Server-Timing", f'cache;desc="{hit.detail}"')]
    stored_too = "; stored" if stored else ""
    return [kept_for, ("Cache-Status", f'storefront; fwd=miss{stored_too}; key="{key}"')]


def fixed(hit: Hit, encoding: str | None, held: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers that are the same for as long as the entry lives."""
    if hit.body is None:
        # By the name that the client knows: it may have been compressed otherwise, and is the same page.
        return [("ETag", held[hit.etag]), *_about(hit)]
    name = f"headers:{encoding}"
    if hit.copy is not None and name in hit.copy.prepared:
        return hit.copy.prepared[name]  # type: ignore[return-value]
    kept = head(hit)
    headers = [
        ("Content-Type", kept.content_type),
        ("ETag", entity_tag(hit.etag, encoding, hit.body)),
        *_about(hit),
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    headers += kept.headers
    if hit.copy is not None:
        hit.copy.prepared[name] = headers
    return headers


def _about(hit: Hit) -> list[tuple[str, str]]:
    return [("Vary", head(hit).vary), ("Surrogate-Key", " ".join(hit.tags))]


def head(hit: Hit) -> Head:
    """Return what is kept of a page besides its body."""
    if hit.copy is None:
        return msgspec.msgpack.decode(hit.meta, type=Head)
    if "head" not in hit.copy.prepared:
        hit.copy.prepared["head"] = msgspec.msgpack.decode(hit.meta, type=Head)
    return hit.copy.prepared["head"]  # type: ignore[return-value]


def status(hit: Hit) -> int:
    """Return the status of the answer; 304 if the client has the page."""
    return 304 if hit.body is None else head(hit).status


def body(hit: Hit, encoding: str | None) -> bytes:
    """Return the body of the answer in this encoding; nothing if the client has it."""
    if hit.body is None:
        return b""
    return hit.body if encoding else gzip.decompress(hit.body)
