"""Cloudflare: `POST /zones/ID/purge_cache` with up to 100 tags ("Purge cache by cache-tags").

Pages carry the tags in `Cache-Tag`. The token needs the permission Zone, Cache Purge. There is no soft purge.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from storefront.cdn.providers.http_client import EdgeError, connect
from storefront.config.edge_settings import EdgeSettings

MOST_TAGS = 100


class _Answer(msgspec.Struct):
    success: bool


def purge(settings: EdgeSettings, target: str, tags: Sequence[str], _is_soft: bool) -> None:
    """Purge these tags."""
    headers = {"Authorization": f"Bearer {settings.token}", "Content-Type": "application/json"}
    body = msgspec.json.encode({"tags": list(tags)})
    with connect(target) as connection:
        content = connection.request("POST", f"/zones/{settings.service}/purge_cache", headers, body)
    try:
        succeeded = msgspec.json.decode(content, type=_Answer).success
    except msgspec.MsgspecError:
        succeeded = False
    if not succeeded:
        raise EdgeError("Cloudflare did not confirm the purge.")
