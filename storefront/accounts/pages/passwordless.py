"""The page behind a sign-in link. Opening it changes nothing, so that no preview or prefetch uses the link up."""

from __future__ import annotations

from flask import abort, redirect
from werkzeug.wrappers import Response

from storefront import rate_limiting
from storefront.accounts import authentication, sign_in_links
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.web.prefix import add_prefix

bp = make_blueprint("sign_in_links", __name__, "/account/link")


@bp.before_request
def check_request() -> None:
    """Answer 404 in production, and 403 to requests that did not come directly from this machine."""
    if not sign_in_links.are_accepted():
        abort(404)
    sign_in_links.check_machine()


@bp.get("/<token>")
@rate_limiting.limit("password-reset.address")
def show(token: str) -> Response:
    """The page with the button that signs in."""
    is_valid = sign_in_links.is_valid(token)
    return render_page("sign-in-link", 200 if is_valid else 410, is_valid=is_valid)


@bp.post("/<token>")
@rate_limiting.limit("password-reset.address")
def use(token: str) -> Response:
    """Sign in, and go on to the back office."""
    if not sign_in_links.redeem(token):
        return render_page("sign-in-link", 410, is_valid=False)
    user = authentication.current_user()
    return redirect(add_prefix(authentication.OFFICE if user and user.is_staff else authentication.HOME), 303)
