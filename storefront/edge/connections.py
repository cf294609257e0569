"""The connections of a worker by client: nobody may take so many that others find no place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storefront.rate_limiting import ClientAddress, ClientCounts

REFUSAL = (
    b"HTTP/1.1 429 TOO MANY REQUESTS\r\nRetry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 51\r\n\r\n"
    b"Too many open connections. Try again in 5 seconds.\n"
)


SITE_FACTOR = 4  # what a /48 of IPv6 gets, in numbers of a single client


class ConnectionLimits:
    """Counts the connections of each client.

    A client gets at most `per_client` places, and at most half of the places that are free. So the fuller the worker
    is, the fewer a client gets, and places are left for others.

    Args:
        places: the connections that the worker serves at a time.
        per_client: the largest number of one client.
        read_address: returns the client of an address, as the rate limits count it.
    """

    def __init__(self, places: int, per_client: int, read_address: Callable[[str], ClientAddress]) -> None:
        self._places, self._per_client, self._read_address = places, per_client, read_address
        self._by_name = ClientCounts()
        self._taken = 0

    def acquire(self, peer: Any) -> bool:
        """Take a place for a connection from this peer; return False if it gets none."""
        client = self._read_address(_host(peer))
        if client.is_known and client.standing != "allowed":
            fair = max((self._places - self._taken) // 2, 1)
            if self._by_name[client.name] >= min(self._per_client, fair):
                return False
            if client.site and self._by_name[client.site] >= min(self._per_client * SITE_FACTOR, fair):
                return False
        self._count(client, 1)
        return True

    def release(self, peer: Any) -> None:
        """Give the place of a closed connection back."""
        self._count(self._read_address(_host(peer)), -1)

    def _count(self, client: ClientAddress, change: int) -> None:
        self._taken += change
        self._by_name.change(client.name, change)


def _host(peer: Any) -> str:
    """Return the address of a peer; empty for a unix socket, whose peer is a proxy."""
    return str(peer[0]) if isinstance(peer, tuple) else ""
