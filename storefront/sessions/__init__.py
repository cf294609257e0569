"""Sessions: `flask.session` in Redis, loaded lazily and written field by field. No page depends on it.

    session["seen"] = ["teapot"]       # one round trip to read, one to write
    sessions.rotate()                  # a new id: at a sign-in, and when the visitor's permissions change
    sessions.end()                     # at a sign-out

A request that does not touch the session sends nothing to Redis. While Redis is unavailable the session is empty,
what is put into it is lost, and the visitor's cookie stays. Values are what msgpack can encode: text, numbers, bytes,
dates, lists and dictionaries (a tuple comes back as a list). Changes inside a value are found at the end of the
request, by comparing.

Parallel requests of one session lose nothing: each writes only the top-level fields that it changed. If two change
the same field, lists keep what both appended, dictionaries are merged key by key, and for other values the last write
wins. What a request writes after another one has rotated or ended the session is dropped, and sets no cookie.
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

# The field with the number that a user's sessions must have to be valid: increasing it signs the user out everywhere.
GENERATION_FIELD = "_generation"


def init_app(app: Flask) -> None:
    """Store the application's sessions in the Redis of the session role."""
    store = SessionStore(
        redis_roles.role_clients.get(app),
        app.config["CACHE_PREFIX"],
        ttl=app.config["SESSION_TTL"],
        max_age=app.config["SESSION_MAX_AGE"],
    )
    app.session_interface = RedisSessionInterface(app, store)


def rotate() -> None:
    """Give the session a new id and keep its content; the old id becomes useless (OWASP: session fixation).

    Call it at a sign-in, and whenever the visitor's permissions change. The session's age is not reset.
    """
    _current().rotate()


def end() -> None:
    """End the session and delete its cookie; what is put into it afterwards is a new session.

    While Redis is unavailable the cookie is deleted too, but the session itself is not: a copy of the cookie is valid
    again when Redis is back. So a session must not be the only proof that somebody is signed in.
    """
    _current().end()


def is_available() -> bool:
    """Return whether what is put into the session now will, as far as is known, be there at the next request."""
    session = _current()
    if session.sid is not None:
        return session.open() is not SessionState.UNAVAILABLE
    return all(role.state == "closed" for role in redis_roles.statuses() if role.role == Role.SESSION)


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
        raise TypeError(f"{current_app.name} does not use our sessions")
    return session
