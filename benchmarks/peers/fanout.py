"""The lower bound for streams: a bare asyncio server that writes messages from Redis to every page of the product."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from urllib.parse import parse_qs

import msgspec
from redis.asyncio import Redis

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
watching: defaultdict[int, set[asyncio.StreamWriter]] = defaultdict(set)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request: a stream, or "ok" for the health check."""
    target = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
    path, _, query = target.partition("?")
    if path != "/stock/stream":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()
        return
    ids = [int(value) for value in parse_qs(query)["product"]]
    writer.write(HEAD + b'event: snapshot\ndata: {"items":[]}\n\n')
    for product_id in ids:
        watching[product_id].add(writer)
    await reader.read()
    for product_id in ids:
        watching[product_id].discard(writer)
    writer.close()


async def main() -> None:
    """Serve until the process ends."""
    await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    heard = Redis.from_url(os.environ["PEER_REDIS"]).pubsub()
    await heard.subscribe("stock:updates")
    async for message in heard.listen():
        if message["type"] == "message":
            told = msgspec.json.decode(message["data"])
            state = {name: told[name] for name in ("product_id", "sku", "band", "version")}
            frame = b"event: stock\ndata: %s\n\n" % msgspec.json.encode(state)
            for writer in watching[told["product_id"]]:
                writer.write(frame)


if __name__ == "__main__":
    asyncio.run(main())
