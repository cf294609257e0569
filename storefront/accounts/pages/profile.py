"""The pages of one's own account: name, e-mail, password, data export and deletion."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import jsonify, request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, known_devices, messages, privacy, tokens
from storefront.accounts.credentials import EmailTakenError
from storefront.accounts.models import User
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
    render_sent_page,
)
from storefront.accounts.pages.password_check import is_own_password
from storefront.accounts.pages.recent_proof import recent_proof_required
from storefront.accounts.pages.sign_in import submitted_email
from storefront.accounts.passwords import read_new_password
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.mail.email_address import exact_email, read_email
from storefront.web.forms import Form

bp = make_blueprint("accounts", __name__, "/account")


@bp.get("")
@authentication.sign_in_required
def overview(user: User) -> Response:
    """The account with its forms."""
    return _render_overview(user)


@bp.post("/name")
@authentication.sign_in_required
def change_name(user: User) -> Response:
    """Change the name."""
    form = Form(request.form)
    name = form.text("name", _("your name"), most=100, required=False)
    if form.errors:
        return _render_overview(user, name=form)
    with write_transaction():
        user.name = name
    return redirect_with_notice("accounts.overview", "name")


@bp.post("/marketing/withdrawal")
@authentication.sign_in_required
def withdraw_consent(user: User) -> Response:
    """Withdraw the consent to news by mail, which another shop's customers bring along."""
    with write_transaction():
        user.marketing_consent_at, user.marketing_consent_source = None, ""
    return redirect_with_notice("accounts.overview", "consent")


@bp.post("/password")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
@authentication.sign_in_required
def change_password(user: User) -> Response:
    """Change the password; other devices are signed out."""
    form, generation, user_id = Form(request.form), user.generation, user.id
    email, name = user.email, user.name
    is_owner = is_own_password(user, form, "current_password")
    password = read_new_password(form, "password", email, name)
    if not is_owner or form.errors:
        return _render_overview(user, password=form)
    if not credentials.change_credentials(user_id, generation, password=password):
        return redirect_with_notice("sign_in.login", "everywhere")
    authentication.renew_session()
    return redirect_with_notice("accounts.overview", "password")


@bp.post("/email")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
@rate_limiting.limit("password-reset.account", account=submitted_email)
@authentication.sign_in_required
def change_email(user: User) -> Response:
    """Mail a link to the new address; the e-mail changes only when the link is used."""
    form, user_id, generation, locale = Form(request.form), user.id, user.generation, user.locale
    email = read_email(form)
    if not is_own_password(user, form, "password") or form.errors:
        return _render_overview(user, email=form)
    owner, exact = credentials.find_by_email(email), exact_email(request.form["email"])
    change = tokens.EmailChange(user_id, generation, email, exact)
    text = messages.account_exists(owner.locale) if owner else messages.confirm_new_email(change, locale)
    with write_transaction() as session:
        mail_id = mail.enqueue_limited(session, email, text)
    return redirect_to_sent_page("accounts.email_sent", mail_id)


@bp.get("/email/sent")
@authentication.sign_in_required
def email_sent(_user: User) -> Response:
    """The page that says that a mail was sent to the new address."""
    return render_sent_page(_("Confirm your new e-mail address"))


@bp.get("/email/<token>")
def confirm_email(token: str) -> Response:
    """The page behind the mailed link. It has a button: mail scanners open links, and that must change nothing."""
    change = tokens.read_email_change(token)
    user = credentials.find_by_id(change.user_id)
    if user is None or user.generation != change.generation:
        raise tokens.LinkError
    return render_page("confirm-email", email=change.email)


@bp.post("/email/<token>")
@rate_limiting.limit("password-reset.address")
def set_email(token: str) -> Response:
    """Set the account's new e-mail; other devices are signed out."""
    change = tokens.read_email_change(token)
    try:
        changed = credentials.change_credentials(
            change.user_id, change.generation, email=change.email, exact=change.exact
        )
    except EmailTakenError:
        changed = False
    if not changed:
        raise tokens.LinkError
    return redirect_with_notice("accounts.overview", "email")


@bp.get("/data")
@authentication.sign_in_required
@recent_proof_required()
def data(user: User) -> Response:
    """All data that the shop keeps of the person, as a JSON file."""
    answer: FlaskResponse = jsonify(privacy.export_data(user))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@bp.get("/deletion")
@authentication.sign_in_required
def deletion(_user: User) -> Response:
    """The form that asks for the password before the account is deleted."""
    return render_page("deletion", form=Form())


@bp.post("/deletion")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
@authentication.sign_in_required
def delete(user: User) -> Response:
    """Delete the account."""
    form, user_id = Form(request.form), user.id
    if not is_own_password(user, form, "password"):
        return render_page("deletion", form=form)
    privacy.delete_account(user_id)
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "closed")


def _render_overview(user: User, **forms: Form) -> Response:
    """Return the account's page, with these submitted forms (name, email, password) in place of fresh ones."""
    current = {"name": user.name, "email": user.email}
    shown: dict[str, Any] = {
        f"{field}_form": forms.get(field) or Form(values={} if field == "email" else current)
        for field in ("name", "email", "password")
    }
    return render_page("account", user=user, **shown)
