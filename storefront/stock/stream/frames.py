"""What goes over the wire: Server-Sent Events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from storefront.stock.queries import Band

HEAD = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


@dataclass(frozen=True, slots=True)
class State:
    """What a browser may know of a variant."""

    product_id: int
    sku: str
    band: Band
    left: int | None
    version: int


def event(name: str, data: Any) -> bytes:
    """Return an event with its data as JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


def retry(least: int, most: int) -> bytes:
    """Return the field that says after how many milliseconds to come back: at random, so not all at once."""
    return b"retry: %d\n" % random.randint(least, most)  # noqa: S311


def stock(state: State) -> bytes:
    """Return the event of a change."""
    return event("stock", state)


def snapshot(states: Iterable[State], unknown: Iterable[int], *, live: bool) -> bytes:
    """Return the first event of a connection: everything that it asked for, as of now."""
    return event("snapshot", {"items": list(states), "unknown": list(unknown), "live": live})


def begin() -> bytes:
    """Return what a stream begins with: when to come back if it breaks without a word."""
    return retry(2000, 5000)


def soon() -> bytes:
    """Return what is said by a worker that is about to end: come back, each at another moment."""
    return retry(500, 5000)


def farewell() -> bytes:
    """Return the last thing a stream says."""
    return soon() + b"\n"


def later() -> bytes:
    """Return what a stream begins with that will not last: the page asks now and then instead."""
    return retry(20_000, 40_000)


HEARTBEAT_KEY = "heartbeat"
HEARTBEAT = event("heartbeat", {})
LIVE = {live: event("status", {"live": live}) for live in (True, False)}
