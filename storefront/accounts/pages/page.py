"""The functions that all pages of accounts share."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from storefront.accounts import sign_in_links
from storefront.accounts.extension_points import account_pages
from storefront.accounts.tokens import LinkError
from storefront.i18n import lazy_gettext as _
from storefront.mail import transport
from storefront.web.forms import Form
from storefront.web.private import mark_private, private_page

log = logging.getLogger(__name__)

# Notices after a redirect, by the query parameter `said`: so a notice needs no session.
_NOTICES = {
    "signed-out": _("You’re signed out."),
    "form-kept": _("You’re no longer signed in. What you sent is kept: sign in, and send it again."),
    "everywhere": _("You’re signed out on all devices."),
    "new-password": _(
        "Your password has been changed, and you’re signed out on all devices. Sign in with the new password."
    ),
    "closed": _("Your account is closed, and the personal data in it has been deleted."),
    "name": _("Your name has been changed."),
    "consent": _("You’re unsubscribed from our newsletter."),
    "password": _("Your password has been changed. Your other devices are signed out."),
    "email": _("Your e-mail address has been changed. Your other devices are signed out."),
    "address": _("The address has been saved."),
    "address-removed": _("The address has been removed."),
    "device": _("The device is signed out."),
    "device-forgotten": _("The device is no longer remembered."),
    "app": _("Your app is set up."),
    "passkey": _("Your passkey is set up."),
    "factor-removed": _("Removed."),
}


def make_blueprint(name: str, module: str, prefix: str) -> Blueprint:
    """Return a blueprint whose responses are all private, with handlers for link and database errors."""
    blueprint = Blueprint(name, module, cli_group=None, url_prefix=prefix)
    blueprint.after_request(mark_private)
    blueprint.register_error_handler(LinkError, handle_link_error)
    blueprint.register_error_handler(OperationalError, handle_database_error)
    return blueprint


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page of accounts; with status 422 if one of its forms has errors."""
    forms = [value for value in context.values() if isinstance(value, Form)]
    has_errors = any(form.errors for form in forms)
    body = render_template(
        f"accounts/{template}.html",
        said=_NOTICES.get(request.args.get("said", "")),
        wrong=has_errors,
        account_pages=account_pages(),
        has_sign_in_links=sign_in_links.are_offered(),
        **context,
    )
    return private_page(body, 422 if has_errors and status == 200 else status)


def redirect_with_notice(endpoint: str, notice: str, **values: Any) -> Response:
    """Redirect to a page that shows a notice (a key of `_NOTICES`)."""
    return redirect(url_for(endpoint, said=notice, **values), 303)


def redirect_to_sent_page(endpoint: str, mail_id: str) -> Response:
    """Redirect to the page that says that a mail was sent. Staff who signed in by a link see a stored mail there."""
    return redirect(url_for(endpoint, letter=mail_id if sign_in_links.may_read_letters() else None), 303)


def render_sent_page(title: str) -> Response:
    """Return the page that `redirect_to_sent_page` leads to."""
    letter = sign_in_links.find_letter(request.args.get("letter", ""))
    return render_page("sent", title=title, letter=letter, stored=transport.stores_mail())


def handle_link_error(error: LinkError) -> Response:
    """Return the page that says that a mailed link is no longer valid and offers a new one."""
    return render_page("link-gone", error.status, sentence=str(error))


def handle_database_error(error: OperationalError) -> Response:
    """Return 503 if the database is unavailable. The cookie stays, so the person stays signed in."""
    log.warning("a page of an account could not be served: %s", error)
    answer = current_app.make_response(current_app.handle_user_exception(ServiceUnavailable(retry_after=30)))
    return mark_private(answer)
