"""Typed hooks: a room says what happened, and the rooms above it act on that, without being imported.

    changed = Hook[[Session, OrderChange], None]("checkout.order_changed")  # in the room that fires it
    changed.register(app, enqueue_mail)                                     # in the init_app of a room above
    changed.fire(session, change)                                           # where it happens; the types are checked

Handlers belong to one application and run in the order in which they were registered, in the caller's transaction.
What a handler raises goes to the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from flask import Flask, current_app

from storefront.app_state import AppState

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """A place where other rooms' functions are called.

    Args:
        name: the room and what happened, such as `cart.merged`.

    """

    def __init__(self, name: str) -> None:
        self._handlers = AppState[list[Callable[P, R]]](f"hook {name}")

    def register(self, app: Flask, handler: Callable[P, R]) -> None:
        """Call this function at each `fire` in this application."""
        self._handlers.setdefault(app, []).append(handler)

    def fire(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call the current application's handlers with these arguments; return what each of them returned."""
        handlers = self._handlers.setdefault(current_app, [])
        return [handler(*args, **kwargs) for handler in handlers]
