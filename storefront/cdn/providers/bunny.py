"""Bunny: `POST /pullzone/ID/purgeCache` with one tag (Bunny, "Purge Cache").

Pages carry the tags in `CDN-Tag`, of which Bunny reads 1,024 bytes. The token is the account's API key. There is no
soft purge.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from storefront.cdn.providers.http_client import connect
from storefront.config.edge_settings import EdgeSettings

# Each costs a request, and Bunny allows 20 at once and one more every two seconds.
MOST_TAGS = 20


def purge(settings: EdgeSettings, target: str, tags: Sequence[str], _is_soft: bool) -> None:
    """Purge these tags, one after the other."""
    headers = {"AccessKey": settings.token, "Content-Type": "application/json"}
    with connect(target) as connection:
        for tag in tags:
            body = msgspec.json.encode({"CacheTag": tag})
            connection.request("POST", f"/pullzone/{settings.service}/purgeCache", headers, body)
