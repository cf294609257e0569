"""The catalogue's pages: home, lists, categories, products, pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, send_file
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from storefront import cache, rate_limiting
from storefront.app_state import Hook
from storefront.catalog import moved_addresses, pictures, prefetch, queries, sitemap
from storefront.catalog.category_tree import load_category_tree
from storefront.catalog.collection.collection_page import fetch_collection_page
from storefront.catalog.list_form import ListForm, read_form
from storefront.catalog.list_request import PARAMETERS
from storefront.catalog.navigation import MovedError, NotInShopError
from storefront.catalog.page_data import CategoriesPage, HomePage
from storefront.errors import BadInputError
from storefront.shop_cache import keys
from storefront.shop_settings.language_choice import list_alternates
from storefront.web.prefix import add_prefix
from storefront.web.same_origin import absolute_url

bp = Blueprint("catalog", __name__, cli_group=None)
prefetch.register(bp)

delivery_sentences = Hook[[], Sequence[str]]("catalog.delivery_sentences")
"""Returns sentences about delivery, which every product's page shows below its buy button.

They may depend on the configuration only: product pages are cached.
"""

own_front_page = Hook[[], str | None]("catalog.own_front_page")
"""Returns the HTML of the merchant's own front page, from cached data; None if there is none."""

_SHALLOW_PAGES = 20  # pages of a list that people may click to
_RENDITION = re.compile(r"([0-9a-f]{32})-([0-9]{1,4})\.(webp|avif|png)")


