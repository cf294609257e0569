"""/api/v1/collections: lists of products that a rule fills; creating, changing and deleting them."""

from __future__ import annotations

from flask import Blueprint, Response

from storefront import rate_limiting
from storefront.api import collection_changes, idempotency, tokens
from storefront.api.operations import created_response, operation
from storefront.api.preconditions import IF_MATCH
from storefront.api.schemas import CollectionDetail, CollectionList, CollectionPatch, CollectionPost

bp = Blueprint("api_collections", __name__, url_prefix="/api/v1")


@bp.get("/collections")
@rate_limiting.limit("api")
@operation("List all collections", CollectionList, scope="catalog:read")
def collection_list() -> CollectionList:
    """All collections with their rules, sorted by their slugs."""
    return collection_changes.list_collections()


@bp.get("/collections/<slug>")
@rate_limiting.limit("api")
@operation("Read a collection", CollectionDetail, scope="catalog:read", errors=(404,))
def collection(slug: str) -> CollectionDetail:
    """A collection with its rule and its number of products."""
    return collection_changes.read_collection(slug)


@bp.post("/collections")
@rate_limiting.limit("api")
@operation(
    "Create a collection",
    CollectionDetail,
    scope="catalog:write",
    body=CollectionPost,
    parameters=(idempotency.PARAMETER,),
    errors=(409, 413, 415, 422),
    status=201,
)
def post_collection(body: CollectionPost) -> Response:
    """Create a collection; its newest products are listed at once, in a large shop the others follow."""
    caller = tokens.require_scopes("catalog:write")
    return created_response(collection_changes.create_collection(body, caller), "slug")


@bp.patch("/collections/<slug>")
@rate_limiting.limit("api")
@operation(
    "Change a collection",
    CollectionDetail,
    scope="catalog:write",
    body=CollectionPatch,
    parameters=(IF_MATCH,),
    errors=(404, 409, 412, 413, 415, 422),
)
def patch_collection(slug: str, body: CollectionPatch) -> CollectionDetail:
    """Change the title, the address, the rule or the texts. If its address changes, the former one redirects."""
    return collection_changes.change_collection(slug, body)


@bp.delete("/collections/<slug>")
@rate_limiting.limit("api")
@operation(
    "Delete a collection",
    None,
    scope="catalog:write",
    parameters=(IF_MATCH,),
    errors=(404, 409, 412),
    status=204,
)
def delete_collection(slug: str) -> None:
    """Delete a collection; its address leads to the list of all products."""
    collection_changes.delete_collection(slug)
