"""Retries of whole transactions after errors of the database that another attempt may not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storefront.checkout.errors import DatabaseBusyError
from storefront.errors import StorefrontError

# SQLSTATE: serialization_failure, deadlock_detected, lock_not_available. A transaction that waited too long for a row
# of stock has written nothing, so another attempt is as good as a longer wait.
RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}
_LOCK_NOT_AVAILABLE = "55P03"
T = TypeVar("T")
MAX_RETRIES = {"postgresql": 2, "sqlite": 1}


def run_with_retries(transaction: Callable[[], T]) -> T:
    """Run a whole transaction and return its result; run it again if the database aborted it.

    Raises:
        DatabaseBusyError: the database is unavailable, or aborted every attempt.
    """
    failures = 0
    while True:
        try:
            return transaction()
        except (DBAPIError, PoolTimeoutError) as error:
            failures += 1
            if not _is_retryable(error, failures):
                raise DatabaseBusyError from error


def _is_retryable(error: DBAPIError | PoolTimeoutError, failures: int) -> bool:
    """Return whether the whole transaction may be tried again after this number of failures."""
    if isinstance(error, PoolTimeoutError):  # the transaction has not begun
        return failures <= MAX_RETRIES["postgresql"]
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in RETRYABLE_SQLSTATES and failures <= MAX_RETRIES["postgresql"]
    return _is_sqlite_locked(error) and failures <= MAX_RETRIES["sqlite"]


@contextmanager
def lock_timeout_raises(refusal: type[StorefrontError]) -> Iterator[None]:
    """Raise `refusal` if the block does not get a lock in time."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise refusal from error
        raise


def _is_sqlite_locked(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
