"""Who may see the pages for the people who run the shop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from ipaddress import ip_address
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, request

from storefront.errors import BadInputError

P = ParamSpec("P")
T = TypeVar("T")


def staff_only(view: Callable[P, T]) -> Callable[P, T]:
    """Answer 404 to everybody but staff: who they are is decided by the room that knows people (`decide`).

    Until a room has said so: whoever sits at this machine, in development only.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        allowed: Callable[[], bool] = current_app.extensions.get("is_staff", at_this_machine)
        if not allowed():
            abort(404)
        for name, text in request.values.items():
            if "\x00" in text:  # which PostgreSQL takes in no text
                raise BadInputError(name, f"What stands in {name!r} holds a character that cannot be kept.")
        return view(*args, **kwargs)

    guarded.staff_only = True  # type: ignore[attr-defined]  # for the test that asks each of them
    return guarded


def add_page(app: Flask, endpoint: str, label: str) -> None:
    """Have a page linked from every page for staff."""
    app.extensions.setdefault("staff_pages", []).append((endpoint, label))


def decide(app: Flask, is_staff: Callable[[], bool]) -> None:
    """Name who decides whether the current request is made by staff."""
    app.extensions["is_staff"] = is_staff


def at_this_machine() -> bool:
    """Return whether the request comes from this machine, and the shop is not in production."""
    if current_app.config["ENV"] == "production":
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
