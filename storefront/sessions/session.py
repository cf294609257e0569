"""What `flask.session` is: a mapping that asks Redis when it is first looked at, and knows what has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import msgspec
from flask import has_request_context
from flask.sessions import SessionMixin

from storefront.redis_roles import RedisUnavailable
from storefront.sessions.serializer import MSGPACK
from storefront.sessions.store import FieldChange, StoredSession

Validator = Callable[["Session"], bool]


class SessionState(Enum):
    """What is known of the session that a request brings."""

    UNOPENED = "unopened"
    NEW = "new"  # there is none, or none that can be read
    LIVE = "live"
    ENDED = "ended"  # a moment ago, by another request: its cookie may have been replaced meanwhile
    UNAVAILABLE = "away"  # nobody knows: it stays as it is


class Session(SessionMixin):
    """One request's session. It is no dict of Flask-Session's, since code in C looks into those without asking.

    Attributes:
        sid: the id that the request brings; None without one.
        secure: whether its cookie is the one for TLS.
        state: what is known of it.
        accessed: whether anybody touched it (Flask sets this too).
        modified: whether anything was put into it or taken out; changes inside its values are found at the end.
        ended: the id that the response has to end.
        rotating: whether the response has to give it another id.
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
        """Load it unless that is done; return what is known of it. Never raises RedisUnavailable."""
        if self.state is SessionState.UNOPENED:
            self.accessed = True
            self.state = SessionState.NEW
            if self.sid is not None:
                self._load_fields(self.sid)
        return self.state

    def rotate(self) -> None:
        """Keep what it holds, under another id."""
        self.open()
        self.rotating = True

    def end(self) -> None:
        """Empty it, and end it in Redis; what is put into it afterwards is another session."""
        self.accessed = True
        self.ended, self.sid = self.ended or self.sid, None
        self.state, self.rotating = SessionState.NEW, False
        self._stored, self._values = {}, {}

    def changes(self) -> dict[str, FieldChange]:
        """Return which fields are not what they were."""
        now = {name: MSGPACK.encode(value) for name, value in self._values.items()}
        held = self._stored
        changed = {
            name: FieldChange(held.get(name, b""), raw) for name, raw in now.items() if raw != held.get(name)
        }
        return changed | {name: FieldChange(raw, b"") for name, raw in held.items() if name not in now}

    def _load_fields(self, sid: str) -> None:
        try:
            found = self._load(sid)
            self.state = SessionState(found.state)
            self._values = {name: MSGPACK.decode(raw) for name, raw in found.fields.items()}
        except RedisUnavailable:
            self.state = SessionState.UNAVAILABLE
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.state = SessionState.NEW
        else:
            self._stored = found.fields
            self._validate()

    def _validate(self) -> None:
        if not self._stored or not has_request_context():  # as in a test client's session_transaction
            return
        try:
            valid = all(valid(self) for valid in self._validators)
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
        return f"<Session {self.state.value}>"  # no content: this may be logged
