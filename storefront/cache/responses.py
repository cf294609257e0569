"""A cached page as an HTTP answer, the same from Flask's hooks and from the layer in front of it."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass

import msgspec

from storefront.cache.store import Hit

# A proxy in front of us hears of no purge: it may keep a page this long. Surrogate-Key serves those that do.
SHARED_MAX_AGE = 10
KEPT = ("Location", "Link")
# What `answer` raises for an entry that is not what was stored.
UNREADABLE = (msgspec.MsgspecError, TypeError, OSError, EOFError, zlib.error)
_CACHE_CONTROL = "public, max-age=0, s-maxage={}, stale-while-revalidate=30, stale-if-error=86400"


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


def entity_tag(digest: str, encoding: str | None) -> str:
    """Return the strong ETag of a page in an encoding (RFC 9110, 8.8.3: each encoding has its own)."""
    return f'"{digest}-{encoding or "identity"}"'


def held_digests(if_none_match: str, encoding: str | None) -> list[str]:
    """Return the digests of pages that a client says it has in this encoding."""
    if not if_none_match:
        return []
    ending = f'-{encoding or "identity"}"'
    tags = (tag.strip() for tag in if_none_match[:2000].split(","))
    return [tag[1 : -len(ending)] for tag in tags if tag.startswith('"') and tag.endswith(ending)]


def answer(hit: Hit, key: str, encoding: str | None, *, stored: bool | None = None) -> Answer:
    """Return the answer for a hit, or for a page that was just built (`stored` says whether it was kept)."""
    headers = list(_fixed(hit, encoding))
    soft_in = max(0, int(hit.soft_in))
    headers.append(("Cache-Control", _CACHE_CONTROL.format(min(SHARED_MAX_AGE, soft_in))))
    if stored is None:
        headers.append(
            ("Cache-Status", f'storefront; hit; ttl={int(hit.soft_in)}; key="{key}"; detail={hit.detail}')
        )
        headers.append(("Server-Timing", f'cache;desc="{hit.detail}"'))
    else:
        kept = "; stored" if stored else ""
        headers.append(("Cache-Status", f'storefront; fwd=miss{kept}; key="{key}"'))
    if hit.body is None:
        return Answer(
            304, [pair for pair in headers if pair[0] not in ("Content-Type", "Content-Encoding")], b""
        )
    return Answer(_head(hit).status, headers, _body(hit, encoding))


def _fixed(hit: Hit, encoding: str | None) -> list[tuple[str, str]]:
    """Return the headers that are the same for as long as the entry lives."""
    name = f"headers:{encoding}"
    if hit.copy is not None and name in hit.copy.prepared:
        return hit.copy.prepared[name]  # type: ignore[return-value]
    head = _head(hit)
    headers = [
        ("Content-Type", head.content_type),
        ("ETag", entity_tag(hit.etag, encoding)),
        ("Vary", head.vary),
        ("Surrogate-Key", " ".join(hit.tags)),
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    headers += head.headers
    if hit.copy is not None:
        hit.copy.prepared[name] = headers
    return headers


def _head(hit: Hit) -> Head:
    if hit.copy is None:
        return msgspec.msgpack.decode(hit.meta, type=Head)
    if "head" not in hit.copy.prepared:
        hit.copy.prepared["head"] = msgspec.msgpack.decode(hit.meta, type=Head)
    return hit.copy.prepared["head"]  # type: ignore[return-value]


def _body(hit: Hit, encoding: str | None) -> bytes:
    body = hit.body or b""
    return body if encoding else gzip.decompress(body)
