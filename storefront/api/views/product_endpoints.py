"""PUT and PATCH of a product, PUT of a variant's stock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from storefront import rate_limiting, stock
from storefront.api import idempotency, product_writer, tokens
from storefront.api.operations import Parameter, operation
from storefront.api.preconditions import condition
from storefront.api.problems import RefusedError
from storefront.api.schemas import Fault, Product, ProductPatch, ProductPut, StockGiven, StockTold

bp = Blueprint("api_changes", __name__, url_prefix="/api/v1")

IF_MATCH = Parameter(
    "If-Match", {"type": "string"}, "Only if the product is still the one with this ETag, else 412.", "header"
)
_REFUSALS = (404, 409, 412, 413, 415, 422)


@bp.put("/products/<int(max=2147483647):product_id>")
@rate_limiting.limit("api")
@operation(
    "Replace a product",
    Product,
    scope="catalog:write",
    body=ProductPut,
    parameters=(IF_MATCH,),
    errors=_REFUSALS,
)
def put_product(product_id: int, body: ProductPut) -> Product:
    """Make the product what is given. A `stock` in it needs `stock:write` too."""
    return _changed(product_id, body)


@bp.patch("/products/<int(max=2147483647):product_id>")
@rate_limiting.limit("api")
@operation(
    "Change a product",
    Product,
    scope="catalog:write",
    body=ProductPatch,
    parameters=(IF_MATCH,),
    errors=_REFUSALS,
)
def patch_product(product_id: int, body: ProductPatch) -> Product:
    """Change what is given; variants are matched by SKU. A `stock` in it needs `stock:write` too."""
    return _changed(product_id, body)


@bp.put("/variants/<path:sku>/stock")
@rate_limiting.limit("api")
@operation(
    "Set the stock of a variant", StockTold, scope="stock:write", body=StockGiven, parameters=(idempotency.KEY,),
    errors=(404, 409, 413, 415, 422),
)  # fmt: skip
def put_stock(sku: str, body: StockGiven) -> Any:
    """Make what can be bought of a variant this number, besides what is reserved; it is told live."""
    caller = tokens.required("stock:write")
    if not body.reason.strip():
        raise RefusedError(422, "Say why, for the ledger.", Fault("This cannot be blank.", "/reason"))

    def set_stock(session: Session) -> StockTold:
        _, product_id = stock.set_available(session, sku, body.stock, reason=body.reason, actor=caller.actor)
        return StockTold(sku, product_id, body.stock)

    return idempotency.once(caller, set_stock)


def _changed(product_id: int, body: ProductPut | ProductPatch) -> Product:
    caller = tokens.required("catalog:write")
    if body.stock is not None or any(variant.stock is not None for variant in body.variants):
        tokens.required("catalog:write", "stock:write")
    return product_writer.change(product_id, body, caller, condition())
