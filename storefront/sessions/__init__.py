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
from storefront.sessions.interface import Interface
from storefront.sessions.session import Session, State
from storefront.sessions.store import Store

__all__ = ["GENERATION", "Session", "available", "end", "init_app", "rotate", "validate"]

# The field for the number that a user's sessions have to carry to be valid: raising it signs out everywhere.
GENERATION = "_generation"


def init_app(app: Flask) -> None:
    """Keep the application's sessions in the Redis of the session role."""
    kept = Store(
        app.extensions["redis_roles"],
        app.config["CACHE_PREFIX"],
        ttl=app.config["SESSION_TTL"],
        max_age=app.config["SESSION_MAX_AGE"],
    )
    app.session_interface = Interface(app, kept)


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


def available() -> bool:
    """Return whether what is put into the session now will be there at the next request, as far as is known."""
    session = _current()
    if session.sid is not None:
        return session.open() is not State.AWAY
    return all(role.state == "closed" for role in redis_roles.states() if role.role == Role.SESSION)


def validate(app: Flask, valid: Callable[[Session], bool]) -> None:
    """Name who decides whether a session that was found still holds; if not, it ends, and the visitor is a new one.

    Args:
        app: the application.
        valid: given a session that holds something, returns False to end it; compares `session[GENERATION]` with the
            user's, for one. Asked once in a request that touches its session. What it raises goes to whoever touched
            the session, which then is empty and stays as it is.
    """
    interface = app.session_interface
    assert isinstance(interface, Interface)  # noqa: S101  # init_app was before
    interface.validators.append(valid)


def _current() -> Session:
    session = request_ctx.session
    if not isinstance(session, Session):
        raise TypeError(f"{current_app.name} keeps its sessions elsewhere")
    return session
