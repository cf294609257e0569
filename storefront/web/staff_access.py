"""Access to the staff pages, and the links between them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, request

from storefront.app_state import AppState
from storefront.errors import BadInputError
from storefront.i18n import gettext as _

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _StaffAccess:
    """The staff check, and endpoint and label of each page that all staff pages link to."""

    is_staff: Callable[[], bool] = field(default_factory=lambda: lambda: False)
    pages: list[tuple[str, str]] = field(default_factory=list)


_access = AppState[_StaffAccess]("web.staff_access")


def staff_only(view: Callable[P, T]) -> Callable[P, T]:
    """Answer 404 to everybody but staff. The accounts room decides who belongs to the staff (`set_check`).

    It leads staff whose sign-in has ended, or who lack a second factor, to the page that they need first.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        if not is_staff():
            abort(404)
        for name, text in request.values.items():
            if "\x00" in text:  # PostgreSQL refuses texts with NUL
                raise BadInputError(
                    name,
                    _("%(field)s contains a character that can’t be saved.", field=repr(name)),
                )
        return view(*args, **kwargs)

    guarded.staff_only = True  # type: ignore[attr-defined]  # read by a test of all staff pages
    return guarded


def is_staff() -> bool:
    """Return whether the current request comes from a member of staff."""
    return _access.setdefault(current_app, _StaffAccess()).is_staff()


def add_page(app: Flask, endpoint: str, label: str) -> None:
    """Link a page from every staff page."""
    _access.setdefault(app, _StaffAccess()).pages.append((endpoint, label))


def pages(app: Flask) -> list[tuple[str, str]]:
    """Return endpoint and label of every page that is linked from the staff pages."""
    return _access.setdefault(app, _StaffAccess()).pages


def set_check(app: Flask, is_staff: Callable[[], bool]) -> None:
    """Set the function that decides whether the current request comes from a member of staff."""
    _access.setdefault(app, _StaffAccess()).is_staff = is_staff
