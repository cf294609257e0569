"""The settings of the edge: a cache in front of the shop that keeps pages for long and receives purges by tag."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from storefront.config.reader import Source, choice, pattern, switch, words
from storefront.errors import ConfigurationError

VARNISH, FASTLY, CLOUDFLARE, BUNNY = "varnish", "fastly", "cloudflare", "bunny"
# Where the API of each provider is; a test may name a server of this machine instead.
_APIS = {
    FASTLY: "https://api.fastly.com",
    CLOUDFLARE: "https://api.cloudflare.com/client/v4",
    BUNNY: "https://api.bunny.net",
}
_SERVICES = {FASTLY: "service", CLOUDFLARE: "zone", BUNNY: "pull zone"}
_TOKEN = "is not a token; use 16 to 200 letters, digits and signs."  # noqa: S105  # the sentence about a wrong one


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """The edge that pages are purged from.

    Attributes:
        name: varnish, fastly, cloudflare or bunny.
        urls: where purges are sent: of each Varnish, or of the provider's API.
        service: the id of the service, zone or pull zone at the provider; empty for Varnish.
        token: proves that the shop may purge.
    """

    name: str
    urls: tuple[str, ...]
    service: str
    token: str = field(repr=False)


def read_edge(source: Source, name: str, url: str, service: str, token: str) -> EdgeSettings | None:
    """Return the edge of the shop; None if it has none.

    Raises:
        ConfigurationError: a value is missing or wrong. The message never contains the token.
    """
    edge = str(choice("", VARNISH, FASTLY, CLOUDFLARE, BUNNY)(source, name))
    if not edge:
        for other in (url, service, token):
            if source.get(other):
                raise ConfigurationError(
                    f"{other} is set and {name} is not; set {name} to varnish, fastly, cloudflare or bunny."
                )
        return None
    if not switch(default=True)(source, "STOREFRONT_CACHE"):
        raise ConfigurationError(
            f"{name} is {edge!r} and STOREFRONT_CACHE is off: only cached pages carry tags. Unset one."
        )
    secret = str(pattern("[!-~]{16,200}", _TOKEN)(source, token))
    if not secret:
        raise ConfigurationError(
            f"{token} is not set: without it {edge} accepts no purge. docs/caching.md says which it is."
        )
    if edge == VARNISH:
        if source.get(service):
            raise ConfigurationError(f"{service} is set, and Varnish has no service; unset it.")
        return EdgeSettings(edge, _read_varnish(source, url), "", secret)
    wanted = f"is not the id of a {_SERVICES[edge]}; use its letters, digits, dashes and underscores alone."
    number = str(pattern("[A-Za-z0-9_-]{1,64}", wanted)(source, service))
    if not number:
        raise ConfigurationError(
            f"{service} is not set: name the {_SERVICES[edge]} at {edge} that serves this shop."
        )
    loopback = "is for tests alone: write it as http://127.0.0.1:12111, or unset it."
    api = str(pattern(r"http://127\.0\.0\.1:[0-9]{1,5}", loopback, default="")(source, url)) or _APIS[edge]
    return EdgeSettings(edge, (api,), number, secret)


def _read_varnish(source: Source, name: str) -> tuple[str, ...]:
    urls = tuple(dict.fromkeys(words(source, name)))
    if not urls:
        raise ConfigurationError(
            f"{name} is not set: name each Varnish, separated by commas: http://127.0.0.1:6081"
        )
    for url in urls:
        if not re.fullmatch(r"https?://[^\s/@?#]{1,200}/?", url) or not _has_port(url):
            raise ConfigurationError(f"{name} holds {url!r}; write each Varnish as http://127.0.0.1:6081.")
    return tuple(url.rstrip("/") for url in urls)


def _has_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
