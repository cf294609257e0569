"""Publishes stock events: from the outbox, after the commit, to the Redis channel `stock:updates`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, current_app

from storefront import outbox, redis_roles
from storefront.redis_roles import LuaScript, Role
from storefront.stock.ledger import TOPIC

_PUBLISH = LuaScript(Path(__file__).parent / "lua" / "publish.lua")
VERSION_TTL = 24 * 3600  # seconds that Redis keeps a variant's last published version


def init_app(app: Flask) -> None:
    """Subscribe to the stock events of the outbox."""
    outbox.subscribe(app, TOPIC, publish_events)


def channel_and_prefix(app: Flask) -> tuple[str, str]:
    """Return the channel's name and the prefix of keys. A shop with another CACHE_PREFIX has that before both."""
    prefix = app.config["CACHE_PREFIX"]
    own = "" if prefix == "shop" else f"{prefix}:"
    return f"{own}stock:updates", f"{own}stock:"


def publish_events(events: list[dict[str, Any]]) -> None:
    """Publish events, except those that are not newer than the variant's last published version.

    Raises:
        RedisUnavailable: the outbox delivers the events again later.
    """
    channel, prefix = channel_and_prefix(current_app)
    for event in events:
        message = msgspec.json.encode(event)
        arguments = [event["version"], message, channel, VERSION_TTL]
        publish = partial(_PUBLISH.run, keys=[f"{prefix}{event['sku']}"], args=arguments)
        redis_roles.call(Role.LIVE, publish, write=True)
