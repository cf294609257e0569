"""GET /stock/stream?product=ID&product=ID…: Server-Sent Events for the badges of a page."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, request

from storefront import live, rate_limiting
from storefront.app_state import AppState
from storefront.errors import BadInputError
from storefront.stock.live_source import StockSource

PATH = "/stock/stream"
MAX_PRODUCTS = 100

bp = Blueprint("stock_stream", __name__)
hub = AppState[live.Hub]("stock.hub")


def init_app(app: Flask) -> None:
    """Register the stream. The hub starts with the first one."""
    hub.set(app, live.Hub(app, StockSource(app)))
    app.register_blueprint(bp)


@bp.get(PATH)
@rate_limiting.limit("stream")
def stream() -> Response:
    """Begin a stream: a snapshot, then every visible change."""
    return live.stream_response(hub.get(current_app), _product_ids())


def _product_ids() -> tuple[int, ...]:
    given = request.args.getlist("product")
    if not 1 <= len(given) <= MAX_PRODUCTS:
        raise BadInputError(
            "product", f"Name 1 to {MAX_PRODUCTS} products: /stock/stream?product=12&product=13"
        )
    for value in given:
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise BadInputError("product", f"{value[:40]!r} is not a valid product id.")
    return tuple(dict.fromkeys(map(int, given)))
