"""Where two builds of a page differ, in words for the log."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import brotli
import msgspec

from storefront.cache.responses import StoredHead

if TYPE_CHECKING:
    from storefront.cache.l1 import L1Entry
    from storefront.cache.page_renderer import RenderedPage

_BEFORE, _AFTER = 30, 50  # characters that are shown before and from the difference


def describe_difference(meta: bytes, bodies: Mapping[str, bytes], page: RenderedPage | None) -> str:
    """Return the first field or line in which a cached page differs from the page that was built again.

    Args:
        meta: of the cached page.
        bodies: of the cached page, by variant.
        page: what the database gives now; None: a page that the cache must not keep.
    """
    if page is None:
        return "the address has no page any more that the cache may keep"
    cached = msgspec.msgpack.decode(meta, type=StoredHead)
    built = msgspec.msgpack.decode(page.meta, type=StoredHead)
    for name in StoredHead.__struct_fields__:
        was, now = getattr(cached, name), getattr(built, name)
        if was != now:
            return f"{name} is {_shorten(str(was))}, should be {_shorten(str(now))}"
    return _describe_bodies(_decompress(bodies), page.body)


def is_same(entry: L1Entry, page: RenderedPage, unstable: re.Pattern[bytes]) -> bool:
    """Return whether a cached page is the page that was built again, but for what matches `unstable`."""
    cached = unstable.sub(b"", _decompress(entry.bodies))
    return entry.meta == page.meta and cached == unstable.sub(b"", page.body)


def _describe_bodies(cached: bytes, built: bytes) -> str:
    was, now = cached.decode("utf-8", "replace"), built.decode("utf-8", "replace")
    shorter = min(len(was), len(now))
    place = next((at for at in range(shorter) if was[at] != now[at]), shorter)
    number = now.count("\n", 0, place) + 1
    return f"line {number} is {_excerpt(was, place)}, should be {_excerpt(now, place)}"


def _excerpt(text: str, place: int) -> str:
    """Return what is around a place, without the other lines."""
    first = max(text.rfind("\n", 0, place) + 1, place - _BEFORE)
    end = text.find("\n", place)
    return repr(text[first : min(len(text) if end < 0 else end, place + _AFTER)].strip())


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _BEFORE + _AFTER else f"{text[: _BEFORE + _AFTER]}…")


def _decompress(bodies: Mapping[str, bytes]) -> bytes:
    if "br" in bodies:
        return bytes(brotli.decompress(bodies["br"]))
    return gzip.decompress(bodies["gzip"]) if "gzip" in bodies else b""
