"""The catalogue's pages: home, lists, categories, products, pictures."""

from __future__ import annotations

import re
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
)
from werkzeug.wrappers import Response as BaseResponse

from storefront.catalog import parameters, pictures, queries
from storefront.catalog.frame import MovedError

bp = Blueprint("catalog", __name__, cli_group=None)

_RENDITION = re.compile(r"([0-9a-f]{32})-([0-9]{1,4})\.webp")


@bp.get("/")
def home() -> str:
    """The front page."""
    return render_template("catalog/home.html", page=queries.home())


@bp.get("/products")
def product_list() -> str:
    """A list of the whole shop, of a category (whose canonical address is its own page), or of a search."""
    wanted = parameters.parse(request.args, currency=current_app.config["CURRENCY"])
    return render_template("catalog/list.html", page=queries.product_list(wanted))


@bp.get("/categories/<path:path>")
def category(path: str) -> str:
    """A category with everything below it."""
    wanted = parameters.parse(request.args, currency=current_app.config["CURRENCY"], path=path)
    return render_template("catalog/list.html", page=queries.product_list(wanted))


@bp.get("/products/<slug>")
def product(slug: str) -> str:
    """A product; `?variant=SKU` selects one of its variants."""
    page = queries.product(slug)
    selected = page.selected(request.args.get("variant"))
    return render_template("catalog/product.html", page=page, selected=selected)


@bp.get("/media/<name>")
def media(name: str) -> Response:
    """A rendition of a picture. Its name holds the hash of its content, so it never changes."""
    found = _RENDITION.fullmatch(name)
    if found is None or int(found[2]) not in range(1, max(pictures.WIDTHS) + 1):
        abort(404)
    file = pictures.path(found[1], int(found[2]), Path(current_app.config["MEDIA_DIR"]))
    if not file.is_file():
        abort(404)
    response = send_file(file.resolve(), mimetype="image/webp", conditional=True, etag=name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@bp.get("/robots.txt")
def robots() -> Response:
    """What crawlers may read: everything but endless combinations of filters."""
    rules = [f"Disallow: /*?*{name}=" for name in ("vendor", "min_price", "max_price", "sort", "in_stock")]
    return Response("\n".join(["User-agent: *", *rules, ""]), mimetype="text/plain")


@bp.app_errorhandler(MovedError)
def moved(error: MovedError) -> BaseResponse:
    """An old address answers with the new one, the query kept."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{error.url}?{query}" if query else error.url, 301)
