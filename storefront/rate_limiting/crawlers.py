"""Verification of crawlers: an address's name is in the search engine's domain, and that name has this address.

Google, Bing and Apple describe this way to verify their crawlers. Names are looked up in the background; until the
result is known, a crawler has the same budget as everybody.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable

from storefront.periodic import PeriodicTask

DOMAINS = {
    "googlebot": (".googlebot.com", ".google.com"),
    "bingbot": (".search.msn.com",),
    "applebot": (".applebot.apple.com",),
    "yandexbot": (".yandex.com", ".yandex.net", ".yandex.ru"),
    "baiduspider": (".baidu.com", ".baidu.jp"),
    "seznambot": (".seznam.cz",),
    "petalbot": (".petalsearch.com", ".aspiegel.com"),
}
VERIFIED_TTL = 86400.0  # seconds
UNVERIFIED_TTL = 3600.0  # seconds
MAX_REMEMBERED = 5000  # addresses
MAX_QUEUED = 100  # addresses

_CLAIM = re.compile("|".join(DOMAINS), re.I)
log = logging.getLogger(__name__)

Reverse = Callable[[str], str]
Forward = Callable[[str], list[str]]


class CrawlerVerifier:
    """Knows which addresses belong to the crawlers that they claim to be.

    Args:
        reverse: returns the name of an address; raises OSError.
        forward: returns the addresses of a name; raises OSError.
    """

    def __init__(self, reverse: Reverse | None = None, forward: Forward | None = None) -> None:
        self._reverse = reverse or _reverse
        self._forward = forward or _forward
        self._results: dict[tuple[str, str], tuple[bool, float]] = {}
        self._queue: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()
        self._look_ups = PeriodicTask("crawler-names", self._look_up_next, 0.0, idle_runs=1)

    def is_verified(self, ip: str, agent: str) -> bool:
        """Return whether this address was verified as the crawler that its User-Agent names. Never blocks."""
        claim = _CLAIM.search(agent[:500])
        if claim is None:
            return False
        key = (claim[0].lower(), ip)
        verified, until = self._results.get(key, (False, 0.0))
        if time.monotonic() >= until:
            self._enqueue(key)
        return verified

    def verify(self, engine: str, ip: str) -> bool:
        """Look an address up in both directions; return whether it belongs to the search engine."""
        try:
            name = self._reverse(ip).rstrip(".").lower()
            return name.endswith(DOMAINS[engine]) and ip in self._forward(name)
        except (OSError, ValueError):  # ValueError: anybody can give an address a name that is not valid
            return False

    def _enqueue(self, key: tuple[str, str]) -> None:
        with self._lock:
            if len(self._queue) < MAX_QUEUED:
                self._queue[key] = None
        self._look_ups.start()

    def _look_up_next(self) -> bool:
        """Look up the claim that has waited longest; return whether more are waiting."""
        with self._lock:
            if not self._queue:
                return False
            key = next(iter(self._queue))
        verified = False
        try:
            verified = self.verify(*key)
        finally:
            with self._lock:
                self._results[key] = (
                    verified,
                    time.monotonic() + (VERIFIED_TTL if verified else UNVERIFIED_TTL),
                )
                self._queue.pop(key, None)
                while len(self._results) > MAX_REMEMBERED:
                    del self._results[next(iter(self._results))]
        log.info("%s at %s is %s", key[0], key[1], "verified" if verified else "not what it says")
        return bool(self._queue)


def _reverse(ip: str) -> str:
    return socket.gethostbyaddr(ip)[0]


def _forward(name: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None)]
