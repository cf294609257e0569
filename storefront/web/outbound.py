"""The guard for HTTP requests to addresses that others choose: webhooks, and pictures named by an imported file.

Such a request must not reach the shop's own network (SSRF, server-side request forgery). The guard looks a host up
once, refuses it if any of its addresses is not public, and connects to an address that it has checked: a name that
resolves differently a moment later (DNS rebinding) gains nothing. Redirects are never followed here. A caller that
follows one calls `connect` for the new URL.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# The only IPv6 addresses that are assigned to the public internet so far (RFC 4291, IANA's address space registry).
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: a gateway translates to the IPv4 address in the last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Not public, but not all versions of Python's `ipaddress` know it: Teredo (RFC 4380), documentation (RFC 9637), IETF
# protocol assignments (RFC 6890), and relays for 6to4 (RFC 7526).
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("2001::/32", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))


class PrivateAddressError(OSError):
    """A host has an address that does not belong to the public internet."""


def is_public(text: str) -> bool:
    """Return whether packets to this IP address can only leave for the public internet.

    An IPv6 address that carries an IPv4 address (IPv4-mapped, NAT64, 6to4) is as public as the latter.
    """
    address = _destination(ipaddress.ip_address(text.partition("%")[0]))
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


def connect(url: str, *, timeout: float, allow_private: bool = False) -> http.client.HTTPConnection:
    """Return a connection to the host of an http or https URL, over TLS if it is https. The caller closes it.

    Args:
        url: the URL of the request that the caller is going to send over the connection.
        timeout: seconds for connecting, and for each later step on the connection.
        allow_private: whether the host may have addresses that are not public.

    Raises:
        PrivateAddressError: one of the host's addresses is not public.
        OSError: the host does not exist, cannot be reached, or has no valid certificate.
        ValueError, http.client.HTTPException: the URL is not valid.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("only http and https addresses can be used")
    context = ssl.create_default_context() if parts.scheme == "https" else None
    # Without a port http.client would take the last part of an IPv6 address for one.
    port = parts.port or (443 if context else 80)
    connection = (
        http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        if context
        else http.client.HTTPConnection(host, port, timeout=timeout)
    )
    connection.auto_open = 0  # http.client would look the host up again if the server closed the connection
    plain = _open_socket(_resolve(host, port, allow_private=allow_private), timeout)
    try:
        connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
    except BaseException:
        plain.close()
        raise
    return connection


def _resolve(host: str, port: int, *, allow_private: bool) -> list[tuple[str, int]]:
    """Return the addresses of a host, all of them checked."""
    found = [
        (str(info[4][0]), int(info[4][1])) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    for address, _ in found:
        if not allow_private and not is_public(address):
            raise PrivateAddressError(f"{host} leads to {address}, which is not a public address")
    return found


def _open_socket(addresses: list[tuple[str, int]], timeout: float) -> socket.socket:
    """Connect to the first address that can be reached; the timeout is for all of them together."""
    deadline, problem = time.monotonic() + timeout, OSError("the host has no address")
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            opened = socket.create_connection(address, timeout=left)
        except OSError as error:
            problem = error
        else:
            opened.settimeout(timeout)
            return opened
    raise problem


def _destination(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
