"""One's own account: name, e-mail, password, what can be taken along, and going for good."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import jsonify, request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, messages, privacy, tokens
from storefront.accounts.credentials import EmailTakenError
from storefront.accounts.models import User
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
)
from storefront.accounts.password_fields import read_new_password, read_password
from storefront.accounts.sign_in_limits import TooManyFailuresError
from storefront.extensions import write_transaction
from storefront.mail import development
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp = make_blueprint("accounts", __name__, "/account")


@bp.get("")
@authentication.sign_in_required
def overview(user: User) -> Response:
    """The account."""
    return _render_overview(user)


@bp.post("/name")
@authentication.sign_in_required
def change_name(user: User) -> Response:
    """Change the name."""
    form = Form(request.form)
    name = form.text("name", "Your name", most=100, required=False)
    if form.errors:
        return _render_overview(user, name=form)
    with write_transaction():
        user.name = name
    return redirect_with_notice("accounts.overview", "name")


@bp.post("/password")
@rate_limiting.limit("sign-in.address")
@authentication.sign_in_required
def change_password(user: User) -> Response:
    """Change the password; other devices are signed out."""
    form, generation, user_id = Form(request.form), user.generation, user.id
    email, name = user.email, user.name
    owner = _password_is_right(user, form, "current_password")
    password = read_new_password(form, "password", email, name)
    if not owner or form.errors:
        return _render_overview(user, password=form)
    if not credentials.change_credentials(user_id, generation, password=password):
        return redirect_with_notice("sign_in.login", "everywhere")
    authentication.renew_session()
    return redirect_with_notice("accounts.overview", "password")


@bp.post("/email")
@rate_limiting.limit(
    "sign-in.address", "password-reset.account", account=lambda: request.form.get("email", "")
)
@authentication.sign_in_required
def change_email(user: User) -> Response:
    """Send a link to the new e-mail; nothing changes before it is opened."""
    form, user_id, generation = Form(request.form), user.id, user.generation
    email = read_email(form)
    if not _password_is_right(user, form, "password") or form.errors:
        return _render_overview(user, email=form)
    taken = credentials.find_by_email(email) is not None
    with write_transaction() as session:
        text = messages.account_exists() if taken else messages.confirm_new_email(user_id, generation, email)
        letter = mail.enqueue(session, email, text)
    return redirect_to_sent_page("accounts.email_sent", letter)


@bp.get("/email/sent")
@authentication.sign_in_required
def email_sent(_user: User) -> Response:
    """Says to look into the new mailbox."""
    return render_page(
        "sent", title="Confirm your new e-mail", letter=development.find(request.args.get("letter", ""))
    )


@bp.get("/email/<token>")
def confirm_email(token: str) -> Response:
    """The button behind the link: what only fetches links, as mail scanners do, changes nothing."""
    says = tokens.read_email_change(token)
    user = credentials.find_by_id(says.user_id)
    if user is None or user.generation != says.generation:
        raise tokens.LinkError
    return render_page("confirm-email", email=says.email)


@bp.post("/email/<token>")
@rate_limiting.limit("password-reset.address")
def set_email(token: str) -> Response:
    """Make it the account's e-mail; other devices are signed out."""
    says = tokens.read_email_change(token)
    try:
        changed = credentials.change_credentials(says.user_id, says.generation, email=says.email)
    except EmailTakenError:
        changed = False
    if not changed:
        raise tokens.LinkError
    return redirect_with_notice("accounts.overview", "email")


@bp.get("/data")
@authentication.sign_in_required
def data(user: User) -> Response:
    """All that the shop keeps of a person, to take along."""
    answer: FlaskResponse = jsonify(privacy.export_data(user))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@bp.get("/deletion")
@authentication.sign_in_required
def deletion(_user: User) -> Response:
    """Asks once more."""
    return render_page("deletion", form=Form())


@bp.post("/deletion")
@rate_limiting.limit("sign-in.address")
@authentication.sign_in_required
def delete(user: User) -> Response:
    """Delete the account."""
    form, user_id = Form(request.form), user.id
    if not _password_is_right(user, form, "password"):
        return render_page("deletion", form=form)
    privacy.delete_account(user_id)
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "closed")


def _password_is_right(user: User, form: Form, field: str) -> bool:
    """Return whether the account's password stands in this field; if not, the form says so."""
    password, email = read_password(form, field), user.email
    if not password:
        return False
    try:
        right = credentials.authenticate(email, password) is not None
    except TooManyFailuresError as error:
        form.errors[field] = str(error)
        return False
    if not right:
        form.errors[field] = "That is not your password."
    return right


def _render_overview(user: User, **forms: Form) -> Response:
    current = {"name": user.name, "email": user.email}
    shown: dict[str, Any] = {
        f"{about}_form": forms.get(about) or Form(values={} if about == "email" else current)
        for about in ("name", "email", "password")
    }
    return render_page("account", user=user, **shown)
