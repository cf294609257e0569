"""The page of one order, for its owner and for holders of the mailed link; and the list of an account's orders."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.checkout import access, payment, queries
from storefront.checkout.errors import OrderError
from storefront.checkout.pages import (
    allow_form_targets,
    begin_payment,
    blueprint,
    page_number,
    redirect_to_order,
    render_page,
)
from storefront.checkout.payment.cancellation import cancel_order
from storefront.checkout.queries import OrderView
from storefront.mail import development
from storefront.postal import address_rules

bp: Blueprint = blueprint("orders", __name__)
history_bp: Blueprint = blueprint("history", __name__)


@bp.get("/orders/<number>")
@rate_limiting.limit("order")
def show(number: str) -> Response:
    """The order."""
    return _page(access.find_order(number, _token()))


@bp.post("/orders/<number>/cancellation")
@rate_limiting.limit("order")
def cancel(number: str) -> Response:
    """Call it off, as long as nothing was sent. Twice is no mistake."""
    order = access.find_order(number, _token())
    if order.state != "cancelled":
        try:
            cancel_order(order, actor="customer")
        except OrderError as error:
            return _page(
                access.find_order(number, _token()), error.status, problem=f"{error} Write to us instead."
            )
    return redirect_to_order(order, "cancelled", _token())


@bp.post("/orders/<number>/payment")
@rate_limiting.limit("checkout")
def pay(number: str) -> Response:
    """Begin to pay, or go on with it."""
    order = access.find_order(number, _token())
    going = begin_payment(order) if order.state == "placed" and order.due.amount else None
    return going or redirect_to_order(order, "paying", _token())


@history_bp.get("/account/orders")
@accounts.sign_in_required
def history(user: User) -> Response:
    """All orders, the newest first."""
    found = queries.list_account_orders(user.id, page_number())
    return render_page("checkout/orders.html", orders=found, account_pages=accounts.account_pages())


def _page(order: OrderView, status: int = 200, problem: str = "") -> Response:
    provider = payment.provider_of(order)
    if request.args.get("said") == "not-begun" and not problem:
        problem = (
            "The payment could not be begun just now; nothing was charged. Your order is kept: try again."
        )
    answer = render_page(
        "checkout/order.html",
        status,
        order=order,
        token=_token(),
        ship_to=address_rules.address_lines(order.ship_to),
        bill_to=address_rules.address_lines(order.bill_to or {}),
        provider=provider,
        instructions=provider.instructions(order)
        if provider and order.state in ("placed", "shipped")
        else (),
        letter=development.find(request.args.get("letter", "")),
        writes=bool(current_app.config["SMTP_URL"]) or development.is_active(),
        problem=problem,
        signed_in=accounts.current_user() is not None,
    )
    return allow_form_targets(answer, provider.origin if provider else "")


def _token() -> str:
    return request.args.get("token", "")
