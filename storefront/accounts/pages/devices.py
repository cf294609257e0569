"""Where one is signed in, and ending it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from storefront.accounts import authentication, cookie, credentials, queries
from storefront.accounts.models import User
from storefront.accounts.pages.page import blueprint, done, page
from storefront.extensions import write_transaction

bp = blueprint("devices", __name__, "/account/devices")


@bp.get("")
@authentication.required
def devices(user: User) -> Response:
    """All browsers in which one is signed in."""
    presented = cookie.presented()
    return page("devices", sign_ins=queries.sign_ins(user.id), here=presented and presented.digest)


@bp.post("/<int(max=2147483647):sign_in_id>/removal")
@authentication.required
def end(user: User, sign_in_id: int) -> Response:
    """Sign out there."""
    authentication.end(user.id, sign_in_id)
    return done("devices.devices", "device")


@bp.post("/removal")
@authentication.required
def end_all(user: User) -> Response:
    """Sign out everywhere, here too."""
    user_id = user.id
    with write_transaction() as session:
        credentials.renew(session, user_id, stay=False)
    authentication.leave()
    return done("entering.login", "everywhere")
