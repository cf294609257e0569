"""The page "Security" of an account: passkeys, the authenticator app, and recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response as FlaskResponse
from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.accounts import authentication
from storefront.accounts.authentication import first_factor_required
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, redirect_with_notice, render_page
from storefront.accounts.pages.recent_proof import recent_proof_required
from storefront.accounts.pages.sign_in import next_path
from storefront.accounts.second_factor import factors, passkeys, recovery_codes, totp
from storefront.accounts.second_factor.factors import LastFactorError
from storefront.accounts.second_factor.passkeys import PasskeyError
from storefront.accounts.second_factor.verification import record_change
from storefront.accounts.security_events import FactorChange
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.web.forms import Form
from storefront.web.prefix import add_prefix

bp = make_blueprint("security", __name__, "/account/security")


@bp.get("")
@first_factor_required
def overview(user: User) -> Response:
    """All second factors of the account."""
    return _render_overview(user)


@bp.get("/app")
@first_factor_required
@recent_proof_required()
def offer_app(user: User) -> Response:
    """The form that sets up an authenticator app, with a new secret."""
    return _render_app(user, Form(), totp.offer_secret(user.id))


@bp.post("/app")
@first_factor_required
@recent_proof_required()
def confirm_app(user: User) -> Response:
    """Set up the app, if its code is right."""
    form, offer = Form(request.form), request.form.get("offer", "")[:1000]
    user_id, code = user.id, "".join(form.typed("code").split())
    if totp.read_offer(user_id, offer) is None:
        return redirect(url_for("security.offer_app", next=next_path()), 303)
    if not totp.confirm(user_id, offer, code):
        form.errors["code"] = _("Incorrect code. Enter the code your app shows now.")
        return _render_app(user, form, offer)
    record_change(user_id, "app-added")
    return _go_on(user_id, "app")


@bp.post("/app/removal")
@first_factor_required
@recent_proof_required()
def remove_app(user: User) -> Response:
    """Remove the app."""
    return _remove(user, factors.remove_app, "app-removed")


@bp.post("/passkeys")
@first_factor_required
@recent_proof_required()
def add_passkey(user: User) -> Response:
    """Add a passkey that the browser has made."""
    form, user_id = Form(request.form), user.id
    name = form.text("name", _("the name"), most=100, required=False) or _("Passkey")
    try:
        passkeys.register(user_id, form.typed("credential"), name)
    except PasskeyError as error:
        return _render_overview(user, str(error))
    record_change(user_id, "passkey-added")
    return _go_on(user_id, "passkey")


@bp.post("/passkeys/<int:passkey_id>/removal")
@first_factor_required
@recent_proof_required()
def remove_passkey(user: User, passkey_id: int) -> Response:
    """Remove one passkey."""
    return _remove(user, partial(factors.remove_passkey, passkey_id=passkey_id), "passkey-removed")


@bp.post("/recovery-codes")
@first_factor_required
@recent_proof_required()
def renew_recovery_codes(user: User) -> Response:
    """Make new recovery codes, and show them."""
    user_id = user.id
    if not factors.has_factor(user_id):
        return _render_overview(
            user, _("Set up a passkey or an app first. Recovery codes are a backup for those.")
        )
    record_change(user_id, "recovery-codes-made")
    return _show_new_codes(user_id)


@bp.post("/recovery-codes/file")
@authentication.sign_in_required
def download_recovery_codes(user: User) -> Response:
    """Return the codes that the page shows as a text file. The shop itself has only their digests."""
    codes = request.form.get("codes", "")[:1000].split()
    if not recovery_codes.are_of(user.id, codes):
        return redirect(url_for("security.overview"), 303)
    head = _("Recovery codes for %(shop)s", shop=shop_settings.current().name)
    answer: FlaskResponse = make_response("\n".join([head, "", *codes, ""]))
    answer.mimetype = "text/plain"
    answer.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return answer


def _remove(user: User, remove: Callable[[int], None], change: FactorChange) -> Response:
    """Remove a factor of the account, unless it is the last one of staff."""
    user_id = user.id
    try:
        remove(user_id)
    except LastFactorError as error:
        return _render_overview(user, str(error))
    record_change(user_id, change)
    return redirect_with_notice("security.overview", "factor-removed")


def _go_on(user_id: int, notice: str) -> Response:
    """Show recovery codes after the first factor was set up; else go back."""
    if recovery_codes.count_unused(user_id) == 0:
        return _show_new_codes(user_id)
    return redirect_with_notice("security.overview", notice)


def _show_new_codes(user_id: int) -> Response:
    with write_transaction() as session:
        codes = recovery_codes.make_codes(session, user_id)
    going = add_prefix(next_path(url_for("security.overview")))
    return render_page("recovery-codes", codes=codes, going=going)


def _render_overview(user: User, problem: str = "") -> Response:
    has, usable = factors.read_factors(user.id), passkeys.are_available()
    return render_page(
        "security",
        422 if problem else 200,
        problem=problem,
        going=next_path(url_for("security.overview")),
        due=factors.must_set_up(user),
        has=has,
        passkeys=passkeys.list_passkeys(user.id),
        options=passkeys.registration_options(user) if usable else None,
        main_address=passkeys.main_address(),
        codes_left=recovery_codes.count_unused(user.id),
        codes_made=recovery_codes.COUNT,
    )


def _render_app(user: User, form: Form, offer: str) -> Response:
    secret = totp.read_offer(user.id, offer) or ""
    picture = totp.draw_qr_code(totp.provisioning_uri(secret, user.email))
    return render_page(
        "authenticator-app", form=form, offer=offer, secret=secret, picture=picture, going=next_path()
    )
