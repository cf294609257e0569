"""Addresses of Redis, parsed from URLs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from redis.connection import SSLConnection, UnixDomainSocketConnection

from storefront.errors import ConfigurationError

AddressKind = Literal["one", "sentinel", "cluster"]
Host = tuple[str, int]

# By scheme: the kind, the form, and the options after the "?". redis-py knows more options, such as its time-outs,
# but a URL must not change those.
_SCHEMES: dict[str, tuple[AddressKind, str, set[str]]] = {
    "redis": ("one", "redis://user:password@host:port/db", {"client_name"}),
    "rediss": (
        "one",
        "rediss://user:password@host:port/db",
        {"client_name", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs"},
    ),
    "unix": ("one", "unix://user:password@/path/to/socket?db=0", {"client_name", "db"}),
    "redis+sentinel": (
        "sentinel",
        "redis+sentinel://user:password@host:port,host:port/service/db",
        {"client_name", "sentinel_username", "sentinel_password"},
    ),
    "redis+cluster": ("cluster", "redis+cluster://user:password@host:port,host:port", {"client_name"}),
}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """The address of one server, of the sentinels that know it, or of some nodes of a cluster.

    Attributes:
        kind: which of the three.
        options: arguments of redis-py's connections: host and port (of one server), username, password, db …
        hosts: the sentinels or nodes.
        service: the sentinels' name for the server.
        sentinel_options: username and password of the sentinels themselves.
    """

    kind: AddressKind
    options: dict[str, Any]
    hosts: tuple[Host, ...] = ()
    service: str = ""
    sentinel_options: dict[str, Any] = field(default_factory=dict)


def parse_url(name: str, url: str) -> RedisAddress:
    """Parse a URL.

    Args:
        name: the setting that holds it, for errors.
        url: never repeated in an error, since it may contain a password anywhere.

    Raises:
        ConfigurationError: it is invalid; the text names the setting and says what is wrong.
    """
    scheme, found, rest = url.partition("://")
    if not found or scheme not in _SCHEMES:
        known = ", ".join(f"{known}://" for known in _SCHEMES)
        raise ConfigurationError(f"{name} must begin with one of {known}.")
    _, form, _ = _SCHEMES[scheme]
    try:
        return _parse(scheme, rest)
    except ValueError as error:
        raise ConfigurationError(
            f"{name}: {error} The form is {form}; in the user and the password, "
            "write : / ? # [ ] @ and % percent-encoded."
        ) from None


def _parse(scheme: str, rest: str) -> RedisAddress:
    kind, _, known = _SCHEMES[scheme]
    rest, _, query = rest.partition("?")
    extra = dict(parse_qsl(query, keep_blank_values=True))
    if not extra.keys() <= known:
        raise ValueError(f"after the ? it may set {', '.join(sorted(known))}, and nothing else.")
    if scheme == "unix":
        return _unix(rest, extra)

    credentials, at, places = rest.rpartition("@")
    options = _credentials(credentials, at)
    places, _, path = places.partition("/")
    service = ""
    if kind == "sentinel":
        service, _, path = path.partition("/")
        if not service:
            raise ValueError("it names no service.")
    elif kind == "cluster" and path not in ("", "0"):
        raise ValueError("a cluster has no database but 0.")
    sentinel = {
        key: extra.pop(f"sentinel_{key}") for key in ("username", "password") if f"sentinel_{key}" in extra
    }
    options |= _db(path) | extra
    hosts = tuple(_host(place, 26379 if kind == "sentinel" else 6379) for place in places.split(","))
    if kind != "one":
        return RedisAddress(kind, options, hosts, unquote(service), sentinel)
    if len(hosts) > 1:
        raise ValueError("it names more than one host.")
    if scheme == "rediss":
        options["connection_class"] = SSLConnection
    return RedisAddress(kind, options | {"host": hosts[0][0], "port": hosts[0][1]})


def _unix(rest: str, extra: dict[str, str]) -> RedisAddress:
    credentials, at, path = ("", "", rest[1:]) if rest.startswith("/") else rest.partition("@/")
    if not path:
        raise ValueError("it names no path that begins with /.")
    options = _credentials(credentials, at) | _db(extra.pop("db", "")) | extra
    return RedisAddress(
        "one", options | {"path": f"/{unquote(path)}", "connection_class": UnixDomainSocketConnection}
    )


def _credentials(text: str, at: str) -> dict[str, Any]:
    if "/" in text:
        raise ValueError("there is a / before the @.")
    user, _, password = text.partition(":")
    found = {"username": unquote(user), "password": unquote(password)}
    if at and not any(found.values()):
        raise ValueError("there is an @, but neither a user nor a password before it.")
    return {name: value for name, value in found.items() if value}


def _host(text: str, port_if_none: int) -> Host:
    if text.startswith("["):  # IPv6
        host, closed, port = text[1:].partition("]")
        if not closed or port[:1] not in ("", ":"):
            raise ValueError("an IPv6 address is written [address]:port.")
        port = port[1:]
    else:
        host, _, port = text.partition(":")
    try:
        host.encode("idna")
    except UnicodeError:
        host = ""
    if not host or any(character.isspace() for character in host):
        raise ValueError("a host is missing, or no name of one.")
    if port and not (_is_number(port) and 0 < int(port) < 65536):
        raise ValueError("a port is no number from 1 to 65535.")
    return host, int(port or port_if_none)


def _db(text: str) -> dict[str, Any]:
    if text and not _is_number(text):
        raise ValueError("its database is no number.")
    return {"db": int(text)} if text else {}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
