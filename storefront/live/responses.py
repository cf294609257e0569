"""The response that begins a stream."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, request

from storefront.live import frames
from storefront.live.hub import Hub
from storefront.live.wsgi_stream import WsgiStream

# The key in the WSGI environment under which a view leaves a StreamRequest for `SocketTakeover`.
STREAM_REQUEST = "storefront.stream"


class StreamRequest(NamedTuple):
    """A stream that the view has granted."""

    hub: Hub
    address: str
    topics: tuple[int, ...]


def stream_response(hub: Hub, topics: tuple[int, ...]) -> Response:
    """Return a response that begins with a snapshot of these topics and goes on with every visible change.

    Beyond a cap it is the snapshot and a `retry` only, with status 200: EventSource gives up for ever on any other
    status, so it polls instead.
    """
    hub.start()
    address = request.remote_addr or ""
    if (retry := hub.refusal(address)) is not None:
        return Response(retry + hub.snapshot(topics), headers=frames.HEADERS)
    request.environ[STREAM_REQUEST] = StreamRequest(hub, address, topics)
    # Never `stream_with_context`: an open page must hold neither a request nor a database connection.
    return Response(iter(WsgiStream(hub, address, topics)), headers=frames.HEADERS)
