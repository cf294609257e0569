"""The guard for HTTP requests to addresses that others choose: webhooks, and pictures named by an imported file.

Such a request must not reach the shop's own network (SSRF, server-side request forgery). The guard looks a host up
once, refuses it if any of its addresses is not public, and connects to an address that it has checked: a name that
resolves differently a moment later (DNS rebinding) gains nothing. Redirects are never followed here. A caller that
follows one calls `connect` for the new URL.

A time limit is for everything on a connection together. A time-out of the socket would begin again with each byte, so
a timer shuts the connection down: whatever waits for it then ends.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# The only IPv6 addresses that are assigned to the public internet so far (RFC 4291, IANA's address space registry).
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: a gateway translates to the IPv4 address in the last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Not public, but not all versions of Python's `ipaddress` know it: Teredo (RFC 4380), documentation (RFC 9637), IETF
# protocol assignments (RFC 6890), and relays for 6to4 (RFC 7526).
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("2001::/32", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))
# Names that are looked up at the same time: a look-up cannot be interrupted, only left behind.
_LOOK_UPS = threading.BoundedSemaphore(50)


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


@contextmanager
def connect(url: str, *, timeout: float, allow_private: bool = False) -> Iterator[http.client.HTTPConnection]:
    """Connect to the host of an http or https URL, over TLS if it is https; the connection is closed at the end.

    Args:
        url: the URL of the request that the caller is going to send over the connection.
        timeout: seconds for everything: the look-up of the name, connecting, and all that is sent and received.
        allow_private: whether the host may have addresses that are not public.

    Raises:
        PrivateAddressError: one of the host's addresses is not public.
        TimeoutError: it took longer. Also raised if the caller's block ended because the connection was shut down.
        OSError: the host does not exist, cannot be reached, or has no valid certificate.
        ValueError, http.client.HTTPException: the URL is not valid.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("only http and https addresses can be used")
    context = ssl.create_default_context() if parts.scheme == "https" else None
    until = time.monotonic() + timeout
    # Without a port http.client would take the last part of an IPv6 address for one.
    port = parts.port or (443 if context else 80)
    connection = (
        http.client.HTTPSConnection(host, port, context=context)
        if context
        else http.client.HTTPConnection(host, port)
    )
    connection.auto_open = 0  # http.client would look the host up again if the server closed the connection
    plain = _open_socket(_resolve(host, port, until, allow_private=allow_private), until)
    with _shut_down_at(until, plain, f"it took longer than {timeout:g} s"):
        try:
            connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
            yield connection
        finally:
            connection.close()
            plain.close()


@contextmanager
def _shut_down_at(until: float, connected: socket.socket, sentence: str) -> Iterator[None]:
    """Shut the connection down at this time; raises TimeoutError with the sentence at the end if that happened."""
    watched = connected.dup()  # TLS takes the other one over
    expired = threading.Event()

    def shut_down() -> None:
        expired.set()
        with suppress(OSError):  # closed by the other side
            watched.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if expired.is_set():
            raise TimeoutError(sentence) from error
        raise
    finally:
        timer.cancel()
        timer.join()
        watched.close()
    if expired.is_set():
        raise TimeoutError(sentence)


def _resolve(host: str, port: int, until: float, *, allow_private: bool) -> list[tuple[str, int]]:
    """Return the addresses of a host, all of them checked."""
    found = [(str(info[4][0]), int(info[4][1])) for info in _look_up(host, port, until)]
    for address, _ in found:
        if not allow_private and not is_public(address):
            raise PrivateAddressError(f"{host} leads to {address}, which is not a public address")
    return found


def _look_up(host: str, port: int, until: float) -> list[Any]:
    """Return what `getaddrinfo` does, or stop waiting for it."""
    if not _LOOK_UPS.acquire(timeout=max(0.0, until - time.monotonic())):
        raise TimeoutError("too many names are being looked up")
    results: list[list[Any]] = []
    errors: list[Exception] = []

    def look_up() -> None:
        try:
            results.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  # raised again by the thread that waits
            errors.append(error)
        finally:
            _LOOK_UPS.release()

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"the name {host} was not found in time")
    return results[0]


def _open_socket(addresses: list[tuple[str, int]], until: float) -> socket.socket:
    """Connect to the first address that can be reached; the time is for all of them together."""
    problem = OSError("the host has no address")
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time was over before a connection was made") from problem
        try:
            opened = socket.create_connection(address, timeout=left)
        except OSError as error:
            problem = error
        else:
            opened.settimeout(None)  # a timer ends what takes too long
            return opened
    raise problem


def _destination(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
