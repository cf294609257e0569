"""/api/v1/variants: the stock of variants."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session

from storefront import rate_limiting, stock
from storefront.api import idempotency, tokens
from storefront.api.operations import Parameter, operation
from storefront.api.problems import ProblemError
from storefront.api.schemas import DeliveryInput, Fault, StockInput, VariantStock
from storefront.errors import BadInputError

bp = Blueprint("api_variant_stock", __name__, url_prefix="/api/v1")
_SKU = Parameter(
    "sku", {"type": "string", "minLength": 1, "maxLength": 255}, "The variant's code.", required=True
)


@bp.put("/variants/<path:sku>/stock")
@rate_limiting.limit("api")
@operation(
    "Set the stock of a variant",
    VariantStock,
    scope="stock:write",
    body=StockInput,
    parameters=(idempotency.PARAMETER,),
    errors=(404, 409, 413, 415, 422),
)
def put_stock(sku: str, body: StockInput) -> Any:
    """Set how many of a variant can be bought, in addition to the reserved ones. Open pages update live."""
    return _set_stock(sku, body)


@bp.put("/variants/stock")
@rate_limiting.limit("api")
@operation(
    "Set the stock of a variant with any code",
    VariantStock,
    scope="stock:write",
    body=StockInput,
    parameters=(_SKU, idempotency.PARAMETER),
    errors=(404, 409, 413, 415, 422),
)
def put_stock_of(body: StockInput) -> Any:
    """The same with the code in the query, for codes such as `.`, which a path cannot hold."""
    if not (sku := request.args.get("sku", "")):
        raise BadInputError("sku", "Name the variant: /variants/stock?sku=CODE")
    return _set_stock(sku, body)


@bp.post("/variants/deliveries")
@rate_limiting.limit("api")
@operation(
    "Add a delivery to the stock of a variant",
    VariantStock,
    scope="stock:write",
    body=DeliveryInput,
    parameters=(idempotency.PARAMETER,),
    errors=(404, 409, 413, 415, 422),
)
def post_delivery(body: DeliveryInput) -> Any:
    """Add what has arrived to what is there, however much that is by now."""
    caller = tokens.require_scopes("stock:write")

    def receive(session: Session) -> VariantStock:
        item = stock.receive(session, body.sku, body.quantity, reason=body.reason.strip())
        return VariantStock(body.sku, item.product_id, item.available)

    return idempotency.run_once(caller, receive)


def _set_stock(sku: str, body: StockInput) -> Any:
    caller = tokens.require_scopes("stock:write")
    if not body.reason.strip():
        raise ProblemError(422, "The ledger needs a reason.", Fault("This cannot be blank.", "/reason"))

    def set_stock(session: Session) -> VariantStock:
        _, product_id = stock.set_available(
            session, sku, body.stock, reason=body.reason, expected=body.expected
        )
        return VariantStock(sku, product_id, body.stock)

    return idempotency.run_once(caller, set_stock)
