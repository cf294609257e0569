"""Peer: a Flask generator for each page with a queue of its own, one subscription for all; greenlets or threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from queue import SimpleQueue

import msgspec
from flask import Flask, Response
from redis import Redis

app = Flask(__name__)
queues: set[SimpleQueue[bytes]] = set()
begun = threading.Lock()


def listen() -> None:
    """Put what Redis publishes into every queue."""
    heard = Redis.from_url(os.environ["PEER_REDIS"]).pubsub()
    heard.subscribe("stock:updates")
    for message in heard.listen():
        if message["type"] == "message":
            told = msgspec.json.decode(message["data"])
            frame = b"event: stock\ndata: %s\n\n" % msgspec.json.encode(
                {"sku": told["sku"], "band": told["band"]}
            )
            for queue in tuple(queues):
                queue.put(frame)


@app.get("/stock/stream")
def stream() -> Response:
    """Open a stream."""
    if begun.acquire(blocking=False):
        threading.Thread(target=listen, daemon=True).start()

    def frames() -> Iterator[bytes]:
        own: SimpleQueue[bytes] = SimpleQueue()
        queues.add(own)
        try:
            yield b'event: snapshot\ndata: {"items":[]}\n\n'
            while True:
                yield own.get()
        finally:
            queues.discard(own)

    return Response(frames(), content_type="text/event-stream")


@app.get("/healthz")
def health() -> str:
    """Answer the health check."""
    return "ok"
