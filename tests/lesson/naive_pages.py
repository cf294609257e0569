"""Cached pages as most people write them first: SET without an expiry, and SCAN and DELETE when many are wrong."""

from __future__ import annotations

from redis import Redis


def keep_page(redis: Redis, page: int, html: str) -> None:
    redis.set(f"page:{page}", html)


def clear_pages(redis: Redis) -> None:
    for key in redis.scan_iter("page:*"):
        redis.delete(key)
