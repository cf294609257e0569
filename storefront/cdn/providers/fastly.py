"""Fastly: `POST /service/ID/purge` with up to 256 surrogate keys (Fastly API, "Purging").

Pages carry the keys in `Surrogate-Key`. The token needs the scope `purge_select`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from storefront.cdn.providers.http_client import connect
from storefront.config.edge_settings import EdgeSettings

MOST_TAGS = 256


def purge(settings: EdgeSettings, target: str, tags: Sequence[str], is_soft: bool) -> None:
    """Purge these tags."""
    headers = {
        "Fastly-Key": settings.token,
        "Accept": "application/json",
        "Content-Type": "application/json",
        **({"Fastly-Soft-Purge": "1"} if is_soft else {}),
    }
    body = msgspec.json.encode({"surrogate_keys": list(tags)})
    with connect(target) as connection:
        connection.request("POST", f"/service/{settings.service}/purge", headers, body)
