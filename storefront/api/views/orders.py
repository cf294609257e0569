"""/api/v1/orders: lists, single orders, and changes of their state."""

from __future__ import annotations

from typing import Any, get_args

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from storefront import rate_limiting
from storefront.api import idempotency, orders, tokens
from storefront.api.operations import (
    PAGE,
    Parameter,
    add_page_links,
    check_parameters,
    operation,
    private_response,
)
from storefront.api.schemas import Order, OrderList, OrderState, OrderStateInput
from storefront.catalog.list_request import parse_page_number

bp = Blueprint("api_orders", __name__, url_prefix="/api/v1")

STATES = list(get_args(OrderState))
_STATE = Parameter("state", {"type": "string", "enum": STATES}, "Only orders in this state.")


@bp.get("/orders")
@rate_limiting.limit("api")
@operation("List orders, 50 to a page", OrderList, scope="orders:read", parameters=(PAGE, _STATE))
def order_list() -> Response:
    """The orders of the shop, newest first."""
    check_parameters((PAGE, _STATE), request.args)
    page, state = parse_page_number(request.args.get("page", "")), request.args.get("state")
    result = orders.list_orders(page, state)
    return add_page_links(private_response(result), page, result.pages)


@bp.get("/orders/<number>")
@rate_limiting.limit("api")
@operation("Read an order", Order, scope="orders:read", errors=(404,))
def order(number: str) -> Order:
    """An order with its lines and events."""
    return orders.find_order(number)


@bp.put("/orders/<number>/state")
@rate_limiting.limit("api")
@operation(
    "Change the state of an order",
    Order,
    scope="orders:write",
    body=OrderStateInput,
    parameters=(idempotency.PARAMETER,),
    errors=(404, 409, 413, 415, 422),
)
def put_state(number: str, body: OrderStateInput) -> Any:
    """Ship, deliver or cancel an order; 409 if its state does not allow it. Cancelled items return to stock."""
    caller = tokens.require_scopes("orders:write")

    def change_state(session: Session) -> Order:
        return orders.change_state(session, number, body.state, note=body.note)

    result = idempotency.run_once(caller, change_state)
    if body.state == "cancelled":
        orders.close_payment_and_refund(number)
    return result
