"""A shop whose processes change stock and are killed before or after they publish it."""

from __future__ import annotations

import gc
import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask

from storefront import stock
from storefront.extensions import db, write_transaction
from storefront.outbox.registry import registry
from tests.conftest import make_app


def fork_writers(url: str, instance: str, redis_url: str, prefix: str, rounds: int) -> None:
    """Fork a child for each round, which dies before or after it publishes what it has committed."""
    app = make_app(url, Path(instance), REDIS_URL=redis_url, STOREFRONT_CACHE_PREFIX=prefix)
    handlers = registry.get(app).handlers
    gc.disable()  # else each child copies most of the parent's memory
    _prepare_statements(app)
    for number in range(rounds):
        if (child := os.fork()) == 0:
            moment, deliver = random.choice(("before", "after", "never")), handlers["stock.changed"]

            def dying(events: list[Any], moment: str = moment, deliver: Any = deliver) -> None:
                if moment == "after":
                    deliver(events)
                os.kill(os.getpid(), signal.SIGKILL)

            handlers["stock.changed"] = dying
            with app.app_context(), write_transaction() as session:
                stock.set_on_hand(session, f"V{number % 5}", number + 1, reason="test", actor="test")
            os._exit(1)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with app.app_context():
        db.engine.dispose()


def _prepare_statements(app: Flask) -> None:
    """Change stock and take it back: the children inherit the compiled statements, and no connection."""
    with app.app_context():
        with suppress(_NotMeantError), write_transaction() as session:
            stock.set_on_hand(session, "V0", 1, reason="test", actor="test")
            session.flush()
            raise _NotMeantError
        db.session.remove()
        db.engine.dispose()


class _NotMeantError(Exception):
    """Ends a transaction that must leave nothing."""
