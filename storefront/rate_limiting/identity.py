"""The client of a request: its address (IPv6 by its /64, and by its /48), or the id of a sign-in or token.

The address is `REMOTE_ADDR`. Behind proxies, ProxyFix has replaced it by then, by `TRUSTED_PROXIES` hops of
X-Forwarded-For; no header is read here.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal

from storefront.errors import ConfigurationError

Network = IPv4Network | IPv6Network
Standing = Literal["limited", "allowed", "denied"]
Identifier = Callable[[Mapping[str, Any]], str | None]

UNKNOWN_ADDRESS = "nowhere"  # all requests without a valid address share this budget
_MAX_REMEMBERED = 20_000
_MAX_LENGTH = 64
_SANE = re.compile(r"[A-Za-z0-9._:/@+-]{1,64}")
_V4_PORT = re.compile(r"([0-9.]{7,15}):[0-9]*")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """The address of a request.

    Attributes:
        name: "192.0.2.7", "2001:db8::/64" or UNKNOWN_ADDRESS; requests with the same name share a budget.
        ip: the complete address; None if it is unknown.
        standing: whether its network is limited, allowed without limits, or denied.
        site: "2001:db8:1::/48", the network of one customer that contains 65,536 names; None for IPv4.
    """

    name: str
    ip: str | None
    standing: Standing
    site: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the address could be read."""
        return self.ip is not None


class ClientCounts:
    """How many of something each client has, and each /48 of IPv6 in all; what has none takes no memory."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def __getitem__(self, name: str) -> int:
        """Return the count of a client's name, or of a /48."""
        return self._counts[name]

    def change(self, name: str, change: int) -> None:
        """Add to (or subtract from) the counts of a client and of its /48."""
        for one in filter(None, (name, site_of(name))):
            self._counts[one] += change
            if not self._counts[one]:
                del self._counts[one]


class ClientAddressReader:
    """Reads clients' addresses, and remembers a bounded number of results.

    Args:
        allowed: networks that are not limited.
        denied: networks that are not served. If both contain an address, the narrower network decides.
    """

    def __init__(self, allowed: Iterable[Network] = (), denied: Iterable[Network] = ()) -> None:
        self._lists: list[tuple[Network, Standing]] = [
            *((network, "denied") for network in denied),
            *((network, "allowed") for network in allowed),
        ]
        self._known: dict[str, ClientAddress] = {}
        self._warned = False

    def read_environ(self, environ: Mapping[str, Any]) -> ClientAddress:
        """Return the address of a request."""
        text = environ.get("REMOTE_ADDR") or ""
        found = self._known.get(text)
        if found is None:
            found = self._read(text)
            if len(text) <= _MAX_LENGTH:
                self._known[text] = found
                if len(self._known) > _MAX_REMEMBERED:
                    del self._known[next(iter(self._known))]
        return found

    def _read(self, text: str) -> ClientAddress:
        address = parse_address(text)
        if address is None:
            if not self._warned:
                self._warned = True
                log.warning(
                    "Requests come without a client's address (%.60r) and share one budget. Behind a proxy or a "
                    "unix socket, set TRUSTED_PROXIES to the number of proxies.",
                    text,
                )
            return ClientAddress(UNKNOWN_ADDRESS, None, "limited")
        name = str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))
        standing: Standing = "limited"
        longest = -1
        for network, what in self._lists:
            if address in network and network.prefixlen > longest:
                standing, longest = what, network.prefixlen
        return ClientAddress(name, str(address), standing, site_of(name))


@lru_cache(maxsize=_MAX_REMEMBERED)
def site_of(name: str) -> str | None:
    """Return the /48 of a client's name; None if the name is no /64 of IPv6."""
    return str(ip_network(name).supernet(new_prefix=48)) if name.endswith("/64") else None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address as servers and proxies write it (with a port, a zone, or IPv4 in IPv6); None if invalid."""
    text = text.strip()
    if len(text) > _MAX_LENGTH:
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


def parse_networks(setting: str, items: Iterable[str]) -> list[Network]:
    """Return the networks of a setting.

    Raises:
        ConfigurationError: one is not a valid address or network.
    """
    try:
        return [ip_network(item, strict=False) for item in items]
    except ValueError as error:
        raise ConfigurationError(
            f"{setting}: {error}. Name addresses and networks, as 192.0.2.7,2001:db8::/32."
        ) from error


def client_key(text: str) -> str:
    """Return a client's name for use in a Redis key: the text itself if it is short and plain, else its digest."""
    if _SANE.fullmatch(text):
        return text
    return "#" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
