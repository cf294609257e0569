"""/api/v1/category-pictures/<path>: set, describe and delete the picture of a category.

The path of a category is the rest of the address, so that a category may be called "picture".
"""

from __future__ import annotations

import msgspec
from flask import Blueprint, request

from storefront import rate_limiting
from storefront.api import category_picture_changes, idempotency, tokens
from storefront.api.operations import check_parameters, operation
from storefront.api.preconditions import IF_MATCH
from storefront.api.schemas import CategoryDetail, CategoryPicturePatch
from storefront.api.views.picture_operations import ALT, FILES

bp = Blueprint("api_category_pictures", __name__, url_prefix="/api/v1/category-pictures/<path:path>")


@bp.post("")
@rate_limiting.limit("api")
@operation(
    "Set the picture of a category",
    CategoryDetail,
    scope="catalog:write",
    files=FILES,
    parameters=(ALT, idempotency.PARAMETER, IF_MATCH),
    errors=(404, 409, 412, 413, 415, 422),
)
def post_picture(path: str) -> msgspec.Raw | CategoryDetail:
    """Give the category the picture in the body instead of its own. The files are those of product pictures."""
    caller, alt = tokens.require_scopes("catalog:write"), request.args.get("alt", "")
    check_parameters((ALT,), request.args)
    return category_picture_changes.set_picture(path, alt, caller)


@bp.patch("")
@rate_limiting.limit("api")
@operation(
    "Describe the picture of a category",
    CategoryDetail,
    scope="catalog:write",
    body=CategoryPicturePatch,
    parameters=(IF_MATCH,),
    errors=(404, 412, 413, 415, 422),
)
def patch_picture(path: str, body: CategoryPicturePatch) -> CategoryDetail:
    """Change the text for people who do not see it."""
    return category_picture_changes.describe_picture(path, body.alt)


@bp.delete("")
@rate_limiting.limit("api")
@operation(
    "Delete the picture of a category",
    None,
    scope="catalog:write",
    parameters=(IF_MATCH,),
    errors=(404, 412),
    status=204,
)
def delete_picture(path: str) -> None:
    """Delete the picture; the tile of the category then shows a product's."""
    category_picture_changes.delete_picture(path)
