"""Sessions in Redis: one hash of fields each, under a digest of the cookie's id, so that Redis holds no valid cookie.

An id is two characters that choose the hash slot of a cluster, and 32 random bytes. A rotated session keeps its slot,
so that one script can move it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from redis import Redis

from storefront.redis_roles import LuaScript, Role
from storefront.redis_roles.roles import RoleClients
from storefront.sessions.fields import MISSING, MSGPACK, merge_field

TOMBSTONE = 60  # seconds: longer than any request (gunicorn aborts after 15)
TRIES = 100  # of one request to write; each failure means that another request has written

_LUA = Path(__file__).parent / "lua"
_LOAD, _CREATE, _CHANGE, _END = (
    LuaScript(_LUA / f"{name}.lua") for name in ("load", "create", "change", "end")
)
_SLOT = 2
_ID = re.compile(r"[A-Za-z0-9_-]{45}", re.ASCII)

log = logging.getLogger(__name__)


class FieldChange(NamedTuple):
    """A field's encoded value before and after a change; empty if the field does not exist."""

    before: bytes
    after: bytes


class StoredSession(NamedTuple):
    """What Redis has under an id: nothing (`new`), a live session, or the tombstone of an ended one."""

    state: Literal["new", "live", "ended"]
    fields: dict[str, bytes]


class SessionStore:
    """The sessions of one app. All methods but `key` may raise RedisUnavailable.

    Args:
        roles: the Redis clients.
        prefix: of all keys of this app.
        ttl: seconds that an unused session lives.
        max_age: seconds that any session lives at most.
    """

    def __init__(self, roles: RoleClients, prefix: str, *, ttl: int, max_age: int) -> None:
        self._roles = roles
        self._prefix = prefix
        self._ttl = ttl * 1000
        self._max_age = max_age * 1000

    def key(self, sid: str) -> str:
        """Return the key of the session with this id."""
        digest = hashlib.sha256(sid.encode()).hexdigest()
        return f"{{{self._prefix}:session:{sid[:_SLOT]}}}:{digest}"

    def load(self, key: str) -> StoredSession:
        """Return the session under this key. One round trip, which also extends its life if that is due."""
        reply = self._call(lambda redis: _LOAD.run(redis, [key], [self._ttl, self._max_age]))
        fields: dict[bytes, bytes] = dict(zip(reply[::2], reply[1::2], strict=True))
        if b"created" not in fields:
            return StoredSession("ended" if b"ended" in fields else "new", {})
        return StoredSession(
            "live", {name[1:].decode(): fields[name] for name in fields if name.startswith(b":")}
        )

    def create(self, key: str, changes: dict[str, FieldChange]) -> None:
        """Write a new session; the key must belong to an id that was just generated."""
        fields = [part for name, change in changes.items() for part in (f":{name}", change.after)]
        ttl = min(self._ttl, self._max_age)
        self._call(lambda redis: _CREATE.run(redis, [key], [ttl, *fields]), write=True)

    def change(self, key: str, changes: dict[str, FieldChange], move_to: str | None = None) -> bool:
        """Write changed fields; return False if the session has ended or expired, and nothing was written.

        A field that another request has changed since it was read is merged.

        Args:
            key: the session's key.
            changes: the changed fields by name.
            move_to: the key of a new id; the old key keeps a tombstone.
        """
        keys = [key, move_to] if move_to else [key]
        for _ in range(TRIES):
            fields = [part for name, change in changes.items() for part in (f":{name}", *change)]
            reply = self._call(_change_call(keys, [TOMBSTONE * 1000, *fields]), write=True)
            if reply[0] != b"conflict":
                return bool(reply[0] == b"done")
            for name, now in zip(reply[1::2], reply[2::2], strict=True):
                field = name[1:].decode()
                changes = changes | {field: _merge_change(changes[field], now)}
        log.error(
            "fields %s of a session were written by too many requests at once: one change is lost", [*changes]
        )
        return True

    def end(self, key: str) -> None:
        """Replace a session by a tombstone, even on a server that is full."""
        self._call(lambda redis: _END.run(redis, [key], [TOMBSTONE * 1000]))

    def _call(self, do: Callable[[Redis], Any], *, write: bool = False) -> Any:
        return self._roles.call(Role.SESSION, do, write=write)


def new_id(instead_of: str | None = None) -> str:
    """Return a new random id, in the same slot as the one that it replaces."""
    slot = instead_of[:_SLOT] if instead_of else secrets.token_urlsafe(_SLOT)[:_SLOT]
    return slot + secrets.token_urlsafe(32)


def is_valid_id(text: str) -> bool:
    """Return whether the text has the format of an id."""
    return _ID.fullmatch(text) is not None


def _change_call(keys: list[str], arguments: list[str | bytes | int | float]) -> Callable[[Redis], Any]:
    return lambda redis: _CHANGE.run(redis, keys, arguments)


def _merge_change(change: FieldChange, now: bytes) -> FieldChange:
    try:
        base, ours, theirs = (MSGPACK.decode(raw) if raw else MISSING for raw in (*change, now))
    except msgspec.DecodeError:  # something else wrote to this field
        return FieldChange(now, change.after)
    merged = merge_field(base, ours, theirs)
    return FieldChange(now, b"" if merged is MISSING else MSGPACK.encode(merged))
