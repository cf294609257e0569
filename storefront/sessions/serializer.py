"""The encoding of session values: msgpack, by msgspec. No other format is ever read."""

from __future__ import annotations

from typing import Any

import msgspec
from flask_session.base import Serializer  # type: ignore[import-untyped]


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
