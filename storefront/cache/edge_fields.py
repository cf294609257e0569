"""Response fields that say how long browsers, nginx and an edge (a CDN, or Varnish) may keep a public page.

An edge that receives purges may keep a page for a day. The app says so only in the field that this edge reads and
removes, because no other cache between the app and the browser is purged.
"""

from __future__ import annotations

from dataclasses import dataclass

Fields = list[tuple[str, str]]

# Seconds for which a cache that receives no purges may keep a page.
SHARED_MAX_AGE = 1
# Seconds for which an edge that receives purges may keep a page; also for how long any shared cache may answer with
# an old one while the app is away (RFC 5861, 4).
DAY = 86400
# Seconds for which an edge may keep that a page does not exist: anybody can make up such addresses.
NEGATIVE_MAX_AGE = 60
BROWSER = ("Cache-Control", "public, max-age=0, must-revalidate")
# Bytes of the field with the tags. Varnish accepts lines of 8 kB (http_resp_hdr_len), Fastly and Cloudflare of 16,
# and all fields together have to fit into nginx's buffer of 16 kB (proxy_buffer_size).
_MOST_BYTES = 8000


@dataclass(frozen=True, slots=True)
class EdgeFields:
    """What an edge reads.

    Attributes:
        control: the field for lifetimes that this edge alone reads, and removes; empty if it has none.
        tags: the field with the tags of a page.
        separator: of the tags.
        most_bytes: of the tags, together.
    """

    control: str
    tags: str
    separator: str = " "
    most_bytes: int = _MOST_BYTES

    def format_lifetime(self, seconds: int, *, if_error: int = DAY, nginx_may_store: bool = True) -> Fields:
        """Return the fields that say how long caches may keep a page that is right at this moment.

        `if_error` is for how many seconds more they may answer with it while the app is away. nginx reads no such
        limit, so it must not store a page that becomes wrong at a known moment.
        nginx 1.22 heeds X-Accel-Expires only if it stands before Cache-Control. With an edge nginx stores nothing:
        after a purge, the edge would get nginx's old copy.
        """
        nginx = str(SHARED_MAX_AGE) if nginx_may_store and seconds and not self.control else "0"
        most = seconds if self.control else min(seconds, SHARED_MAX_AGE)
        lifetime = f"max-age={most}, stale-if-error={if_error}"
        return [("X-Accel-Expires", nginx), BROWSER, (self.control or "CDN-Cache-Control", lifetime)]

    def format_tags(self, tags: tuple[str, ...]) -> str | None:
        """Return the value of the field with the tags; None if they do not fit: purges would miss the page."""
        joined = self.separator.join(tags)
        return joined if len(joined) <= self.most_bytes else None


# By the value of STOREFRONT_EDGE. Fastly: "Surrogate-Control", "Surrogate-Key". Cloudflare: "CDN-Cache-Control",
# "Purge cache by cache-tags". Bunny: "Purge Cache", which documents no field for lifetimes that Bunny alone reads.
EDGE_FIELDS = {
    "": EdgeFields("", "Surrogate-Key"),
    "varnish": EdgeFields("Surrogate-Control", "xkey"),
    "fastly": EdgeFields("Surrogate-Control", "Surrogate-Key"),
    "cloudflare": EdgeFields("Cloudflare-CDN-Cache-Control", "Cache-Tag", ","),
    "bunny": EdgeFields("", "CDN-Tag", ",", 1024),
}
