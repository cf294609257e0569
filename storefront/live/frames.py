"""The bytes of a stream: Server-Sent Events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import msgspec

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def event(name: str, data: Any) -> bytes:
    """Return an event with its data as JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


def retry(minimum: int, maximum: int) -> bytes:
    """Return a `retry` field: the milliseconds until the browser reconnects, random so that not all do at once."""
    return b"retry: %d\n" % random.randint(minimum, maximum)  # noqa: S311


def snapshot(items: Iterable[Any], unknown: Iterable[int], *, live: bool) -> bytes:
    """Return a connection's first event: the items of the topics that it asked for, and the topics without any."""
    return event("snapshot", {"items": list(items), "unknown": list(unknown), "live": live})


def retry_after_break() -> bytes:
    """Return the start of a stream: when to reconnect if the connection breaks."""
    return retry(2000, 5000)


def retry_after_close() -> bytes:
    """Return when to reconnect to a worker that stops, or to another one."""
    return retry(500, 5000)


def last_frame() -> bytes:
    """Return what a stream ends with."""
    return retry_after_close() + b"\n"


def retry_as_polling() -> bytes:
    """Return the start of a stream that ends after its snapshot: the browser polls at this interval instead."""
    return retry(20_000, 40_000)


HEARTBEAT_KEY = "heartbeat"
HEARTBEAT = event("heartbeat", {})
STATUS = {live: event("status", {"live": live}) for live in (True, False)}
