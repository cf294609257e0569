"""Lua scripts that run inside Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError


class LuaScript:
    """A Lua script, called by its digest. If the server does not know the digest, the text is sent once.

    That costs one more round trip after a restart, after SCRIPT FLUSH, and after a failover to a replica that never
    ran the script.

    Args:
        path: the file; it is read at once.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._text = path.read_text(encoding="utf-8")
        # EVALSHA identifies a script by its SHA-1.
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()) -> Any:
        """Run the script and return its result.

        Args:
            client: a role's client; not a pipeline, which cannot send the text after the first reply.
            keys: all keys that the script touches; on a cluster, all with one hash tag.
            args: its other arguments.

        Raises:
            ResponseError: the script failed. Within `redis_roles.call`, errors of Redis become RedisUnavailable.
        """
        try:
            return client.evalsha(self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self._text, len(keys), *keys, *args)
