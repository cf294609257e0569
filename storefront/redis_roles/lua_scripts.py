"""Lua files that run inside Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError


class LuaScript:
    """A Lua file; the server is sent its digest, and the file once when it does not know that.

    A server forgets its scripts when it restarts, after SCRIPT FLUSH and, as a replica that never ran them, when it
    takes over: each of these costs one round trip more.

    Args:
        path: the file, read at once.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._text = path.read_text(encoding="utf-8")
        self._sha = hashlib.sha1(
            self._text.encode(), usedforsecurity=False
        ).hexdigest()  # as EVALSHA wants it

    def run(self, client: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()) -> Any:
        """Return what the script returns.

        Args:
            client: a role's client; not a pipeline, which could not ask again.
            keys: all keys that it touches; on a cluster, all of one hash tag.
            args: its other arguments.

        Raises:
            ResponseError: the script failed. Within `redis_roles.call`, errors of Redis become RedisUnavailable.
        """
        try:
            return client.evalsha(self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self._text, len(keys), *keys, *args)
