"""What the database may do to a transaction, and which of it is worth another try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storefront.checkout.errors import DatabaseBusyError
from storefront.errors import StorefrontError

# SQLSTATE: serialization_failure, deadlock_detected, lock_not_available. Whoever waited too long for a row of stock
# has written nothing, so trying again is as good as having waited longer.
RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}
_LOCK_WAIT = "55P03"
T = TypeVar("T")
MAX_RETRIES = {"postgresql": 2, "sqlite": 1}


def run_with_retries(transaction: Callable[[], T]) -> T:
    """Return what a whole transaction returns, tried again if the database would not let it end.

    Raises:
        DatabaseBusyError: it would not, however often; or it is away.
    """
    attempt = 0
    while True:
        try:
            return transaction()
        except (DBAPIError, PoolTimeoutError) as error:
            attempt += 1
            if not _again_after(error, attempt):
                raise DatabaseBusyError from error


def _again_after(error: DBAPIError | PoolTimeoutError, attempt: int) -> bool:
    """Return whether the whole transaction may be tried again after it has failed so often."""
    if isinstance(error, PoolTimeoutError):  # nothing has begun yet
        return attempt <= MAX_RETRIES["postgresql"]
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in RETRYABLE_SQLSTATES and attempt <= MAX_RETRIES["postgresql"]
    return _is_locked(error) and attempt <= MAX_RETRIES["sqlite"]


@contextmanager
def lock_timeout_raises(refusal: type[StorefrontError]) -> Iterator[None]:
    """Raise this instead, if the lock that the block asks for is not to be had in time."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_WAIT:
            raise refusal from error
        raise


def _is_locked(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
