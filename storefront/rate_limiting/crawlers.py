"""Crawlers that are who they say: their address's name is under the engine's domain, and that name has this address.

The way that Google, Bing and Apple describe to verify their crawlers. Names are looked up in the background: until it
is known, a crawler has the budget of everybody.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable

from storefront.periodic import PeriodicTask

SUFFIXES = {
    "googlebot": (".googlebot.com", ".google.com"),
    "bingbot": (".search.msn.com",),
    "applebot": (".applebot.apple.com",),
    "yandexbot": (".yandex.com", ".yandex.net", ".yandex.ru"),
    "baiduspider": (".baidu.com", ".baidu.jp"),
    "seznambot": (".seznam.cz",),
    "petalbot": (".petalsearch.com", ".aspiegel.com"),
}
KEPT = 86400.0  # seconds that a verified address stays so
KEPT_NOT = 3600.0
MOST = 5000  # addresses that are remembered
MOST_WAITING = 100

_CLAIM = re.compile("|".join(SUFFIXES), re.I)
log = logging.getLogger(__name__)

Reverse = Callable[[str], str]
Forward = Callable[[str], list[str]]


class Crawlers:
    """Which addresses are good crawlers'.

    Args:
        reverse: returns the name of an address; raises OSError.
        forward: returns the addresses of a name; raises OSError.
    """

    def __init__(self, reverse: Reverse | None = None, forward: Forward | None = None) -> None:
        self._reverse = reverse or _reverse
        self._forward = forward or _forward
        self._known: dict[tuple[str, str], tuple[bool, float]] = {}
        self._waiting: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()
        self._look_ups = PeriodicTask("crawler-names", self._look_up_next, 0.0, idle_runs=1)

    def good(self, ip: str, agent: str) -> bool:
        """Return whether this address is known to be the crawler that its User-Agent names; waits for nothing."""
        claim = _CLAIM.search(agent[:500])
        if claim is None:
            return False
        key = (claim[0].lower(), ip)
        verified, until = self._known.get(key, (False, 0.0))
        if time.monotonic() >= until:
            self._look_up_later(key)
        return verified

    def verify(self, engine: str, ip: str) -> bool:
        """Look an address up, both ways."""
        try:
            name = self._reverse(ip).rstrip(".").lower()
            return name.endswith(SUFFIXES[engine]) and ip in self._forward(name)
        except (OSError, ValueError):  # ValueError: anybody can give an address a name that is not valid
            return False

    def _look_up_later(self, key: tuple[str, str]) -> None:
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[key] = None
        self._look_ups.start()

    def _look_up_next(self) -> bool:
        """Look up the claim that has waited longest; return whether more are waiting."""
        with self._lock:
            if not self._waiting:
                return False
            key = next(iter(self._waiting))
        verified = False
        try:
            verified = self.verify(*key)
        finally:
            with self._lock:
                self._known[key] = (verified, time.monotonic() + (KEPT if verified else KEPT_NOT))
                self._waiting.pop(key, None)
                while len(self._known) > MOST:
                    del self._known[next(iter(self._known))]
        log.info("%s at %s is %s", key[0], key[1], "verified" if verified else "not what it says")
        return bool(self._waiting)


def _reverse(ip: str) -> str:
    return socket.gethostbyaddr(ip)[0]


def _forward(name: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None)]
