"""The pages for setting a new password with a mailed link."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, messages, security_events, tokens
from storefront.accounts.models import User
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
    render_sent_page,
)
from storefront.accounts.pages.sign_in import submitted_email
from storefront.accounts.passwords import read_new_password
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.languages import current_locale
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp = make_blueprint("password_reset", __name__, "/account/reset")


@bp.get("")
def request_link() -> Response:
    """The form for the e-mail address that gets a link."""
    return render_page("reset-request", form=Form())


@bp.post("")
@rate_limiting.limit("password-reset.address", "password-reset.account", account=submitted_email)
def send_link() -> Response:
    """Mail a link if the account exists. The response and its cost are the same if it does not."""
    form = Form(request.form)
    email = read_email(form)
    if form.errors:
        return render_page("reset-request", form=form)
    user = credentials.find_enabled(email)
    user_id, generation = (user.id, user.generation) if user else (0, 0)
    locale = user.locale if user else current_locale()
    with write_transaction() as session:
        text = messages.reset_link(user_id, generation, locale)
        mail_id = mail.enqueue_limited(session, email, text, delivers=user is not None)
        security_events.record(session, "reset-requested", user_id or None)
    return redirect_to_sent_page("password_reset.requested", mail_id)


@bp.get("/sent")
def requested() -> Response:
    """The page that says that a mail was sent."""
    return render_sent_page(_("Check your e-mail"))


@bp.get("/<token>")
def reset(token: str) -> Response:
    """The form behind the mailed link: the new password."""
    return render_page("reset", form=Form(), email=_find_user(tokens.read_password_reset(token)).email)


@bp.post("/<token>")
@rate_limiting.limit("password-reset.address")
def set_password(token: str) -> Response:
    """Set the new password; this ends all sign-ins of the account."""
    payload, form = tokens.read_password_reset(token), Form(request.form)
    user = _find_user(payload)
    email = user.email
    password = read_new_password(form, "password", email, user.name)
    if form.errors:
        return render_page("reset", form=form, email=email)
    if not credentials.reset_password(payload.user_id, payload.generation, password):
        raise tokens.LinkError
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "new-password")


def _find_user(payload: tokens.PasswordReset) -> User:
    """Return the account that the link is for; raises LinkError if the link is used up."""
    user = credentials.find_by_id(payload.user_id)
    if user is None or user.generation != payload.generation:
        raise tokens.LinkError
    return user
