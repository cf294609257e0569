"""/api/v1/categories: the tree of categories."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import func, select

from storefront import cache, rate_limiting
from storefront.api import tokens
from storefront.api.operations import (
    PAGE,
    add_page_links,
    check_parameters,
    operation,
    private_response,
    public_response,
)
from storefront.api.schemas import Category, CategoryDetail, CategoryList, CategoryRef
from storefront.catalog import models
from storefront.catalog.list_request import parse_page_number
from storefront.catalog.navigation import MovedError, NotInShopError, load_navigation, shown_conditions
from storefront.catalog.page_data import CategoryLink
from storefront.extensions import db
from storefront.shop_cache import keys

bp = Blueprint("api_categories", __name__, url_prefix="/api/v1")
PER_PAGE = 100


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
    """All categories that contain active products, sorted by path."""
    page = _page(request.args)
    shown = shown_conditions()
    columns = (models.Category.id, models.Category.path, models.Category.name, models.Category.product_count)
    found = select(*columns).where(*shown).order_by(models.Category.path).limit(PER_PAGE)
    rows = db.session.execute(found.offset((page - 1) * PER_PAGE)).all()
    total = db.session.execute(select(func.count(models.Category.id)).where(*shown)).scalar_one()
    cache.depends_on(keys.CATEGORY_TREE, *(keys.category_tag(row.id) for row in rows))
    items = [Category(row.path, row.name, row.product_count) for row in rows]
    result = CategoryList(items, page, ceil(total / PER_PAGE), total)
    response = public_response(result) if tokens.current_caller() is None else private_response(result)
    return add_page_links(response, page, result.pages)


@bp.get("/categories/<path:path>")
@rate_limiting.limit("api")
@cache.public_page(keys.CATEGORY, anonymous=True)
@operation("Read a category", CategoryDetail, errors=(404,))
def category(path: str) -> CategoryDetail:
    """A category with its parents and children. `/products?category=` lists its products."""
    try:
        navigation, _ = load_navigation(path)
    except MovedError as error:
        raise NotInShopError(f"The category {path!r} has moved to {error.url}.") from error
    here, children = navigation.trail[-1], [_category(child) for child in navigation.children]
    parents = [CategoryRef(link.path, link.name) for link in navigation.trail[:-1]]
    return CategoryDetail(here.path, here.name, navigation.products, parents, children)


def _category(link: CategoryLink) -> Category:
    return Category(link.path, link.name, link.products or 0)
