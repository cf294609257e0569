"""Peer (d): the naive service: FastAPI on uvicorn, get and setex of JSON, a window counted with INCR and EXPIRE."""

from __future__ import annotations

import json
import os
from typing import Any

from fastapi import FastAPI, Request, Response
from redis.asyncio import Redis

redis = Redis.from_url(os.environ["PEER_REDIS"])
app = FastAPI()


@app.get("/products/{slug}")
async def product(slug: str, request: Request, response: Response) -> Any:
    """Answer a product as JSON."""
    window = f"naive:limit:{request.client.host if request.client else ''}"
    count = await redis.incr(window)
    if count == 1:
        await redis.expire(window, 60)
    response.headers["X-RateLimit-Remaining"] = str(max(0, 100_000_000 - count))
    key = f"naive:product:{slug}"
    if (found := await redis.get(key)) is not None:
        return json.loads(found)
    value = {"id": 1, "slug": slug, "title": "Teapot", "description_html": "<p>" + "Round. " * 200 + "</p>"}
    await redis.setex(key, 300, json.dumps(value))
    return value


@app.get("/products")
async def products(request: Request, response: Response) -> Any:
    """Answer a list of 24 products as JSON, of one look-up."""
    return [await product("listed", request, response)] * 24
