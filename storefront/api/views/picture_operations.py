"""/api/v1/products/<id>/pictures: list, add, change and delete the pictures of a product."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storefront import rate_limiting
from storefront.api import idempotency, picture_changes, tokens
from storefront.api.operations import Parameter, check_parameters, created_response, operation
from storefront.api.preconditions import IF_MATCH, if_match_precondition
from storefront.api.schemas import NO_CONTROL_CHARACTERS, PicturePatch, ProductPicture, ProductPictures
from storefront.catalog.picture_edits import MAX_ALT
from storefront.catalog.pictures import MEDIA_TYPES

FILES = (*sorted(set(MEDIA_TYPES.values())), picture_changes.ANY_TYPE)

bp = Blueprint("api_pictures", __name__, url_prefix="/api/v1/products/<int:product_id>")

ALT = Parameter(
    "alt",
    {"type": "string", "maxLength": MAX_ALT, "pattern": NO_CONTROL_CHARACTERS},
    "What the picture shows, for people who do not see it.",
)


@bp.get("/pictures")
@rate_limiting.limit("api")
@operation("List the pictures of a product", ProductPictures, scope="catalog:read", errors=(404,))
def product_pictures(product_id: int) -> ProductPictures:
    """The pictures of a product of any status, in order, with the ids that change them."""
    return ProductPictures(picture_changes.list_pictures(product_id))


@bp.post("/pictures")
@rate_limiting.limit("api")
@operation(
    "Add a picture to a product",
    ProductPicture,
    scope="catalog:write",
    files=FILES,
    parameters=(ALT, idempotency.PARAMETER, IF_MATCH),
    errors=(404, 409, 412, 413, 415, 422),
    status=201,
)
def post_picture(product_id: int) -> Response:
    """Add the picture in the body after the others. JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF, of at most 20 MB."""
    caller, alt = tokens.require_scopes("catalog:write"), request.args.get("alt", "")
    check_parameters((ALT,), request.args)
    made = picture_changes.add_picture(product_id, alt, caller, if_match_precondition())
    return created_response(made)


@bp.patch("/pictures/<int:picture_id>")
@rate_limiting.limit("api")
@operation(
    "Change a picture of a product",
    ProductPicture,
    scope="catalog:write",
    body=PicturePatch,
    parameters=(IF_MATCH,),
    errors=(404, 412, 413, 415, 422),
)
def patch_picture(product_id: int, picture_id: int, body: PicturePatch) -> ProductPicture:
    """Change its text, its place among the others, or which variants show it first."""
    caller = tokens.require_scopes("catalog:write")
    return picture_changes.change_picture(product_id, picture_id, body, caller, if_match_precondition())


@bp.delete("/pictures/<int:picture_id>")
@rate_limiting.limit("api")
@operation(
    "Delete a picture of a product",
    None,
    scope="catalog:write",
    parameters=(IF_MATCH,),
    errors=(404, 412),
    status=204,
)
def delete_picture(product_id: int, picture_id: int) -> None:
    """Delete a picture. Variants that show it show the product's first one."""
    caller = tokens.require_scopes("catalog:write")
    picture_changes.delete_picture(product_id, picture_id, caller, if_match_precondition())
