"""`flask.session`: a mapping that is loaded from Redis at the first access, and knows which fields have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import msgspec
from flask import has_request_context
from flask.sessions import SessionMixin

from storefront.redis_roles import RedisUnavailable
from storefront.sessions.fields import MSGPACK
from storefront.sessions.store import FieldChange, StoredSession

Validator = Callable[["Session"], bool]


class SessionState(Enum):
    """What is known of a request's session."""

    UNOPENED = "unopened"
    NEW = "new"  # Redis has none, or none that can be read
    LIVE = "live"
    ENDED = "ended"  # a moment ago by another request, which may have replaced the cookie
    UNAVAILABLE = "unavailable"  # Redis does not answer: nothing is read or written


class Session(SessionMixin):
    """One request's session.

    Deliberately not a dict: C code such as json reads a dict's storage before it is loaded.

    Attributes:
        sid: the id from the request's cookie; None without one.
        secure: whether the cookie is the one for TLS.
        state: what is known of the session.
        accessed: whether the request touched the session (Flask sets this too).
        modified: whether a field was set or deleted; changes inside values are found at the end of the request.
        ended: the id of a session that the response must end.
        rotating: whether the response must give the session a new id.
    """

    modified = False

    def __init__(
        self,
        sid: str | None,
        *,
        secure: bool,
        load: Callable[[str], StoredSession],
        validators: list[Validator],
    ) -> None:
        self.sid = sid
        self.secure = secure
        self.state = SessionState.UNOPENED
        self.ended: str | None = None
        self.rotating = False
        self._load = load
        self._validators = validators
        self._stored: dict[str, bytes] = {}
        self._values: dict[str, Any] = {}

    def open(self) -> SessionState:
        """Load the session unless that is done; return its state. Never raises RedisUnavailable."""
        if self.state is SessionState.UNOPENED:
            self.accessed = True
            self.state = SessionState.NEW
            if self.sid is not None:
                self._load_fields(self.sid)
        return self.state

    def rotate(self) -> None:
        """Give the session a new id at the end of the request."""
        self.open()
        self.rotating = True

    def end(self) -> None:
        """Empty the session, and end it in Redis at the end of the request. New fields then make a new session."""
        self.accessed = True
        self.ended, self.sid = self.ended or self.sid, None
        self.state, self.rotating = SessionState.NEW, False
        self._stored, self._values = {}, {}

    def changes(self) -> dict[str, FieldChange]:
        """Return the fields that differ from what was loaded, by name."""
        now = {name: MSGPACK.encode(value) for name, value in self._values.items()}
        before = self._stored
        changed = {
            name: FieldChange(before.get(name, b""), raw)
            for name, raw in now.items()
            if raw != before.get(name)
        }
        return changed | {name: FieldChange(raw, b"") for name, raw in before.items() if name not in now}

    def _load_fields(self, sid: str) -> None:
        try:
            stored = self._load(sid)
            self.state = SessionState(stored.state)
            self._values = {name: MSGPACK.decode(raw) for name, raw in stored.fields.items()}
        except RedisUnavailable:
            self.state = SessionState.UNAVAILABLE
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.state = SessionState.NEW
        else:
            self._stored = stored.fields
            self._validate()

    def _validate(self) -> None:
        if not self._stored or not has_request_context():  # a test client's session_transaction has none
            return
        try:
            valid = all(is_valid(self) for is_valid in self._validators)
        except BaseException:
            self.state, self._stored, self._values = SessionState.UNAVAILABLE, {}, {}
            raise
        if not valid:
            self.end()

    @property
    def _data(self) -> dict[str, Any]:
        self.open()
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"the session's keys are text, not {key!r}")
        self._data[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._data[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<Session {self.state.value}>"  # without its content, since it may be logged
