"""A Flask app that has only the live stream: run as a program, it says what a page is sent."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec
from flask import Flask, Response, request

from storefront import live, redis_roles
from storefront.redis_roles import Role, clients

clients.TIMEOUT = 10.0  # a busy machine may answer later than a page waits, and the message would be lost


@dataclass(frozen=True)
class Score:
    """The score of a match."""

    topic: int
    version: int
    goals: int

    @property
    def key(self) -> str:
        return str(self.topic)

    @property
    def visible(self) -> int:
        return self.goals


class Scores:
    """Where the scores come from."""

    event, role, channel = "score", Role.LIVE, "scores"

    def rule(self) -> object:
        return ""

    def read(self, topics: Collection[int]) -> list[Score]:
        return [Score(topic, 1, 0) for topic in topics]

    def decode(self, message: bytes) -> Score:
        return msgspec.json.decode(message, type=Score)


def create(redis_url: str, instance: Path) -> tuple[Flask, live.Hub]:
    """Return the app and its hub."""
    app = Flask("scores", instance_path=str(instance))
    app.config |= {"REDIS_URL": redis_url, "STREAMS": 100, "STREAMS_PER_ADDRESS": 10}
    redis_roles.init_app(app)
    hub = live.Hub(app, Scores())

    @app.get("/scores/<int:match>")
    def scores(match: int) -> Response:
        return live.stream_response(hub, (match,), address=request.remote_addr or "")

    return app, hub


if __name__ == "__main__":
    app, hub = create(sys.argv[1], Path(sys.argv[2]))
    frames = app.test_client().get("/scores/7", buffered=False).iter_encoded()
    print((said := next(frames)).decode())
    while b'"live":true' not in said:
        said = next(frames)
    with app.app_context():
        message = msgspec.json.encode(Score(7, 2, 1))
        redis_roles.call(Role.LIVE, lambda redis: redis.publish("scores", message), write=True)
    while b'"goals":1' not in next(frames):  # before it, `status` may come
        pass
    others = {name.split(".")[1] for name in sys.modules if name.startswith("storefront.")}
    print("rooms:", *sorted(others))
