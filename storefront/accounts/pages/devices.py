"""The page that lists the devices of an account, signs it out there, and makes them unknown to it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from storefront.accounts import (
    authentication,
    cookie,
    credentials,
    known_devices,
    queries,
    security_events,
)
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, redirect_with_notice, render_page
from storefront.accounts.pages.recent_proof import recent_proof_required
from storefront.extensions import write_transaction

bp = make_blueprint("devices", __name__, "/account/devices")


@bp.get("")
@authentication.sign_in_required
def devices(user: User) -> Response:
    """All valid sign-ins of the account, and its known devices that are signed out."""
    presented, sign_ins = cookie.read(), queries.list_sign_ins(user.id)
    signed_in = {sign_in.known_device_id for sign_in in sign_ins}
    known = [device for device in queries.list_known_devices(user.id) if device.id not in signed_in]
    return render_page("devices", sign_ins=sign_ins, here=presented and presented.digest, known=known)


@bp.post("/<int:sign_in_id>/removal")
@authentication.sign_in_required
@recent_proof_required()
def end(user: User, sign_in_id: int) -> Response:
    """Sign out in one browser, which becomes unknown to the account."""
    authentication.revoke_sign_in(user.id, sign_in_id)
    return redirect_with_notice("devices.devices", "device")


@bp.post("/known/<int:device_id>/removal")
@authentication.sign_in_required
@recent_proof_required()
def forget(user: User, device_id: int) -> Response:
    """Make a device that is signed out unknown to the account."""
    known_devices.forget(user.id, device_id)
    return redirect_with_notice("devices.devices", "device-forgotten")


@bp.post("/removal")
@authentication.sign_in_required
@recent_proof_required()
def end_all(user: User) -> Response:
    """Sign out in all browsers, including this one."""
    user_id = user.id
    with write_transaction() as session:
        credentials.start_generation(session, user_id, stay=False)
        security_events.record(session, "sign-out-everywhere", user_id)
    authentication.forget_sign_in()
    return redirect_with_notice("sign_in.login", "everywhere")
