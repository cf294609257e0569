"""A cache as most people write it first: get, load, setex; and DELETE beside a write."""

from __future__ import annotations

from sqlite3 import Connection

from redis import Redis


def load_price(database: Connection, product: int) -> int | None:
    row = database.execute("SELECT price FROM product WHERE id = ?", (product,)).fetchone()
    return row[0] if row else None


def read_price(redis: Redis, database: Connection, product: int) -> int | None:
    cached = redis.get(f"price:{product}")
    if cached is not None:
        return int(cached)
    price = load_price(database, product)
    if price is not None:
        redis.set(f"price:{product}", price, ex=3600)  # SETEX
    return price


def change_price(redis: Redis, database: Connection, product: int, price: int) -> None:
    with database:  # commits at its end
        database.execute("UPDATE product SET price = ? WHERE id = ?", (price, product))
    redis.delete(f"price:{product}")


def change_price_early(redis: Redis, database: Connection, product: int, price: int) -> None:
    with database:
        database.execute("UPDATE product SET price = ? WHERE id = ?", (price, product))
        redis.delete(f"price:{product}")
