"""/api/v1/products: lists and single products; creating, changing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from msgspec import structs

from storefront import cache, rate_limiting, shop_settings
from storefront.api import idempotency, product_changes, product_reader, tokens
from storefront.api.operations import (
    PAGE,
    Parameter,
    add_page_links,
    check_parameters,
    created_response,
    operation,
    private_response,
    public_response,
)
from storefront.api.preconditions import IF_MATCH, if_match_precondition
from storefront.api.schemas import (
    ListedProduct,
    Product,
    ProductList,
    ProductPatch,
    ProductPost,
    ProductPut,
)
from storefront.catalog import list_request
from storefront.catalog.list_request import MAX_BRAND, MAX_BRANDS, MAX_QUERY, SORTS, ListRequest
from storefront.catalog.navigation import MovedError, NotInShopError
from storefront.errors import BadInputError
from storefront.shop_cache import keys

bp = Blueprint("api_products", __name__, url_prefix="/api/v1")

FIELDS = [field.name for field in structs.fields(Product)]


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, "pattern": list_request.TEXT}


_PRICE = {"type": "number", "minimum": 0, "maximum": 10**9}
_FIELDS = {"type": "array", "items": {"type": "string", "enum": FIELDS}, "minItems": 1}
_LIST = (
    PAGE,
    Parameter("q", _text(MAX_QUERY), "Words that the product must contain."),
    Parameter("category", _text(2000), "The path of a category: only products in it and below it."),
    Parameter(
        "vendor",
        {"type": "array", "items": _text(MAX_BRAND), "maxItems": MAX_BRANDS},
        "The vendor's exact name; repeat it for the products of several vendors.",
        repeated=True,
    ),
    Parameter("min_price", _PRICE, "The lowest price, in major units: 12.50."),
    Parameter("max_price", _PRICE, "The highest price, in major units."),
    Parameter(
        "in_stock", {"type": "string", "enum": ["0", "1"]}, "`1`: only products that can be bought now."
    ),
    Parameter("sort", {"type": "string", "enum": list(SORTS)}, "The order; `new` by default."),
    Parameter("fields", _FIELDS, "Only these members of each product, separated by commas."),
)
_REFUSALS = (404, 409, 412, 413, 415, 422)


def _cache_key(_arguments: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """Return the canonical form of a list's query: the page cache stores the list under it."""
    list_query = _list_request(query)
    return f"{list_query.url(page=list_query.page)} {','.join(_fields(query))}"


@bp.get("/products")
@rate_limiting.limit("api")
@cache.public_page(keys.PRODUCT_LIST, _cache_key, anonymous=True)
@operation("List products, 24 to a page", ProductList, parameters=_LIST, errors=(404,))
def product_list() -> Response:
    """The products of the shop, of a category or of a search, without drafts and archived products."""
    list_query, fields = _list_request(request.args), _fields(request.args)
    try:
        page, items = product_reader.list_products(list_query)
    except MovedError as error:
        raise NotInShopError(f"The category {list_query.path!r} has moved to {error.url}.") from error
    if (caller := tokens.current_caller()) and caller.allows("stock:read"):
        items = product_reader.read_products([item.id for item in items], "exact")
    listed = [ListedProduct(**{name: getattr(item, name) for name in fields}) for item in items]
    result = ProductList(listed, list_query.page, page.pages, page.total)
    response = public_response(result) if caller is None else private_response(result)
    return add_page_links(response, list_query.page, page.pages)


@bp.get("/products/<int:product_id>")
@rate_limiting.limit("api")
@cache.public_page(keys.PRODUCT_DETAIL, anonymous=True)
@operation("Read a product", Product, errors=(404, 410))
def product(product_id: int) -> Product:
    """A product. `catalog:read` includes drafts and archived products, `stock:read` the exact stock."""
    caller = tokens.current_caller()
    if caller is None or not (caller.allows("catalog:read") or caller.allows("stock:read")):
        return product_reader.read_public_product(product_id)
    if not caller.allows("catalog:read"):
        product_reader.read_public_product(product_id)  # raises unless the product is public
    display, may_see_all = product_reader.stock_display_for(caller), caller.allows("catalog:read")
    found = product_reader.read_products([product_id], display, shows_plans=may_see_all)
    if not found:
        raise NotInShopError(f"There is no product {product_id}.")
    return found[0]


@bp.post("/products")
@rate_limiting.limit("api")
@operation(
    "Create a product",
    Product,
    scope="catalog:write",
    body=ProductPost,
    parameters=(idempotency.PARAMETER,),
    errors=(409, 413, 415, 422),
    status=201,
)
def post_product(body: ProductPost) -> Response:
    """Create a product, as a draft unless the body has a status. Setting `stock` also needs `stock:write`."""
    return created_response(product_changes.create_product(body, _require_scopes(body)))


@bp.put("/products/<int:product_id>")
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
    """Replace the product by the body. Setting `stock` also needs the scope `stock:write`."""
    return _change(product_id, body)


@bp.patch("/products/<int:product_id>")
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
    """Change the given members; variants are matched by SKU. Setting `stock` also needs `stock:write`."""
    return _change(product_id, body)


@bp.delete("/products/<int:product_id>")
@rate_limiting.limit("api")
@operation(
    "Delete a product",
    None,
    scope="catalog:write",
    parameters=(IF_MATCH,),
    errors=(404, 409, 412),
    status=204,
)
def delete_product(product_id: int) -> None:
    """Delete a product that was never sold, with its variants, pictures and stock; otherwise 409: archive it."""
    product_changes.delete_product(
        product_id, tokens.require_scopes("catalog:write"), if_match_precondition()
    )


def _change(product_id: int, body: ProductPut | ProductPatch) -> Product:
    caller = _require_scopes(body)
    return product_changes.change_product(product_id, body, caller, if_match_precondition())


def _require_scopes(body: ProductPut | ProductPatch) -> tokens.Caller:
    if body.stock is not None or any(variant.stock is not None for variant in body.variants):
        return tokens.require_scopes("catalog:write", "stock:write")
    return tokens.require_scopes("catalog:write")


def _list_request(query: Mapping[str, str]) -> ListRequest:
    check_parameters(_LIST, query)
    return list_request.parse(query, currency=shop_settings.current().currency)


def _fields(query: Mapping[str, str]) -> list[str]:
    """Return the requested members in the order of `FIELDS`."""
    selected = query.get("fields")
    if selected is None:
        return FIELDS
    names = selected.split(",")
    if unknown := [name for name in names if name not in FIELDS]:
        raise BadInputError(
            "fields", f"Unknown field {unknown[0][:50]!r}. The fields are: {', '.join(FIELDS)}."
        )
    return [name for name in FIELDS if name in names]
