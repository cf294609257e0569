"""Sessions: `flask.session` kept in Redis, lazily opened, written field by field, never needed for anything.

    session["seen"] = ["teapot"]       # one round trip to read, one to write
    sessions.rotate()                  # another id: at a sign-in and when what one may do changes
    sessions.end()                     # at a sign-out

A request that does not touch the session asks Redis nothing. While Redis is away the session is empty and nothing of
it is kept, and the visitor's cookie stays. What is put in is text, numbers, bytes, dates, lists and dictionaries, as
msgpack knows them (a tuple comes back as a list); changes inside a value are found by comparing, at the end.

Requests of one session at the same time lose nothing: each writes only the top-level fields that it changed. If two
change the same field, lists keep what both appended, dictionaries are merged key by key, and of anything else the
last write stays. What a request writes after another has rotated or ended its session is dropped, and sets no cookie.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app
from flask.globals import request_ctx

from storefront import redis_roles
from storefront.redis_roles import Role
from storefront.sessions.interface import RedisSessionInterface
from storefront.sessions.session import Session, SessionState
from storefront.sessions.store import SessionStore

__all__ = ["GENERATION_FIELD", "Session", "add_validator", "end", "init_app", "is_available", "rotate"]

# The field for the number that a user's sessions have to carry to be valid: raising it signs out everywhere.
GENERATION_FIELD = "_generation"


def init_app(app: Flask) -> None:
    """Keep the application's sessions in the Redis of the session role."""
    kept = SessionStore(
        app.extensions["redis_roles"],
        app.config["CACHE_PREFIX"],
        ttl=app.config["SESSION_TTL"],
        max_age=app.config["SESSION_MAX_AGE"],
    )
    app.session_interface = RedisSessionInterface(app, kept)


def rotate() -> None:
    """Keep what the session holds under another id; who knew the old one knows nothing (OWASP: session fixation).

    At a sign-in, and whenever what its owner may do changes. Its age goes on counting from when it was begun.
    """
    _current().rotate()


def end() -> None:
    """End the session and take its cookie away; what is put into it afterwards is a new session.

    While Redis is away the cookie goes all the same, but who has copied it finds the session when Redis is back.
    So a session must not be the only thing that says who is signed in.
    """
    _current().end()


def is_available() -> bool:
    """Return whether what is put into the session now will be there at the next request, as far as is known."""
    session = _current()
    if session.sid is not None:
        return session.open() is not SessionState.UNAVAILABLE
    return all(role.state == "closed" for role in redis_roles.states() if role.role == Role.SESSION)


def add_validator(app: Flask, is_valid: Callable[[Session], bool]) -> None:
    """Register a function that decides whether a loaded session is still valid. If not, the session ends.

    Args:
        app: the application.
        is_valid: called once in a request that touches a session with content; returns False to end it. It may, for
            example, compare `session[GENERATION_FIELD]` with the user's. An exception that it raises reaches the
            code that touched the session; the session then is empty in this request, and unchanged in Redis.
    """
    interface = app.session_interface
    assert isinstance(interface, RedisSessionInterface)  # noqa: S101  # init_app ran before
    interface.validators.append(is_valid)


def _current() -> Session:
    session = request_ctx.session
    if not isinstance(session, Session):
        raise TypeError(f"{current_app.name} keeps its sessions elsewhere")
    return session
