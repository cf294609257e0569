"""A process in which many shoppers order at once, and one whose children are killed while they order."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storefront.checkout import holds, retention
from storefront.checkout.errors import DatabaseBusyError
from storefront.checkout.place_order import place_order
from storefront.errors import StorefrontError
from storefront.extensions import RETRYABLE_SQLSTATES, db
from tests.checkout.shoppers import current_digest
from tests.conftest import make_app

# The number of statements after which a process may be killed; an order needs fewer, so the last ones let it finish.
KILL_POINTS = 80
# How often a shopper sends a form while the database is busy.
MAX_CLICKS = 10


class CheckoutProcess:
    """One of several processes of the shop on the same database."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.app = make_app(database_url, Path(tempfile.mkdtemp()), REDIS_URL=redis_url)

    def serve(self, forms: list[tuple[int, str, str | None]]) -> Counter[str]:
        """Let shoppers order at the same moment.

        Args:
            forms: draft, key and digest of each; with None as the digest the shopper takes the holds first.

        Returns:
            How often each result occurred: the number of an order, or the class name of an error.
        """
        together = threading.Barrier(len(forms))
        with ThreadPoolExecutor(len(forms)) as pool:
            return Counter(pool.map(lambda form: self._click(together, *form), forms))

    def never_retry_deadlocks(self) -> None:
        """Let a deadlock fail: there must be none."""
        RETRYABLE_SQLSTATES.discard("40P01")

    def _click(self, together: threading.Barrier, draft: int, key: str, digest: str | None) -> str:
        together.wait()
        with self.app.app_context():
            try:
                for _ in range(MAX_CLICKS - 1):
                    # The page says that the same form can be sent again, also if it could not be built.
                    with suppress(DatabaseBusyError, PoolTimeoutError):
                        return self._order(draft, key, digest)
                return self._order(draft, key, digest)
            except StorefrontError as error:
                return type(error).__name__
            finally:
                db.session.remove()

    def _order(self, draft: int, key: str, digest: str | None) -> str:
        if digest is None:
            holds.reserve(draft)
            digest = current_digest(draft)
        return place_order(draft, key, digest).order.number


def fork_buyers(url: str, instance: str, redis_url: str, drafts: list[int]) -> None:
    """Fork a child for each draft. It orders the draft, and is killed before or after one of its statements.

    The first draft is ordered before: the children inherit the compiled statements.
    """
    app = make_app(url, Path(instance), REDIS_URL=redis_url)
    first, *others = drafts
    with app.app_context():
        _order(first)
        db.session.remove()
        db.engine.dispose()  # a child must not inherit a connection
    gc.disable()  # else each child copies most of the parent's memory
    for number, draft in enumerate(others):
        if (child := os.fork()) == 0:
            with app.app_context():
                _kill_after(number % KILL_POINTS)
                try:
                    _order(draft)
                finally:
                    os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        with app.app_context():
            if number % 20 == 19:
                retention.clean_up()
            db.session.remove()
            db.engine.dispose()


def _order(draft: int) -> None:
    holds.reserve(draft)
    place_order(draft, f"the key of draft {draft}", current_digest(draft))


def _kill_after(statements: int) -> None:
    left = [statements]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(db.engine, moment, count)
