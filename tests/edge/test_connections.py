"""How many connections a client gets: fewer, the fuller the worker is."""

from __future__ import annotations

from ipaddress import ip_network

from storefront.edge.connections import ConnectionLimits
from storefront.rate_limiting.identity import ClientAddressReader


def make_limits(places: int, per_client: int) -> ConnectionLimits:
    reader = ClientAddressReader(allowed=[ip_network("192.0.2.9/32")])
    return ConnectionLimits(places, per_client, lambda text: reader.read_environ({"REMOTE_ADDR": text}))


def count(limits: ConnectionLimits, *addresses: str) -> int:
    """Return how many connections the addresses get, each in its turn, until none gets another."""
    got = 0
    while new := sum(limits.acquire((address, 50_000)) for address in addresses):
        got += new
        if got > 10_000:
            break
    return got


def test_one_client_leaves_places_to_others() -> None:
    limits = make_limits(100, 1000)
    assert count(limits, "198.51.100.7") == 33, "as many as it leaves half of the rest free"
    assert count(limits, "198.51.100.8") > 20
    assert limits.acquire(("198.51.100.9", 50_000))


def test_a_client_and_its_network_have_a_greatest_number() -> None:
    limits = make_limits(10_000, 10)
    assert count(limits, "198.51.100.7") == 10
    assert count(limits, "2001:db8:1:1::1", "2001:db8:1:1::2") == 10, "IPv6 counts by its /64"
    assert count(limits, *(f"2001:db8:1:{n:x}::1" for n in range(2, 50))) == 30, "and by its /48"


def test_a_closed_connection_gives_its_place_back() -> None:
    limits = make_limits(10_000, 1)
    for _ in range(3):
        assert limits.acquire(("198.51.100.7", 50_000))
        assert not limits.acquire(("198.51.100.7", 50_001))
        limits.release(("198.51.100.7", 50_000))
