"""How a value is written: msgpack by msgspec, and nothing else is ever read."""

from __future__ import annotations

from typing import Any

import msgspec
from flask_session.base import Serializer  # type: ignore[import-untyped]


class MsgpackSerializer(Serializer):  # type: ignore[misc]  # Flask-Session is not typed
    """Takes the place of Flask-Session's serializer, which hands to pickle what it cannot read."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder()

    def encode(self, session: Any) -> bytes:
        """Return any value of strings, numbers, bytes, dates, lists and dictionaries as bytes, never empty.

        Raises:
            TypeError: it holds something else.
        """
        return self._encoder.encode(session)

    def decode(self, serialized_data: bytes) -> Any:
        """Return the value.

        Raises:
            msgspec.DecodeError: this is not msgpack, or nested deeper than we write.
        """
        try:
            return self._decoder.decode(serialized_data)
        except RecursionError as error:
            raise msgspec.DecodeError("nested too deep") from error


MSGPACK = MsgpackSerializer()
