"""Which cache entry a URL led to last time, so that the fast path need not route and parse it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from storefront.cache import keys
from storefront.cache.keys import CacheEntry
from storefront.cache.page_renderer import PageAddress

MAX_URLS = 20_000
MAX_LENGTH = 300


class UrlIndexEntry(NamedTuple):
    """The entry of a URL: its key, the name of its kind, and the endpoint whose response it holds."""

    key: str
    kind: str
    endpoint: str


class UrlIndex:
    """URLs (host, path and query as received) that were answered from an entry or stored as one. Bounded."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix  # of the app: pages contain it, so a request below another path gets none
        self._entries: dict[tuple[str, str, str], UrlIndexEntry] = {}
        self._addresses: dict[str, PageAddress] = {}

    def find(self, environ: Mapping[str, Any]) -> UrlIndexEntry | None:
        """Return the entry of a GET or HEAD request's URL; None if it is not known."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("SCRIPT_NAME", "") != self._prefix:
            return None
        if "HTTP_AUTHORIZATION" in environ:  # the answer may differ for a client with a token
            return None
        return self._entries.get(_url(environ))

    def find_address(self, key: str) -> PageAddress | None:
        """Return an address that leads to an entry; None if none is known."""
        return self._addresses.get(key)

    def remember(self, environ: Mapping[str, Any], entry: CacheEntry) -> None:
        """Remember the entry of a request's URL; the oldest URL goes when there are too many."""
        url = _url(environ)
        if sum(map(len, url)) > MAX_LENGTH:
            return
        self._entries[url] = UrlIndexEntry(entry.key, entry.kind.name, keys.endpoint_of(entry))
        if len(self._entries) > MAX_URLS:
            del self._entries[next(iter(self._entries))]
        self._addresses[entry.key] = PageAddress.of_request(environ)
        if len(self._addresses) > MAX_URLS:
            del self._addresses[next(iter(self._addresses))]


def _url(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    # The host is part of it: only hosts that Flask has accepted may be answered.
    return environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
