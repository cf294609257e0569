"""GET /stock/stream?product=ID&product=ID…: Server-Sent Events for the badges of a page.

Stock is a source of live updates: topics are products, items are variants.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy import ColumnElement, SQLColumnExpression, select

from storefront import live, rate_limiting, shop_settings
from storefront.app_state import AppState, Hook
from storefront.errors import BadInputError
from storefront.extensions import db
from storefront.live import frames
from storefront.redis_roles import Role
from storefront.shop_settings import look_sheet
from storefront.stock import publisher
from storefront.stock.models import StockItem
from storefront.stock.public import Band, Display, StockLevel, public_number
from storefront.web.prefix import add_prefix

PATH = "/stock/stream"
MAX_PRODUCTS = 100

has_page = Hook[[SQLColumnExpression[int]], ColumnElement[bool]]("stock.has_page")
"""Returns the SQL condition that the product with this id has a page. Of others the public knows nothing.

An unlisted product has one: its page is live, too.
"""

bp = Blueprint("stock_stream", __name__)
hub = AppState[live.Hub]("stock.hub")


@dataclass(frozen=True, slots=True)
class VariantStock:
    """What a browser may know of a variant, as it is sent.

    Attributes:
        left: how many there are, where the public may know it; else None.
    """

    product_id: int
    sku: str
    band: Band
    left: int | None
    version: int

    @property
    def topic(self) -> int:
        """The product."""
        return self.product_id

    @property
    def key(self) -> str:
        """The SKU."""
        return self.sku

    @property
    def visible(self) -> tuple[Band, int | None]:
        """What a badge shows."""
        return self.band, self.left


class _Event(msgspec.Struct):
    product_id: int
    sku: str
    sku_stock: int
    band: Band
    version: int
    tracked: bool = True


_decode = msgspec.json.Decoder(_Event).decode


class StockSource(live.Source):
    """Reads stock from the database and decodes the stock events of Redis, limited to what the public may know.

    Args:
        app: whose database and settings are used.
    """

    event = "stock"
    role = Role.LIVE

    def __init__(self, app: Flask) -> None:
        self.channel, _ = publisher.channel_and_prefix(app)
        self._app = app
        self._has_had_look = False  # of the merchant's own, since this process started

    def rule(self) -> Display:
        """Return what the public may know now."""
        return shop_settings.current_of(self._app).stock_display

    def notice(self) -> bytes:
        """Return where the style sheet of the merchant's look is: a change of it shows in open pages."""
        url = look_sheet.url_of(self._app, shop_settings.current_of(self._app))
        self._has_had_look = self._has_had_look or bool(url)
        return frames.event("look", {"url": url})

    def opening(self) -> bytes:
        """Return the notice for a new stream, whose page may be older than the last change; none without a look."""
        notice = self.notice()
        return notice if self._has_had_look else b""

    def read(self, topics: Collection[int]) -> list[VariantStock]:
        """Return the variants of these products, if they have a page; the connection is given back at once.

        Raises:
            SQLAlchemyError: the database cannot be read.
        """
        with self._app.app_context():
            shown = has_page.fire(StockItem.product_id)
            display = self.rule()
            found = select(
                StockItem.product_id,
                StockItem.sku,
                StockItem.tracked,
                StockItem.on_hand - StockItem.reserved,
                StockItem.low_threshold,
                StockItem.version,
            ).where(StockItem.product_id.in_(list(topics)), *shown)
            states = [_public(display, *row) for row in db.session.execute(found)]
            db.session.remove()
        return states

    def decode(self, message: bytes) -> VariantStock:
        """Return what the public may know of a stock event.

        Raises:
            msgspec.MsgspecError: the message is not a stock event.
        """
        event = _decode(message)
        left = public_number(event.band, event.sku_stock if event.tracked else None, self.rule())
        return VariantStock(event.product_id, event.sku, event.band, left, event.version)


def _public(
    display: Display, product_id: int, sku: str, tracked: bool, available: int, low: int, version: int
) -> VariantStock:
    band = StockLevel(available if tracked else None, low).band
    left = public_number(band, available if tracked else None, display)
    return VariantStock(product_id, sku, band, left, version)


def init_app(app: Flask) -> None:
    """Register the stream. The hub starts with the first one."""
    hub.set(app, live.Hub(app, StockSource(app)))
    live.add_path(app, PATH)
    app.register_blueprint(bp)


@bp.get(PATH)
@rate_limiting.limit("stream")
def stream() -> Response:
    """Begin a stream: a snapshot, then every visible change."""
    return live.stream_response(hub.get(current_app), _product_ids())


def _product_ids() -> tuple[int, ...]:
    given = request.args.getlist("product")
    if not 1 <= len(given) <= MAX_PRODUCTS:
        example = f"{add_prefix(PATH)}?product=12&product=13"
        raise BadInputError("product", f"Name 1 to {MAX_PRODUCTS} products: {example}")
    for value in given:
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise BadInputError("product", f"{value[:40]!r} is not a valid product id.")
    return tuple(dict.fromkeys(map(int, given)))
