"""Accounts: registration, sign-in, profile and addresses, data export and deletion.

docs/decisions/0007-sign-ins-in-sql.md explains how sign-ins survive the loss of Redis.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from flask import Flask, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import actors, mail, periodic, rate_limiting, sessions
from storefront.accounts import (
    account_language,
    account_letters,
    authentication,
    cli,
    cookie,
    known_devices,
    last_seen,
    queries,
    security_events,
    user_agents,
)
from storefront.accounts.account_language import keep_language
from storefront.accounts.authentication import (
    current_sign_in,
    current_user,
    load_current_user,
    redirect_to_sign_in,
    sign_in_required,
    signed_in,
)
from storefront.accounts.customer_files.cli import customers
from storefront.accounts.extension_points import (
    access_ended,
    account_deleted,
    account_pages,
    add_export,
    add_page,
)
from storefront.accounts.known_devices import is_presented as is_known_device
from storefront.accounts.models import Address, User
from storefront.accounts.pages import BLUEPRINTS
from storefront.accounts.pages.recent_proof import recent_proof_required
from storefront.accounts.queries import Shopper, list_addresses
from storefront.accounts.sign_in_links import find_letter, may_read_letters
from storefront.shop_settings import closed_shop
from storefront.web import staff_access
from storefront.web.permissions import permissions_of

__all__ = [
    "Address",
    "Shopper",
    "User",
    "access_ended",
    "account_deleted",
    "account_pages",
    "add_export",
    "add_page",
    "current_sign_in",
    "current_user",
    "find_letter",
    "init_app",
    "is_known_device",
    "keep_language",
    "list_addresses",
    "load_current_user",
    "may_read_letters",
    "recent_proof_required",
    "redirect_to_sign_in",
    "sign_in_required",
    "signed_in",
]

# The key in the WSGI environ that holds the current request's permissions.
_PERMISSIONS = "storefront.accounts.permissions"


def init_app(app: Flask) -> None:
    """Register the pages and commands, and identify shoppers and staff to the rooms below."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule("/.well-known/change-password", view_func=change_password_page)
    app.after_request(cookie.write)
    app.after_request(known_devices.write)
    app.after_request(last_seen.store)
    account_language.init_app(app)
    app.add_template_filter(user_agents.translate, "device")
    mail.register_letters(app, *account_letters.LETTERS)
    rate_limiting.register_identifier(app, partial(cookie.identify, app))
    sessions.add_validator(app, authentication.session_belongs_to_sign_in)
    closed_shop.may_enter.register(app, _is_staff)
    staff_access.set_reader(app, _read_permissions)
    actors.register_identifier(app, authentication.current_actor)
    actors.register_names(app, "staff", queries.read_names)
    actors.register_names(app, "customer", queries.read_names)
    periodic.add_task(app, "security-events", security_events.delete_old, interval=3600.0)
    app.cli.add_command(cli.user)
    app.cli.add_command(customers)


def change_password_page() -> Response:
    """Lead password managers to the form (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect(url_for("accounts.overview", _anchor="part-password"), 303)


def _is_staff() -> bool:
    """Return whether somebody of the staff makes the current request."""
    user = load_current_user()
    return user is not None and user.is_staff


def _read_permissions() -> Collection[str]:
    """Return what the person who makes the current request may do in the back office, from SQL once a request."""
    found: Collection[str] | None = request.environ.get(_PERMISSIONS)
    if found is None:
        found = request.environ[_PERMISSIONS] = _load_permissions()
    return found


def _load_permissions() -> Collection[str]:
    user = authentication.loaded_user()  # the gate of the back office has just read it
    if user is None and known_devices.is_presented():
        # Perhaps staff whose sign-in has ended; strangers see nothing.
        abort(authentication.redirect_to_sign_in())
    if user is None or not user.is_staff:
        return ()
    if (redirection := authentication.lead_to_set_up(user)) is not None:
        abort(redirection)
    return permissions_of(user.staff_role)
