"""A process of the shop in which many shoppers click at once; and one that is killed while somebody buys."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import event

from storefront.checkout import holds, retention, retry
from storefront.checkout.place_order import place_order
from storefront.errors import StorefrontError
from storefront.extensions import db
from tests.checkout.shoppers import seen
from tests.conftest import make_app

POINTS = 80  # at which statement of a purchase a process dies; the last ones are past its end


class Till:
    """The shop in one process of several, on the same database."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.app = make_app(database_url, Path(tempfile.mkdtemp()), REDIS_URL=redis_url)

    def serve(self, forms: list[tuple[int, str, str | None]]) -> Counter[str]:
        """Let shoppers click at the same moment: (draft, key, what was seen; None to start paying first).

        Returns:
            How often each answer was given: an order's number, or the name of the refusal.
        """
        together = threading.Barrier(len(forms))
        with ThreadPoolExecutor(len(forms)) as pool:
            return Counter(pool.map(lambda form: self._click(together, *form), forms))

    def die_of_deadlocks(self) -> None:
        """Try nothing again because of a deadlock: there is to be none."""
        retry.RETRYABLE_SQLSTATES.discard("40P01")

    def _click(self, together: threading.Barrier, draft: int, key: str, digest: str | None) -> str:
        together.wait()
        with self.app.app_context():
            try:
                if digest is None:
                    holds.reserve(draft)
                    digest = seen(draft)
                return place_order(draft, key, digest).order.number
            except StorefrontError as error:
                return type(error).__name__
            finally:
                db.session.remove()


def main(url: str, instance: str, redis_url: str, drafts: list[int]) -> None:
    """Fork a child for each draft; it pays for what is in it, and is killed before or after one of its statements."""
    app = make_app(url, Path(instance), REDIS_URL=redis_url)
    for number, draft in enumerate(drafts):
        if (child := os.fork()) == 0:
            with app.app_context():
                _die_after(number % POINTS)
                try:
                    holds.reserve(draft)
                    place_order(draft, f"the key of draft {draft}", seen(draft))
                finally:
                    os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        with app.app_context():
            if number % 20 == 19:
                retention.clean_up()
            db.session.remove()
            db.engine.dispose()  # what is forked has no connection of its parent's


def _die_after(statements: int) -> None:
    left = [statements]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(db.engine, moment, count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], [int(draft) for draft in sys.argv[4].split(",")])
