"""Session fields: their encoding (msgpack, nothing else is ever read), and the merge of two changes to one field."""

from __future__ import annotations

from typing import Any

import msgspec
from flask_session.base import Serializer  # type: ignore[import-untyped]


class MissingField:
    """The type of MISSING, which stands for a field or a key that does not exist."""


MISSING = MissingField()


def merge_field(base: Any, ours: Any, theirs: Any) -> Any:
    """Return the field's value after both changes. Arguments and result may be MISSING.

    A list keeps what either request appended, and loses what either removed from its start. Dictionaries are merged
    key by key. For other values this request wins, since it writes last.

    Args:
        base: the value that both requests read.
        ours: the value that this request wants to write.
        theirs: the value that the other request has written.
    """
    if _is_same(ours, base):
        return theirs
    if _is_same(theirs, base):
        return ours
    sides = (base, ours, theirs)
    for kind, merge in ((list, _merge_lists), (dict, _merge_dictionaries)):
        if all(side is MISSING or isinstance(side, kind) for side in sides):
            merged = merge(*(kind() if side is MISSING else side for side in sides))
            return MISSING if ours is MISSING and not merged else merged
    return ours


def _merge_lists(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    if _is_same(ours[: len(base)], base):
        return theirs + ours[len(base) :]
    removed = len(base) - len(ours)
    if removed > 0 and _is_same(base[removed:], ours) and _is_same(theirs[: len(base)], base):
        return theirs[removed:]
    return ours


def _merge_dictionaries(base: dict[Any, Any], ours: dict[Any, Any], theirs: dict[Any, Any]) -> dict[Any, Any]:
    merged = {
        key: merge_field(base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING))
        for key in {**theirs, **ours}
    }
    return {key: value for key, value in merged.items() if value is not MISSING}


def _is_same(one: Any, other: Any) -> bool:
    """Return whether both have the same encoding; `==` would not do, since 1 == True."""
    if one is MISSING or other is MISSING:
        return one is other
    return MSGPACK.encode(one) == MSGPACK.encode(other)


class MsgpackSerializer(Serializer):  # type: ignore[misc]  # Flask-Session is not typed
    """Replaces Flask-Session's serializer, which passes unreadable data to pickle."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder()

    def encode(self, session: Any) -> bytes:
        """Return a value made of strings, numbers, bytes, dates, lists and dictionaries as bytes, never empty.

        Raises:
            TypeError: the value contains something else.
        """
        return self._encoder.encode(session)

    def decode(self, serialized_data: bytes) -> Any:
        """Return the decoded value.

        Raises:
            msgspec.DecodeError: the data is not msgpack, or is nested deeper than anything that we write.
        """
        try:
            return self._decoder.decode(serialized_data)
        except RecursionError as error:
            raise msgspec.DecodeError("nested too deep") from error


MSGPACK = MsgpackSerializer()
