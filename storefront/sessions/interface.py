"""The session interface: Flask-Session's, but it loads lazily and writes only changed fields."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from flask import Flask, Request, Response, request
from flask_session.base import ServerSideSessionInterface  # type: ignore[import-untyped]

from storefront.redis_roles import RedisUnavailable
from storefront.sessions import store
from storefront.sessions.fields import MSGPACK
from storefront.sessions.session import Session, SessionState, Validator
from storefront.sessions.store import SessionStore, StoredSession
from storefront.web import cookies

SESSION_COOKIE = "session"
# The key in the WSGI environment: the id that came under the name of an earlier version.
_FORMER_KEY = "storefront.sessions.former"


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

    def open_session(self, app: Flask, request: Request) -> Session:
        """Return the request's session. Nothing is loaded yet."""
        secure = self._always_secure or request.is_secure
        sid = cookies.read(app, request.environ, SESSION_COOKIE)
        former = "" if sid else cookies.read_former(app, request.environ, SESSION_COOKIE)
        request.environ[_FORMER_KEY] = former
        return Session(
            sid if store.is_valid_id(sid) else former if store.is_valid_id(former) else None,
            secure=secure,
            load=self._load,
            validators=self.validators,
        )

    def save_session(self, app: Flask, session: Session, response: Response) -> None:
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
        environ = request.environ
        name, flags = cookies.name_of(app, environ, SESSION_COOKIE), cookies.attributes(app, environ)
        flags["httponly"] = True
        former = environ.get(_FORMER_KEY)
        if former and session.sid == former and session.state is SessionState.LIVE:
            sid = sid or former  # from now on under the present name
        if sid:
            response.set_cookie(name, sid, **flags)  # a browser-session cookie: Redis holds the expiry
        elif session.ended:
            response.delete_cookie(name, **flags)
            if session.ended == former:
                cookies.delete_former(app, environ, SESSION_COOKIE, response)

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
