"""Retries of whole transactions after errors of the database that another attempt may not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storefront.checkout.errors import DatabaseBusyError
from storefront.errors import StorefrontError
from storefront.extensions import is_retryable

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
    most = MAX_RETRIES["sqlite" if getattr(error.orig, "sqlstate", None) is None else "postgresql"]
    return failures <= most and is_retryable(error)


@contextmanager
def lock_timeout_raises(refusal: type[StorefrontError]) -> Iterator[None]:
    """Raise `refusal` if the block does not get a lock in time."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise refusal from error
        raise
