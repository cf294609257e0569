"""Typed state of an application, and typed hooks between rooms; both live in `app.extensions`.

State, of which a room keeps one object with typed fields rather than one entry for each field:

    rates = AppState[TaxRates]("checkout.tax_rates")  # at the top of the module that owns it
    rates.set(app, TaxRates(...))                     # in init_app
    rates.get(current_app)                            # the type checker knows that this is a TaxRates

Hooks, by which a room says what happened and rooms above it act on that without being imported:

    changed = Hook[[Session, OrderChange], None]("checkout.order_changed")  # in the room that fires it
    changed.register(app, enqueue_mail)                                     # in the init_app of a room above
    changed.fire(session, change)                                           # where it happens; the types are checked
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar, cast

from flask import Flask, current_app

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class AppState(Generic[T]):
    """One value for each application.

    Args:
        name: the key in `app.extensions`: the room and what it keeps, such as `stock.hub`.

    """

    def __init__(self, name: str) -> None:
        self.name = name

    def set(self, app: Flask, value: T) -> None:
        """Keep the value for this application, in the place of an earlier one."""
        app.extensions[self.name] = value

    def get(self, app: Flask) -> T:
        """Return the application's value.

        Raises:
            KeyError: it has none; the room's `init_app` did not run.
        """
        return cast("T", app.extensions[self.name])

    def find(self, app: Flask) -> T | None:
        """Return the application's value; None if it has none, since the room is switched off."""
        return cast("T | None", app.extensions.get(self.name))

    def setdefault(self, app: Flask, value: T) -> T:
        """Return the application's value; if it has none, keep this one first."""
        return cast("T", app.extensions.setdefault(self.name, value))


class Hook(Generic[P, R]):
    """A place where other rooms' functions are called.

    Handlers belong to one application and run in the order in which they were registered, in the caller's
    transaction. An exception of a handler goes to the caller.

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
