"""Live updates: one hub in each process receives what changed and sends it to every open page that shows it.

A *topic* is a number that a page subscribes to. It has *items*, each with a key and a version that only grows. This
room knows nothing of what the items mean: a room above gives the hub a `Source`, which reads items from the database
and decodes messages from Redis.
"""

from __future__ import annotations

from storefront.live.hub import Hub, close_streams
from storefront.live.states import ItemState, Source
from storefront.live.wsgi_stream import add_path, stream_response

__all__ = ["Hub", "ItemState", "Source", "add_path", "close_streams", "stream_response"]
