"""Classification of errors: whether Redis is unavailable, or our own command was wrong."""

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

# All that redis-py raises (errors of a whole cluster are not RedisErrors), and the embedded server.
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
_POOL_EXHAUSTED_TEXT = "No connection available."  # redis-py's blocking pool has no class for it
_WRITES_REFUSED = (OutOfMemoryError, ReadOnlyError, BusyLoadingError)
# Redis 6.2 wraps the error of a script's command into an ordinary one: "… -OOM command not allowed …".
_WRITES_REFUSED_TEXT = re.compile(r"(?:^|-)(OOM|READONLY|MISCONF|NOREPLICAS) ")
_UNREACHABLE = (ClusterDownError, TryAgainError, MovedError, NoPermissionError)
_UNREACHABLE_TEXT = re.compile(
    r"(?:^|-)(BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNKILLABLE) |DB index is out of range"
)


class ErrorKind(Enum):
    """What an error says about the server."""

    UNREACHABLE = "gone"
    TIMED_OUT = "timed out"
    WRITES_REFUSED = "no writes"
    POOL_EXHAUSTED = "pool exhausted"  # all connections of this process are in use; the server may be well


class RedisUnavailable(StorefrontError):
    """The role's Redis does not answer or refuses to write. Callers expect it, and go on without.

    Attributes:
        role: the name of the role.
        reason: what went wrong, as the end of a sentence.
    """

    status = 503

    def __init__(self, role: str, reason: str) -> None:
        super().__init__(f"Redis for {role} is away: {reason}")
        self.role = role
        self.reason = reason


def classify(error: Exception) -> ErrorKind | None:
    """Return what this error says about the server, or None if our own command was wrong."""
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
