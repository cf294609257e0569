"""The gate of the back office: without a sign-in, every address below /admin leads to the sign-in page.

It does so whether the address exists or not, so that strangers learn nothing of the back office. A form that was sent
there is carried along. A person who is signed in and lacks the permission gets 404, from the view's decorator.
"""

from __future__ import annotations

from flask import Flask, abort, request
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.admin import carried_form, pages
from storefront.web import staff_access
from storefront.web.body_limits import drop_files
from storefront.web.private import mark_private

PREFIX = "/admin"


def init_app(app: Flask) -> None:
    """Ask for a sign-in before any page of the back office, and keep all its responses out of caches."""
    app.before_request(_lead_to_sign_in)
    app.after_request(_keep_private)


def may_upload(permission: str) -> bool:
    """Return whether the sender of an upload has a permission; asked before its body is read.

    Strangers are led to the sign-in page here: the gate, which would read a form, comes later. Who has signed in on
    this browser before gets through to the gate, which carries the form along; its files are dropped as they arrive.
    """
    if accounts.load_current_user() is None:
        if not accounts.is_known_device():
            abort(accounts.redirect_to_sign_in())
        drop_files()
        return True
    return staff_access.may(permission)


def is_office() -> bool:
    """Return whether the current request is for an address of the back office, existing or not."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def _lead_to_sign_in() -> Response | None:
    if not is_office():
        return None
    if (user := accounts.load_current_user()) is not None:
        pages.remember_person(user)
        return None
    going = carried_form.store() if request.method == "POST" else None
    return accounts.redirect_to_sign_in(going, going and "form-kept")


def _keep_private(response: Response) -> Response:
    return mark_private(response) if is_office() else response
