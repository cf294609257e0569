"""A typed place for what a room keeps for each application, in `app.extensions`.

    rates = AppState[TaxRates]("checkout.tax_rates")  # at the top of the module that owns it
    rates.set(app, TaxRates(...))                     # in init_app
    rates.get(current_app)                            # the type checker knows that this is a TaxRates

A room keeps few of these: one object with typed fields, rather than one entry for each field.
"""

from __future__ import annotations

from typing import Generic, TypeVar, cast

from flask import Flask

T = TypeVar("T")


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
