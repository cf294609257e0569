"""When Redis is away: which errors mean that, and which mean that our own command was wrong."""

from __future__ import annotations

import re
from enum import Enum

from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    CrossSlotTransactionError,
    DataError,
    InvalidPipelineStack,
    LockError,
    MaxConnectionsError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    PubSubError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004  # the library's, which is not the built-in one
    TryAgainError,
    WatchError,
)

from storefront.errors import StorefrontError
from storefront.redis_roles.embedded.paths import EmbeddedServerError

# What redis-py raises (what concerns a whole cluster is no RedisError), and an embedded server that does not start.
REDIS_ERRORS = (RedisError, RedisClusterException, OSError, EmbeddedServerError)

_CALLER_ERRORS = (
    ResponseError,
    DataError,
    WatchError,
    LockError,
    PubSubError,
    CrossSlotTransactionError,
    InvalidPipelineStack,
)
_POOL_EXHAUSTED_TEXT = "No connection available."  # redis-py's blocking pool says so, by no class of its own
_WRITES_REFUSED = (OutOfMemoryError, ReadOnlyError, BusyLoadingError)
# Redis 6.2 wraps what a script's command was answered into an ordinary error: "… -OOM command not allowed …".
_WRITES_REFUSED_TEXT = re.compile(r"(?:^|-)(OOM|READONLY|MISCONF|NOREPLICAS) ")
_UNREACHABLE = (ClusterDownError, TryAgainError, MovedError, NoPermissionError)
_UNREACHABLE_TEXT = re.compile(
    r"(?:^|-)(BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNKILLABLE) |DB index is out of range"
)


class ErrorKind(Enum):
    """What an error says of the server."""

    UNREACHABLE = "gone"
    TIMED_OUT = "timed out"
    WRITES_REFUSED = "no writes"
    POOL_EXHAUSTED = "crowded"  # all of this process's connections are in use: nothing is said of the server


class RedisUnavailable(StorefrontError):  # a state of the world that callers provide for, not a mistake
    """The role's Redis does not answer, or refuses to write. Go on without it.

    Attributes:
        role: the name of the role.
        reason: what went wrong, as a sentence's end.
    """

    status = 503

    def __init__(self, role: str, reason: str) -> None:
        super().__init__(f"Redis for {role} is away: {reason}")
        self.role = role
        self.reason = reason


def classify(error: Exception) -> ErrorKind | None:
    """Return what this error says of the server, or None if it is our own command that was wrong."""
    text = str(error)
    if isinstance(error, _WRITES_REFUSED) or (
        isinstance(error, ResponseError) and _WRITES_REFUSED_TEXT.search(text)
    ):
        return ErrorKind.WRITES_REFUSED
    if isinstance(error, MaxConnectionsError) or text == _POOL_EXHAUSTED_TEXT:
        return ErrorKind.POOL_EXHAUSTED
    if isinstance(error, TimeoutError):
        return ErrorKind.TIMED_OUT
    if isinstance(error, _UNREACHABLE) or not isinstance(error, _CALLER_ERRORS):
        return ErrorKind.UNREACHABLE
    return ErrorKind.UNREACHABLE if _UNREACHABLE_TEXT.search(text) else None
