"""/api/v1/categories: the tree of categories; creating, changing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import func, select

from storefront import cache, rate_limiting
from storefront.api import category_changes, idempotency, product_reader, tokens
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
from storefront.api.preconditions import IF_MATCH
from storefront.api.schemas import (
    Category,
    CategoryDetail,
    CategoryList,
    CategoryPatch,
    CategoryPost,
    CategoryRef,
)
from storefront.catalog import models
from storefront.catalog.list_request import TEXT, parse_page_number
from storefront.catalog.navigation import MovedError, NotInShopError, load_navigation, shown_conditions
from storefront.catalog.page_data import CategoryLink
from storefront.extensions import db
from storefront.shop_cache import keys

bp = Blueprint("api_categories", __name__, url_prefix="/api/v1")
PER_PAGE = 100
_PRODUCTS_TO = Parameter(
    "products_to",
    {"type": "string", "maxLength": models.MAX_PATH, "pattern": TEXT},
    "The path of the category that gets the products; empty: they are in none.",
)
_REFUSALS = (404, 409, 412, 413, 415, 422)


def _cache_key(_arguments: Mapping[str, Any], query: Mapping[str, str]) -> str:
    return str(_page(query))


def _page(query: Mapping[str, str]) -> int:
    check_parameters((PAGE,), query)
    return parse_page_number(query.get("page", ""))


@bp.get("/categories")
@rate_limiting.limit("api")
@cache.public_page(keys.CATEGORY, _cache_key, anonymous=True)
@operation("List categories, 100 to a page", CategoryList, parameters=(PAGE,))
def category_list() -> Response:
    """The categories that contain active products, sorted by path; with `catalog:read` all of them."""
    page, caller = _page(request.args), tokens.current_caller()
    shown = (models.Category.path != models.ROOT_PATH,) if _sees_all(caller) else shown_conditions()
    columns = (models.Category.id, models.Category.path, models.Category.name, models.Category.product_count)
    found = select(*columns).where(*shown).order_by(models.Category.path).limit(PER_PAGE)
    rows = db.session.execute(found.offset((page - 1) * PER_PAGE)).all()
    total = db.session.execute(select(func.count(models.Category.id)).where(*shown)).scalar_one()
    cache.depends_on(keys.CATEGORY_TREE, *(keys.category_tag(row.id) for row in rows))
    items = [Category(row.path, row.name, row.product_count) for row in rows]
    result = CategoryList(items, page, ceil(total / PER_PAGE), total)
    response = public_response(result) if caller is None else private_response(result)
    return add_page_links(response, page, result.pages)


@bp.get("/categories/<path:path>")
@rate_limiting.limit("api")
@cache.public_page(keys.CATEGORY, anonymous=True)
@operation("Read a category", CategoryDetail, errors=(404,))
def category(path: str) -> CategoryDetail:
    """A category with its parents and children; `/products?category=` lists its products.

    With `catalog:read` also one without products, and all of its children.
    """
    return category_changes.read_category(path) if _sees_all(tokens.current_caller()) else _read_public(path)


@bp.post("/categories")
@rate_limiting.limit("api")
@operation(
    "Create a category",
    CategoryDetail,
    scope="catalog:write",
    body=CategoryPost,
    parameters=(idempotency.PARAMETER,),
    errors=(409, 413, 415, 422),
    status=201,
)
def post_category(body: CategoryPost) -> Response:
    """Create an empty category, below the category `parent` or at the top."""
    caller = tokens.require_scopes("catalog:write")
    return created_response(category_changes.create_category(body, caller), "path")


@bp.patch("/categories/<path:path>")
@rate_limiting.limit("api")
@operation(
    "Change a category",
    CategoryDetail,
    scope="catalog:write",
    body=CategoryPatch,
    parameters=(IF_MATCH,),
    errors=_REFUSALS,
)
def patch_category(path: str, body: CategoryPatch) -> CategoryDetail:
    """Rename, move, order, hide or describe a category. If its path changes, the former one redirects."""
    return category_changes.change_category(path, body)


@bp.delete("/categories/<path:path>")
@rate_limiting.limit("api")
@operation(
    "Delete a category",
    None,
    scope="catalog:write",
    parameters=(_PRODUCTS_TO, IF_MATCH),
    errors=(404, 409, 412, 422),
    status=204,
)
def delete_category(path: str) -> None:
    """Delete a category without others below it; 409 if it has products, unless `products_to` says where they go."""
    check_parameters((_PRODUCTS_TO,), request.args)
    target = request.args.get("products_to")
    category_changes.delete_category(path, None if target is None else target.strip("/"))


def _sees_all(caller: tokens.Caller | None) -> bool:
    return caller is not None and caller.allows("catalog:read")


def _read_public(path: str) -> CategoryDetail:
    try:
        navigation, category_id = load_navigation(path)
    except MovedError as error:
        raise NotInShopError(f"The category {path!r} has moved to {error.url}.") from error
    columns = (models.Category.hidden, models.Category.position)
    own = db.session.execute(select(*columns).where(models.Category.id == category_id)).one()
    here, about = navigation.trail[-1], navigation.about
    return CategoryDetail(
        path=here.path,
        name=here.name,
        products=navigation.products,
        hidden=own.hidden,
        position=own.position,
        description_html=about.description_html,
        seo_title=about.seo_title,
        seo_description=about.seo_description,
        picture=product_reader.describe_picture(about.picture) if about.picture else None,
        parents=[CategoryRef(link.path, link.name) for link in navigation.trail[:-1]],
        children=[_category(child) for child in navigation.children],
    )


def _category(link: CategoryLink) -> Category:
    return Category(link.path, link.name, link.products or 0)
