"""Purges of the edge: a CDN or Varnish in front of the shop keeps pages for a day, and drops them by tag.

Each commit that invalidates tags leaves rows in `edge_purge` (`purge_queue`), and workers send them to the edge of
STOREFRONT_EDGE (`providers`). docs/caching.md says how old a page can be for whom.
"""

from storefront.cdn.sender import count_results, init_app
from storefront.cdn.status import EdgeStatus, probe_edge, read_status

__all__ = ["EdgeStatus", "count_results", "init_app", "probe_edge", "read_status"]
