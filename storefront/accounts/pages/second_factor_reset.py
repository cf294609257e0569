"""The page behind the link of `flask user reset-second-factor`: for a person who has lost their second factor."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import rate_limiting
from storefront.accounts import authentication, credentials, known_devices, tokens
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.accounts.pages.password_check import is_own_password
from storefront.accounts.second_factor import factors
from storefront.accounts.second_factor.verification import record_change
from storefront.extensions import write_transaction
from storefront.web.forms import Form

bp = make_blueprint("second_factor_reset", __name__, "/account/second-factor-reset")


@bp.get("/<token>")
def show(token: str) -> Response:
    """The form that asks for the password."""
    user, _generation = _find_user(token)
    return render_page("second-factor-reset", form=Form(), email=user.email)


@bp.post("/<token>")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
def use(token: str) -> Response:
    """After the right password: remove all second factors, end all sign-ins, sign in, and lead to the set-up."""
    form, (user, generation) = Form(request.form), _find_user(token)
    user_id, email = user.id, user.email
    if not is_own_password(user, form, "password"):
        return render_page("second-factor-reset", form=form, email=email)
    with write_transaction() as session:
        user_now = credentials.start_generation(session, user_id, generation, stay=False)
        if user_now is None:
            raise tokens.LinkError
        now = user_now.generation
        factors.remove_all(session, user_id)
    record_change(user_id, "reset")
    if not authentication.sign_in(user_id, now, keep=False):
        raise tokens.LinkError
    return redirect(url_for("security.overview"), 303)


def _find_user(token: str) -> tuple[User, int]:
    """Return the account that the link is for, and its generation; raises LinkError if the link is used up."""
    payload = tokens.read_second_factor_reset(token)
    user = credentials.find_by_id(payload.user_id)
    if user is None or user.generation != payload.generation or user.disabled_at is not None:
        raise tokens.LinkError
    return user, payload.generation
