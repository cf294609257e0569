"""A new password for whoever forgot the old one, by a mailed link."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, messages, tokens
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
)
from storefront.accounts.pages.sign_in import submitted_email
from storefront.accounts.password_fields import read_new_password
from storefront.extensions import write_transaction
from storefront.mail import development
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp = make_blueprint("password_reset", __name__, "/account/reset")


@bp.get("")
def request_link() -> Response:
    """The form: an e-mail, to which a link is sent."""
    return render_page("reset-request", form=Form())


@bp.post("")
@rate_limiting.limit("password-reset.address", "password-reset.account", account=submitted_email)
def send_link() -> Response:
    """Send a link if there is such an account; the answer and its cost are the same if not."""
    form = Form(request.form)
    email = read_email(form)
    if form.errors:
        return render_page("reset-request", form=form)
    user = credentials.find_by_email(email)
    user_id, generation = (user.id, user.generation) if user else (0, 0)
    with write_transaction() as session:
        letter = mail.enqueue(session, email if user else None, messages.reset_link(user_id, generation))
    return redirect_to_sent_page("password_reset.requested", letter)


@bp.get("/sent")
def requested() -> Response:
    """Says to look into one's mail."""
    return render_page(
        "sent", title="Look into your mail", letter=development.find(request.args.get("letter", ""))
    )


@bp.get("/<token>")
def reset(token: str) -> Response:
    """The form behind the link."""
    return render_page("reset", form=Form(), email=_find_email(tokens.read_password_reset(token)))


@bp.post("/<token>")
@rate_limiting.limit("password-reset.address")
def set_password(token: str) -> Response:
    """Set the new password; every sign-in ends."""
    says, form = tokens.read_password_reset(token), Form(request.form)
    email = _find_email(says)
    password = read_new_password(form, "password", email)
    if form.errors:
        return render_page("reset", form=form, email=email)
    if not credentials.change_credentials(says.user_id, says.generation, password=password, stay=False):
        raise tokens.LinkError
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "new-password")


def _find_email(says: tokens.PasswordReset) -> str:
    """Return the e-mail of the account whose link this is, if it may still be used."""
    user = credentials.find_by_id(says.user_id)
    if user is None or user.generation != says.generation:
        raise tokens.LinkError
    return user.email
