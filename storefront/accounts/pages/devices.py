"""Where one is signed in, and ending it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from storefront.accounts import cookie, credentials, queries, signing_in
from storefront.accounts.models import User
from storefront.accounts.pages.page import blueprint, done, page
from storefront.extensions import writing

bp = blueprint("devices", __name__, "/account/devices")


@bp.get("")
@signing_in.required
def devices(user: User) -> Response:
    """All browsers in which one is signed in."""
    presented = cookie.presented()
    return page("devices", sign_ins=queries.sign_ins(user.id), here=presented and presented.digest)


@bp.post("/<int(max=2147483647):sign_in_id>/removal")
@signing_in.required
def end(user: User, sign_in_id: int) -> Response:
    """Sign out there."""
    signing_in.end(user.id, sign_in_id)
    return done("devices.devices", "device")


@bp.post("/removal")
@signing_in.required
def end_all(user: User) -> Response:
    """Sign out everywhere, here too."""
    user_id = user.id
    with writing() as session:
        credentials.renew(session, user_id, stay=False)
    signing_in.leave()
    return done("entering.login", "everywhere")
