"""The page of one order, for its owner and for holders of the mailed link; and the list of an account's orders."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.checkout import access, queries
from storefront.checkout.errors import OrderError
from storefront.checkout.order_view import OrderView
from storefront.checkout.pages import (
    allow_form_targets,
    begin_payment,
    blueprint,
    redirect_to_order,
    render_page,
)
from storefront.checkout.payment.cancellation import cancel_order
from storefront.checkout.terms import current_terms
from storefront.i18n import gettext as _
from storefront.mail import transport
from storefront.postal.address_lines import address_lines
from storefront.web.page_numbers import read_page_number

bp: Blueprint = blueprint("orders", __name__)
history_bp: Blueprint = blueprint("history", __name__)


@bp.get("/orders/<number>")
@rate_limiting.limit("order")
def show(number: str) -> Response:
    """Show the order."""
    return _page(access.find_order(number, _token()))


@bp.post("/orders/<number>/cancellation")
@rate_limiting.limit("order")
def cancel(number: str) -> Response:
    """Cancel the order, unless it was shipped. A second request changes nothing."""
    order = access.find_order(number, _token())
    if order.link_expired:
        return _page(order, 403, _("This link has expired. Sign in or contact us to cancel the order."))
    if order.state != "cancelled":
        try:
            cancel_order(order)
        except OrderError as error:
            problem = _("This order can no longer be cancelled. Please contact us.")
            return _page(access.find_order(number, _token()), error.status, problem)
    return redirect_to_order(order, "cancelled", _token())


@bp.post("/orders/<number>/payment")
@rate_limiting.limit("checkout")
def pay(number: str) -> Response:
    """Begin or continue the payment."""
    order = access.find_order(number, _token())
    to_provider = None
    if order.state == "placed" and order.due.amount and not order.link_expired:
        to_provider = begin_payment(order)
    return to_provider or redirect_to_order(order, "paying", _token())


@history_bp.get("/account/orders")
@accounts.sign_in_required
def history(user: User) -> Response:
    """List the account's orders, newest first."""
    orders = queries.list_account_orders(user, read_page_number())
    return render_page("checkout/orders.html", orders=orders, account_pages=accounts.account_pages())


def _page(order: OrderView, status: int = 200, problem: str = "") -> Response:
    provider = current_terms().provider_of(order)
    if request.args.get("said") == "not-begun" and not problem:
        problem = _(
            "We couldn’t start the payment. You haven’t been charged, and your order is saved. Please try "
            "again."
        )
    shows_instructions = provider is not None and order.state in ("placed", "shipped", "delivered")
    answer = render_page(
        "checkout/order.html",
        status,
        order=order,
        token=_token(),
        ship_to=address_lines(order.ship_to),
        bill_to=address_lines(order.bill_to or {}),
        provider=provider,
        instructions=provider.instructions(order) if provider and shows_instructions else (),
        letter=accounts.find_letter(request.args.get("letter", "")),
        writes=bool(current_app.config["SMTP_URL"]),
        stored=transport.stores_mail(),
        problem=problem,
        signed_in=accounts.current_user() is not None,
    )
    return allow_form_targets(answer, provider.origin if provider else "")


def _token() -> str:
    return request.args.get("token", "")
