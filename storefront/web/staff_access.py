"""Access to the pages of the back office. `permissions.py` says what each role may do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import ParamSpec, TypeVar, cast
from urllib.parse import quote as quote_path

from flask import Flask, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from storefront.app_state import AppState
from storefront.errors import BadInputError
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.web import permissions

P = ParamSpec("P")
T = TypeVar("T")
# Returns what the person who makes the current request may do.
PermissionReader = Callable[[], Collection[str]]

_reader = AppState[PermissionReader]("web.staff_access")


def staff_required(view: Callable[P, T]) -> Callable[P, T]:
    """Answer 404 to everybody who has no role; every member of the staff may see the page."""
    return permission_required("")(view)


def permission_required(permission: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Answer 404 to everybody who lacks a permission. The accounts room reads permissions (`set_reader`).

    It leads people whose sign-in has ended, or who lack a second factor, to the page that they need first.

    Raises:
        KeyError: when the view is declared: there is no such permission.
    """
    if permission:
        permissions.allows((), permission)

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if not may(permission):
                abort(404)
            if request.method == "GET" and b"%00" in request.query_string:
                return cast("T", _without_nul())
            for name, text in request.values.items():
                if "\x00" in text:  # PostgreSQL refuses texts with NUL
                    raise BadInputError(
                        name,
                        _("%(field)s contains a character that can’t be saved.", field=quote(name)),
                    )
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # the navigation and a test of all pages read it
        return guarded

    return decorate


def _without_nul() -> Response:
    """Lead to the same address without NUL characters: a search for a text with one is no reason for an error."""
    query = request.query_string.replace(b"%00", b"").decode("utf-8", "replace")
    return redirect(f"{request.script_root}{quote_path(request.path)}?{query}")


def may(permission: str) -> bool:
    """Return whether the person who makes the current request has this permission; "": whether they are staff."""
    return permissions.allows(granted(), permission) if permission else bool(granted())


def granted() -> Collection[str]:
    """Return the permissions of the person who makes the current request; none for shoppers and strangers."""
    reader = _reader.find(current_app)
    return reader() if reader is not None else ()


def set_reader(app: Flask, read_permissions: PermissionReader) -> None:
    """Set the function that reads the permissions of the person who makes the current request."""
    _reader.set(app, read_permissions)


def permission_of(app: Flask, endpoint: str) -> str | None:
    """Return the permission that a page needs; "" if any role will do, None if the page is not of the back office."""
    view = app.view_functions.get(endpoint)
    return getattr(view, "permission", None)
