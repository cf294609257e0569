"""The session interface: Flask-Session's, but it loads lazily and writes only changed fields."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response
from flask_session.base import ServerSideSessionInterface  # type: ignore[import-untyped]

from storefront.redis_roles import RedisUnavailable
from storefront.sessions import store
from storefront.sessions.fields import MSGPACK
from storefront.sessions.session import Session, SessionState, Validator
from storefront.sessions.store import SessionStore, StoredSession

TLS_NAME, NAME = "__Host-session", "session"


class RedisSessionInterface(ServerSideSessionInterface):  # type: ignore[misc]  # Flask-Session is not typed
    """Opens and saves the sessions of an application.

    Attributes:
        validators: called with each loaded session; if one returns False, the session ends.
    """

    session_class = Session

    def __init__(self, app: Flask, sessions: SessionStore) -> None:
        super().__init__(app, key_prefix="", sid_length=32, serialization_format="msgpack")
        self.serializer = MSGPACK
        self.validators: list[Validator] = []
        self._store = sessions
        self._always_secure = app.config["ENV"] == "production"

    def open_session(self, app: Flask, request: Request) -> Session:  # noqa: ARG002  # as Flask calls it
        """Return the request's session. Nothing is loaded yet."""
        secure = self._always_secure or request.is_secure
        sid = request.cookies.get(TLS_NAME if secure else NAME, "")
        return Session(
            sid if store.is_valid_id(sid) else None,
            secure=secure,
            load=self._load,
            validators=self.validators,
        )

    def save_session(self, app: Flask, session: Session, response: Response) -> None:  # noqa: ARG002
        """Write the changed fields, and set the cookie if the id is new. Never raises RedisUnavailable."""
        if not session.accessed:
            return
        response.vary.add("Cookie")
        sid = None
        if session.ended:
            with suppress(RedisUnavailable):
                self._delete_session(self._get_store_id(session.ended))
        with suppress(RedisUnavailable):
            sid = self._write(session)
        flags: dict[str, Any] = {"secure": session.secure, "httponly": True, "samesite": "Lax", "path": "/"}
        name = TLS_NAME if session.secure else NAME
        if sid:
            response.set_cookie(name, sid, **flags)  # a browser-session cookie: Redis holds the expiry
        elif session.ended:
            response.delete_cookie(name, **flags)

    def regenerate(self, session: Session) -> None:
        """Give the session a new id (Flask-Session's name for `rotate`)."""
        session.rotate()

    def _write(self, session: Session) -> str | None:
        """Write the changed fields; return the session's id if it is new, else None."""
        if session.state is SessionState.NEW or (session.state is SessionState.ENDED and session.rotating):
            if not (changes := session.changes()):
                return None
            sid = store.new_id()
            self._store.create(self._get_store_id(sid), changes)
            return sid
        if session.state is not SessionState.LIVE or session.sid is None:
            return None
        key = self._get_store_id(session.sid)
        if session.rotating:
            sid = store.new_id(session.sid)
            return sid if self._store.change(key, session.changes(), self._get_store_id(sid)) else None
        self._upsert_session(self.app.permanent_session_lifetime, session, key)
        return None

    def _get_store_id(self, sid: str) -> str:
        return self._store.key(sid)

    def _retrieve_session_data(self, store_id: str) -> StoredSession:
        return self._store.load(store_id)

    def _upsert_session(self, _lifetime: timedelta, session: Session, store_id: str) -> None:
        if changes := session.changes():
            self._store.change(store_id, changes)

    def _delete_session(self, store_id: str) -> None:
        self._store.end(store_id)

    def _load(self, sid: str) -> StoredSession:
        return self._retrieve_session_data(self._get_store_id(sid))
