"""The same tasks with the rooms of this shop, used as docs/use-in-your-app.md shows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, Response, request, session
from sqlalchemy import text

from storefront import cache, live, outbox, periodic, rate_limiting, redis_roles, sessions
from storefront.config import Settings
from storefront.extensions import db, write_transaction
from storefront.redis_roles import Role
from storefront.web import cookies

PRICE = cache.EntryKind("price", ttl=3600)


def load_price(product: int) -> int | None:
    return db.session.scalar(text("SELECT price FROM product WHERE id = :id"), {"id": product})


@cache.cached(PRICE, int | None)
def read_price(product: int) -> int | None:
    cache.depends_on(f"price:{product}")
    return load_price(product)


def change_price(product: int, price: int) -> None:
    with write_transaction() as transaction:
        values = {"id": product, "price": price}
        transaction.execute(text("REPLACE INTO product (id, price) VALUES (:id, :price)"), values)
        cache.invalidate_on_commit(transaction, f"price:{product}")


@cache.cached(PRICE, str)
def read_page(page: int) -> str:
    cache.depends_on("pages")
    return f"page {page}: {load_price(1)}"


def change_pages(price: int) -> None:
    with write_transaction() as transaction:
        transaction.execute(text("UPDATE product SET price = :price"), {"price": price})
        cache.invalidate_on_commit(transaction, "pages")


class Score(msgspec.Struct):
    """The score of a match."""

    topic: int
    version: int
    goals: int

    key = property(lambda self: str(self.topic))
    visible = property(lambda self: self.goals)


class Scores:
    """Where the scores come from: what a match has now, and what a message says."""

    event, role = "score", Role.LIVE

    def __init__(self, app: Flask) -> None:
        self.app, self.channel = app, app.config["CACHE_PREFIX"] + ":scores"

    def rule(self) -> object:
        return ""

    def read(self, topics: Collection[int]) -> list[Score]:
        query = text("SELECT match, version, goals FROM score WHERE match = :match")
        with self.app.app_context():
            found = [db.session.execute(query, {"match": topic}).one() for topic in topics]
        return [Score(*row) for row in found]

    def decode(self, message: bytes) -> Score:
        return msgspec.json.decode(message, type=Score)


def score(match: int) -> None:
    query = "UPDATE score SET goals = goals + 1, version = version + 1 WHERE match = :match RETURNING *"
    with write_transaction() as transaction:
        row = transaction.execute(text(query), {"match": match}).one()
        outbox.enqueue(transaction, "score", {"topic": match, "version": row.version, "goals": row.goals})


def create_app(folder: Path, redis_url: str, prefix: str = "", **settings: str) -> Flask:
    """Return a worker; those with the same folder and prefix belong together."""
    environ = {
        "STOREFRONT_ENV": "testing",
        "SECRET_KEY": "only for the lesson",
        "DATABASE_URL": f"sqlite:///{folder / 'lesson.sqlite'}",
        "REDIS_URL": redis_url,
        "STOREFRONT_CACHE_PREFIX": prefix or f"lesson-{uuid.uuid4().hex}",
        **settings,
    }
    app = Flask("lesson")
    app.config |= Settings.from_environ(environ, folder).to_flask()
    app.config["LIMITS"] = True
    cookies.init_app(app)
    for room in (db, periodic, redis_roles, outbox, cache, sessions):
        room.init_app(app)
    limit = rate_limiting.create_policy("translate", "100/hour", by="address")
    rate_limiting.init_app(app, policies=[limit])
    with app.app_context(), db.engine.begin() as connection:
        outbox.OutboxMessage.metadata.create_all(connection, [outbox.OutboxMessage.__table__])
    add_views(app)
    add_stream(app)
    return app


def add_views(app: Flask) -> None:
    @app.get("/translate")
    @rate_limiting.limit("translate")
    def translate() -> str:
        return "Guten Tag"

    @app.post("/basket/<item>")
    def add(item: str) -> list[str]:
        session["basket"] = [*session.get("basket", []), item]
        return session["basket"]

    @app.post("/sign-in/<name>")
    def sign_in(name: str) -> str:
        sessions.rotate()
        session["name"] = name
        return name

    @app.post("/sign-out")
    def sign_out() -> str:
        sessions.end()
        return "signed out"

    @app.get("/")
    def show() -> Mapping[str, Any]:
        return dict(session)


def add_stream(app: Flask) -> None:
    source = Scores(app)
    hub = live.Hub(app, source)

    def publish(payloads: list[Any]) -> None:
        for payload in payloads:
            message = msgspec.json.encode(payload)
            redis_roles.call(source.role, lambda redis, m=message: redis.publish(source.channel, m))

    outbox.subscribe(app, "score", publish)

    @app.get("/scores/<matches>")
    def scores(matches: str) -> Response:
        return live.stream_response(hub, tuple(map(int, matches.split(","))), address=request.remote_addr)