def _canonical_list_url(arguments: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """Return the canonical address of a list: known parameters only, in one order and form.

    Raises:
        BadInputError: the page repeats what somebody typed, so it is not shared.
    """
    form = read_form(query, arguments.get("path", ""), arguments.get("collection", ""))
    for name, note in form.notes.items():
        raise BadInputError(name, note)
    return form.wanted.url(page=form.wanted.page)


def _product_key(arguments: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """Return the cache key of a product's page: its slug and the selected variant."""
    variant = query.get("variant", "")
    # Slugs contain no slash.
    return f"{arguments['slug']}/{variant}" if variant else str(arguments["slug"])


def _list_cost() -> int:
    """Return what a list takes from the rate limit: deep pages are more work for the database, filtered ones most."""
    place = request.view_args or {}
    wanted = read_form(request.args, place.get("path", ""), place.get("collection", "")).wanted
    deep = wanted.page > _SHALLOW_PAGES
    return 1 + deep + (deep and wanted.is_filtered)


def _is_search() -> bool:
    return bool(request.args.get("q"))


@bp.get("/")
@cache.public_page(keys.PRODUCT_LIST)
def home() -> str:
    """The front page: the merchant's own, or else the one that the shop has by itself."""
    for body in own_front_page.fire():
        if body is not None:
            return body
    page = cache.fetch(keys.home(), HomePage, queries.load_home_page)
    return render_template("catalog/home.html", page=page)


@bp.get("/categories")
@cache.public_page(keys.CATEGORY)
def all_categories() -> str:
    """The tree of all categories."""
    page = cache.fetch(keys.category_tree(), CategoriesPage, load_category_tree)
    return render_template("catalog/categories.html", page=page)


@bp.get("/products")
@rate_limiting.limit("browse", cost=_list_cost)
@rate_limiting.limit("search", when=_is_search)
@cache.public_page(keys.PRODUCT_LIST, _canonical_list_url)
def product_list() -> str | BaseResponse:
    """A list of the whole shop, of a search, or of a category (whose canonical address is `/categories/…`)."""
    form = read_form(request.args)
    try:
        return _render_list(form)
    except NotInShopError:
        if not form.wanted.path:
            raise
        return redirect(form.wanted.url(path=""))  # the category of the form is no longer in the shop


@bp.get("/categories/<path:path>")
@rate_limiting.limit("browse", cost=_list_cost)
@cache.public_page(keys.PRODUCT_LIST, _canonical_list_url)
def category(path: str) -> str:
    """A list of a category and all categories below it."""
    return _render_list(read_form(request.args, path))


@bp.get("/collections/<collection>")
@rate_limiting.limit("browse", cost=_list_cost)
@cache.public_page(keys.PRODUCT_LIST, _canonical_list_url)
def collection(collection: str) -> str:
    """A list of the products that belong to a collection."""
    return _render_list(read_form(request.args, collection=collection))


@bp.get("/products/<slug>")
@cache.public_page(keys.PRODUCT_DETAIL, _product_key)
def product(slug: str) -> str:
    """A product; `?variant=SKU` selects one of its variants."""
    page = queries.fetch_product_page(slug)
    wanted = request.args.get("variant")
    selected = page.selected(wanted)
    if wanted and selected.sku != wanted:
        cache.do_not_store()
    sentences = [sentence for each in delivery_sentences.fire() for sentence in each]
    return render_template("catalog/product.html", page=page, selected=selected, delivery_sentences=sentences)


@bp.get("/media/<name>")
def media(name: str) -> Response:
    """A rendition of a picture. Its name contains a digest of the source, so it never changes."""
    found = _RENDITION.fullmatch(name)
    if found is None or int(found[2]) not in range(1, pictures.LARGE_WIDTH + 1):
        abort(404)
    file = pictures.rendition_path(found[1], int(found[2]), Path(current_app.config["MEDIA_DIR"]), found[3])
    if not file.is_file():
        abort(404)
    response = send_file(file.resolve(), mimetype=f"image/{found[3]}", conditional=True, etag=name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers to leave out personal pages, and combinations of filters, which are endless."""
    personal = [
        f"Disallow: {each}"
        for path in ("/account", "/cart", "/checkout", "/me$", "/orders/")
        for each in ([link.url for link in list_alternates(add_prefix(path))] or [add_prefix(path)])
    ]
    filters = [
        f"Disallow: {add_prefix('/')}*?*{name}=" for name in PARAMETERS if name not in ("category", "page")
    ]
    sitemap_line = f"Sitemap: {absolute_url(add_prefix('/sitemap.xml'))}"
    lines = ["User-agent: *", *personal, *filters, "", sitemap_line, ""]
    return Response(
        "\n".join(lines), mimetype="text/plain", headers={"Cache-Control": "public, max-age=3600"}
    )


@bp.get("/sitemap.xml")
@cache.public_page(keys.PRODUCT_LIST, lags=True)
def sitemap_index() -> Response:
    """The index of the sitemap's parts."""
    return Response(sitemap.render_index(), mimetype="application/xml")


@bp.get("/sitemap-categories.xml")
@cache.public_page(keys.PRODUCT_LIST)
def sitemap_categories() -> Response:
    """The part of the sitemap with the categories."""
    return Response(sitemap.render_categories(), mimetype="application/xml")


@bp.get(f"/sitemap-<int(min=1, max={sitemap.MAX_URLS}):part>.xml")
@cache.public_page(keys.PRODUCT_LIST, lags=True)
def sitemap_products(part: int) -> Response:
    """A part of the sitemap with products."""
    return Response(sitemap.render_products(part), mimetype="application/xml")


@bp.app_errorhandler(MovedError)
def moved(error: MovedError) -> BaseResponse:
    """Redirect an old address to the new one, with the same query."""
    response = _redirect(error.url)
    if request.query_string:
        cache.do_not_store()  # the next visitor's query may differ
        response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/products/<slug>/")
@cache.public_page(keys.PRODUCT_DETAIL)
def product_with_slash(slug: str) -> str:
    """The address of a product as some shops write it; it leads to the product's page."""
    page = queries.fetch_product_page(slug)
    raise MovedError(page.url)


def redirect_unknown_path(path: str) -> BaseResponse | None:
    """Return the redirect for a path that no view has; None if it leads nowhere."""
    target = moved_addresses.find_moved_page(path, _is_page)
    if target is None:
        return None
    response = _redirect(add_prefix(target))
    response.headers["Cache-Control"] = "no-cache"
    return response


def _redirect(url: str) -> BaseResponse:
    """Return a redirect to a URL of the shop, with the request's query unless the URL has its own.

    A browser keeps a 301 without Cache-Control for ever, and would not see that the redirect changes. The caller sets
    it, unless the page cache does.
    """
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{url}?{query}" if query and not set(url) & set("?#") else url, 301)


def _is_page(path: str, fixed: bool) -> bool:
    """Return whether a view answers at this path; `fixed`: whether one does whose path has no variable part."""
    adapter = request_ctx.url_adapter
    try:
        rule, arguments = adapter.match(path, "GET", return_rule=True) if adapter else (None, {})
    except HTTPException:
        return False
    return rule is not None and not (fixed and arguments)


def _render_list(form: ListForm) -> str:
    fetch = fetch_collection_page if form.wanted.collection else queries.fetch_list_page
    page = fetch(form.wanted)
    if page.is_beyond_end:
        cache.do_not_store()  # there are endless pages after the last
    return render_template("catalog/list.html", page=page, form=form)
