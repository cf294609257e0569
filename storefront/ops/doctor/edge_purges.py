"""Checks of the edge: whether it accepts purges, and whether purges wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import current_app

from storefront import cdn
from storefront.cache.edge_fields import SHARED_MAX_AGE
from storefront.ops.doctor.finding import Finding, ok, warn, wrong

LATE = 10.0  # seconds for which a purge has waited; normally less than one
_MENDS = {
    "varnish": "Check that Varnish runs, that STOREFRONT_EDGE_URL names it, that the acl `purgers` of its VCL has "
    "this host, and that its token file holds STOREFRONT_EDGE_TOKEN.",
    "fastly": "Check STOREFRONT_EDGE_SERVICE, and that STOREFRONT_EDGE_TOKEN has the scope purge_select.",
    "cloudflare": "Check STOREFRONT_EDGE_SERVICE, and that STOREFRONT_EDGE_TOKEN has the permission Cache Purge.",
    "bunny": "Check STOREFRONT_EDGE_SERVICE, and that STOREFRONT_EDGE_TOKEN is the account's API key.",
}


def check() -> Iterator[Finding]:
    """Send each edge a purge of nothing, and look at what waits for it."""
    settings = current_app.config["EDGE"]
    if settings is None:
        yield ok("edge", f"STOREFRONT_EDGE is not set: caches in front keep a page for {SHARED_MAX_AGE} s.")
        return
    for target, error in cdn.probe_edge():
        if error:
            yield wrong("edge", f"{error} {_MENDS[settings.name]} Until then pages there may be a day old.")
        else:
            yield ok("edge", f"{target} accepts purges.")
    for status in cdn.read_status():
        if status.waiting and status.oldest >= LATE:
            last = f" The last error: {status.error}" if status.error else ""
            yield warn(
                "edge",
                f"{status.waiting} purges wait for {status.target}, the oldest for {status.oldest:,.0f} s.{last} "
                "Any serving process sends them as soon as the edge accepts them.",
            )
