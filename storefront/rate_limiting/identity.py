"""Who is asking: an address, IPv6 by its /64; and whoever a room says it is, by a sign-in or a token.

The address is what the layers before say (`REMOTE_ADDR`): behind proxies, `TRUSTED_PROXIES` hops of X-Forwarded-For
are believed before this is asked, and no header is read here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal

from storefront.errors import ConfigurationError

Network = IPv4Network | IPv6Network
Standing = Literal["limited", "allowed", "denied"]
Identify = Callable[[Mapping[str, Any]], str | None]

NOWHERE = "nowhere"  # all requests without an address that can be read share one budget
_MOST = 20_000
_LONGEST = 64
_SANE = re.compile(r"[A-Za-z0-9._:/@+-]{1,64}")
_V4_PORT = re.compile(r"([0-9.]{7,15}):[0-9]*")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Where a request comes from."""

    name: str  # "192.0.2.7", "2001:db8::/64" or NOWHERE
    ip: str | None
    standing: Standing


class Places:
    """What is known of addresses; bounded.

    Args:
        allowed: networks that are not limited.
        denied: networks that are not served. Where both name an address, the narrower network counts.
    """

    def __init__(self, allowed: Iterable[Network] = (), denied: Iterable[Network] = ()) -> None:
        self._lists: list[tuple[Network, Standing]] = [
            *((network, "denied") for network in denied),
            *((network, "allowed") for network in allowed),
        ]
        self._known: dict[str, ClientAddress] = {}
        self._warned = False

    def of(self, environ: Mapping[str, Any]) -> ClientAddress:
        """Return where a request comes from."""
        text = environ.get("REMOTE_ADDR") or ""
        found = self._known.get(text)
        if found is None:
            found = self._place(text)
            if len(text) <= _LONGEST:
                self._known[text] = found
                if len(self._known) > _MOST:
                    del self._known[next(iter(self._known))]
        return found

    def _place(self, text: str) -> ClientAddress:
        address = read(text)
        if address is None:
            if not self._warned:
                self._warned = True
                log.warning(
                    "Requests come without a client's address (%.60r) and share one budget. Behind a proxy or a "
                    "unix socket, set TRUSTED_PROXIES to the number of proxies.",
                    text,
                )
            return ClientAddress(NOWHERE, None, "limited")
        name = str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))
        standing: Standing = "limited"
        longest = -1
        for network, what in self._lists:
            if address in network and network.prefixlen > longest:
                standing, longest = what, network.prefixlen
        return ClientAddress(name, str(address), standing)


def read(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address as servers and proxies write it (with a port, a zone, or IPv4 in IPv6), or None."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif found := _V4_PORT.fullmatch(text):
        text = found[1]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def networks(setting: str, items: Iterable[str]) -> list[Network]:
    """Return the networks that a setting names.

    Raises:
        ConfigurationError: one cannot be read.
    """
    try:
        return [ip_network(item, strict=False) for item in items]
    except ValueError as error:
        raise ConfigurationError(
            f"{setting}: {error}. Name addresses and networks, as 192.0.2.7,2001:db8::/32."
        ) from error


def key(text: str) -> str:
    """Return what names a client in a key: the text itself if it is short and plain, else its digest."""
    if _SANE.fullmatch(text):
        return text
    return "#" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
