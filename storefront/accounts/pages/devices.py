"""The page that lists the browsers in which an account is signed in, and signs them out."""

from __future__ import annotations

from werkzeug.wrappers import Response

from storefront.accounts import authentication, cookie, credentials, queries
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, redirect_with_notice, render_page
from storefront.extensions import write_transaction

bp = make_blueprint("devices", __name__, "/account/devices")


@bp.get("")
@authentication.sign_in_required
def devices(user: User) -> Response:
    """All valid sign-ins of the account."""
    presented = cookie.read()
    return render_page(
        "devices", sign_ins=queries.list_sign_ins(user.id), here=presented and presented.digest
    )


@bp.post("/<int(max=2147483647):sign_in_id>/removal")
@authentication.sign_in_required
def end(user: User, sign_in_id: int) -> Response:
    """Sign out in one browser."""
    authentication.revoke_sign_in(user.id, sign_in_id)
    return redirect_with_notice("devices.devices", "device")


@bp.post("/removal")
@authentication.sign_in_required
def end_all(user: User) -> Response:
    """Sign out in all browsers, including this one."""
    user_id = user.id
    with write_transaction() as session:
        credentials.start_generation(session, user_id, stay=False)
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "everywhere")
