"""Varnish with the module xkey (package varnish-modules) and `deploy/varnish/storefront.vcl`.

The header `xkey-purge` removes pages; `xkey-softpurge` lets Varnish show the old page while it fetches the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storefront.cdn.providers.http_client import connect
from storefront.config.edge_settings import EdgeSettings

# Bytes of tags in one request; Varnish accepts 8 kB in a line (http_req_hdr_len).
_MOST_BYTES = 7000


def purge(settings: EdgeSettings, target: str, tags: Sequence[str], is_soft: bool) -> None:
    """Purge these tags."""
    name = "xkey-softpurge" if is_soft else "xkey-purge"
    with connect(target) as connection:
        for keys in _split(tags):
            connection.request("PURGE", "/", {"X-Purge-Token": settings.token, name: keys})


def _split(tags: Sequence[str]) -> Iterator[str]:
    line = ""
    for tag in tags:
        if line and len(line) + len(tag) >= _MOST_BYTES:
            yield line
            line = ""
        line = f"{line} {tag}" if line else tag
    yield line
