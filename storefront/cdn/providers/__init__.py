"""The edges that the shop can purge, one module each: what all have in common, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storefront.cdn.providers import bunny, cloudflare, fastly, varnish
from storefront.cdn.providers.http_client import EdgeError
from storefront.config.edge_settings import BUNNY, CLOUDFLARE, FASTLY, VARNISH, EdgeSettings

__all__ = ["Edge", "EdgeError", "make_edge"]

# Sends a purge: settings, target, tags, whether it is soft. Raises EdgeError.
Purge = Callable[[EdgeSettings, str, Sequence[str], bool], None]

# Seconds after which an answer that was under way at a purge has reached the edge, or never will: nginx and Varnish
# wait 15 s for the shop (proxy_read_timeout, first_byte_timeout), longer than any page takes to build.
LONGEST_ANSWER = 16.0
# A worker that lost its subscription answers its own copies for at most 1.5 s.
LATE_INVALIDATION = 2.0


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge that can be purged.

    Attributes:
        settings: of the shop.
        send: sends one purge.
        can_soften: whether the edge can keep the old page while it fetches the new one.
        most_tags: in one row of the queue: what the edge accepts in one request, or receives in few.
        repeats: seconds until each repetition of a purge. An answer that left a worker before the purge can enter the
            edge after it, and would stay for a day; nobody else would drop it.
    """

    settings: EdgeSettings
    send: Purge
    can_soften: bool
    most_tags: int
    repeats: tuple[float, ...] = (LATE_INVALIDATION, LONGEST_ANSWER)

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the addresses that each purge is sent to."""
        return self.settings.urls

    def purge(self, target: str, tags: Sequence[str], *, is_soft: bool) -> None:
        """Have one target drop the pages with these tags.

        Raises:
            EdgeError: it did not confirm that.
        """
        self.send(self.settings, target, tags, is_soft and self.can_soften)


def make_edge(settings: EdgeSettings) -> Edge:
    """Return the configured edge."""
    return {
        # On the same network a purge can be quicker than the invalidation of another worker's own copy, 50 ms.
        VARNISH: Edge(settings, varnish.purge, True, 500, (0.15, LATE_INVALIDATION, LONGEST_ANSWER)),
        FASTLY: Edge(settings, fastly.purge, True, fastly.MOST_TAGS),
        CLOUDFLARE: Edge(settings, cloudflare.purge, False, cloudflare.MOST_TAGS),
        BUNNY: Edge(settings, bunny.purge, False, bunny.MOST_TAGS),
    }[settings.name]
