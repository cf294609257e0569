"""The second step of a sign-in: a passkey, a code of the app or a recovery code. Also signing in by passkey alone."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import rate_limiting
from storefront.accounts import authentication, credentials, known_devices, pending_sign_ins
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.accounts.pages.sign_in import next_path, redirect_to_login
from storefront.accounts.second_factor import factors, passkeys, verification
from storefront.accounts.second_factor.passkeys import PasskeyError
from storefront.web.forms import Form

bp = make_blueprint("second_step", __name__, "/account/login")


@bp.get("/second-factor")
def ask() -> Response:
    """The form for the second factor. Without a password before, it leads to the sign-in page."""
    pending = pending_sign_ins.find()
    if pending is None:
        return redirect_to_login(next_path())
    return _render(pending.user_id, Form())


@bp.post("/second-factor")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
def answer() -> Response:
    """Check the second factor, and sign in."""
    pending, form = pending_sign_ins.find(), Form(request.form)
    if pending is None:
        return redirect(url_for("sign_in.login", next=next_path()), 303)
    user_id, generation, kept, digest = pending.user_id, pending.generation, pending.kept, pending.digest
    if not verification.is_proven(user_id, form) and pending_sign_ins.find() is not None:
        return _render(user_id, form)
    # Of a form that was sent twice, or from two tabs, one request signs in; the sign-in page lets the other go on.
    if (
        form.errors
        or not pending_sign_ins.end(digest)
        or not authentication.sign_in(user_id, generation, keep=kept)
    ):
        return redirect(url_for("sign_in.login", next=next_path()), 303)
    return redirect(next_path(), 303)


@bp.post("/passkey")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
def sign_in_with_passkey() -> Response:
    """Sign in with a passkey alone: its authenticator has verified the person."""
    form = Form(request.form)
    try:
        user = credentials.find_by_id(passkeys.verify(form.typed("credential"), None))
    except PasskeyError as error:
        form.errors[""] = str(error)
        user = None
    if user is None or not authentication.sign_in(user.id, user.generation, keep=form.ticked("keep")):
        form.errors.setdefault("", str(PasskeyError()))
        return render_page("login", form=form, going=next_path(), options=passkeys.proof_options(None))
    return redirect(next_path(), 303)


def _render(user_id: int, form: Form) -> Response:
    has_app, options = factors.read_factors(user_id).app, passkeys.proof_options(user_id)
    return render_page("second-step", form=form, going=next_path(), has_app=has_app, options=options)
