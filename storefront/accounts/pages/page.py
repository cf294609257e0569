"""What every page of accounts has."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from storefront.accounts.extension_points import account_pages
from storefront.accounts.tokens import LinkError
from storefront.mail import development
from storefront.web.forms import Form
from storefront.web.private import mark_private, private_page

log = logging.getLogger(__name__)

# What a page says after it was led to by something that was done: in the address, so that it needs no session.
_NOTICES = {
    "signed-out": "You are signed out.",
    "everywhere": "You are signed out everywhere.",
    "new-password": "Your new password is set, and you are signed out everywhere. Sign in with it.",
    "closed": "Your account is closed, and what we kept of you in it has been deleted.",
    "name": "Your name has been changed.",
    "password": "Your password has been changed, and your other devices are signed out.",
    "email": "Your e-mail has been changed, and your other devices are signed out.",
    "address": "The address has been saved.",
    "address-removed": "The address has been removed.",
    "device": "That device is signed out.",
}


def make_blueprint(name: str, module: str, prefix: str) -> Blueprint:
    """Return a blueprint whose every answer is private, with the errors that all of them may meet."""
    made = Blueprint(name, module, cli_group=None, url_prefix=prefix)
    made.after_request(mark_private)
    made.register_error_handler(LinkError, handle_link_error)
    made.register_error_handler(OperationalError, handle_database_error)
    return made


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page; 422 if one of its forms has to be mended."""
    forms = [value for value in context.values() if isinstance(value, Form)]
    wrong = any(form.errors for form in forms)
    body = render_template(
        f"accounts/{template}.html",
        said=_NOTICES.get(request.args.get("said", "")),
        wrong=wrong,
        account_pages=account_pages(),
        **context,
    )
    return private_page(body, 422 if wrong and status == 200 else status)


def redirect_with_notice(endpoint: str, said: str, **values: Any) -> Response:
    """Lead to a page that says what was done."""
    return redirect(url_for(endpoint, said=said, **values), 303)


def redirect_to_sent_page(endpoint: str, letter: str) -> Response:
    """Lead to the page that says that a letter is on its way; where none is sent, it shows it."""
    return redirect(url_for(endpoint, letter=letter if development.is_active() else None), 303)


def handle_link_error(error: LinkError) -> Response:
    """Say that a mailed link does nothing any more, and how to get another."""
    return render_page("link-gone", error.status, sentence=str(error))


def handle_database_error(error: OperationalError) -> Response:
    """Say that the database is away; whoever is signed in stays so."""
    log.warning("an account's page could not be answered: %s", error)
    answer = current_app.make_response(current_app.handle_user_exception(ServiceUnavailable(retry_after=30)))
    return mark_private(answer)


def format_day(moment: datetime) -> str:
    """Return a day as the shop's language writes it."""
    return str(format_date(moment.date(), "medium", locale=current_app.config["LOCALE"]))


def format_minute(moment: datetime) -> str:
    """Return a moment as the shop's language writes it, in UTC."""
    return f"{format_datetime(moment, 'short', locale=current_app.config['LOCALE'])} UTC"
