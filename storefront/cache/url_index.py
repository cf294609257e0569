"""Which entry an address led to the last time it was asked for, so that it need not be routed and parsed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from storefront.cache import keys
from storefront.cache.keys import CacheEntry

MAX_URLS = 20_000
MAX_LENGTH = 300


class IndexedEntry(NamedTuple):
    """What an address led to: an entry's key, the name of its kind, the endpoint whose response it is."""

    key: str
    kind: str
    endpoint: str


class UrlIndex:
    """Raw addresses (host, path, query) that were answered from, or stored as, an entry. Bounded."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], IndexedEntry] = {}

    def find(self, environ: Mapping[str, Any]) -> IndexedEntry | None:
        """Return what is known of a GET or HEAD request's address, if anything is."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("SCRIPT_NAME"):
            return None
        if "HTTP_AUTHORIZATION" in environ:  # whoever has a token is not everybody
            return None
        return self._entries.get(_url(environ))

    def remember(self, environ: Mapping[str, Any], entry: CacheEntry) -> None:
        """Remember where an address led; the oldest goes when there are too many."""
        address = _url(environ)
        if sum(map(len, address)) > MAX_LENGTH:
            return
        self._entries[address] = IndexedEntry(entry.key, entry.kind.name, keys.endpoint_of(entry))
        if len(self._entries) > MAX_URLS:
            del self._entries[next(iter(self._entries))]


def _url(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    # The host is part of it because Flask has refused those that the shop does not answer to.
    return environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
