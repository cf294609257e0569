"""GET /stock/stream?product=ID&product=ID…: Server-Sent Events for the badges of a page."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, request

from storefront import rate_limiting
from storefront.errors import BadInputError
from storefront.stock.stream import frames
from storefront.stock.stream.hub import Hub
from storefront.stock.stream.wsgi_stream import Generated

bp = Blueprint("stock_stream", __name__)

MOST_PRODUCTS = 100
# Set in a request's environment: what the layer in front of Flask needs to take the connection over.
WANTED = "storefront.stream"


def init_app(app: Flask) -> None:
    """Register the stream; its hub starts with the first one."""
    app.extensions["stock_hub"] = Hub(app)
    app.register_blueprint(bp)


@bp.get("/stock/stream")
@rate_limiting.limit("stream")
def stream() -> Response:
    """Begin a stream: a snapshot, then every change that can be seen."""
    ids = _ids()
    hub: Hub = current_app.extensions["stock_hub"]
    hub.start()
    address = request.remote_addr or ""
    if (wait := hub.refuses(address)) is not None:
        # Not an error: EventSource gives up for ever on anything but 200. So it becomes polling by itself.
        return Response(wait + hub.snapshot(ids), headers=frames.HEAD)
    request.environ[WANTED] = (address, ids)
    # Never `stream_with_context`: neither a request nor a database connection is held while a page is open.
    return Response(iter(Generated(hub, address, ids)), headers=frames.HEAD)


def _ids() -> tuple[int, ...]:
    given = request.args.getlist("product")
    if not 1 <= len(given) <= MOST_PRODUCTS:
        raise BadInputError(
            "product", f"Name 1 to {MOST_PRODUCTS} products: /stock/stream?product=12&product=13"
        )
    for value in given:
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise BadInputError("product", f"{value[:40]!r} is no product id.")
    return tuple(dict.fromkeys(map(int, given)))
