"""The basket's pages. What changes it is a POST and answers 303; no GET changes anything."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from storefront import rate_limiting
from storefront.cart import commands, queries, recently_viewed
from storefront.cart.commands import MAX_QUANTITY, CartError
from storefront.web.private import private_page

bp = Blueprint("cart", __name__, cli_group=None)

# What the page says after it was led to by something that was done: in the address, so that it needs no session.
_NOTICES = {
    "added": "It is in your basket.",
    "changed": "The quantity has been changed.",
    "saved": "It has been set aside for later.",
    "back": "It is in your basket again.",
    "removed": "It has been taken out.",
}


@bp.get("/cart")
def cart() -> Response:
    """The basket."""
    return _page()


@bp.post("/cart/lines")
@rate_limiting.limit("cart")
def add_line() -> BaseResponse:
    """Put something in."""
    title = commands.add_line(_sku(), _quantity())
    return _respond("added", f"{title} is in your basket.")


@bp.post("/cart/lines/<path:sku>/removal")
@rate_limiting.limit("cart")
def remove_line(sku: str) -> BaseResponse:
    """Take a line out."""
    commands.remove_line(sku)
    return _respond("removed")


@bp.post("/cart/lines/<path:sku>/saving")
@rate_limiting.limit("cart")
def save_line(sku: str) -> BaseResponse:
    """Keep a line for later (`saved=1`), or take it back (`saved=0`)."""
    saved = request.form.get("saved") != "0"
    commands.save_for_later(sku, saved=saved)
    return _respond("saved" if saved else "back")


@bp.post("/cart/lines/<path:sku>")
@rate_limiting.limit("cart")
def set_line(sku: str) -> BaseResponse:
    """Set a line's quantity."""
    commands.set_quantity(sku, _quantity())
    return _respond("changed")


@bp.errorhandler(CartError)
def handle_cart_error(error: CartError) -> Response | tuple[Response, int]:
    """Say what cannot be done: on the basket's page, or as JSON to the page's own script."""
    if _wants_json():
        return jsonify(message=str(error)), 422
    response = _page(str(error))
    response.status_code = 422
    return response


def _respond(said: str, message: str = "") -> BaseResponse:
    if _wants_json():
        return jsonify(message=message or _NOTICES[said], cart_quantity=queries.count_items())
    return redirect(url_for("cart.cart", said=said), 303)


def _page(problem: str | None = None) -> Response:
    page, said = queries.load_cart_page(), None if problem else _NOTICES.get(request.args.get("said", ""))
    looked_at = recently_viewed.load_recent_cards({line.product_id for line in [*page.lines, *page.saved]})
    return private_page(
        render_template(
            "cart/cart.html", cart=page, recent=looked_at, said=said, problem=problem, most=MAX_QUANTITY
        )
    )


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _sku() -> str:
    sku = request.form.get("sku", "").strip()
    if not sku or len(sku) > 255 or "\x00" in sku:
        raise CartError("The form does not say what to put into the basket.")
    return sku


def _quantity() -> int:
    text = request.form.get("quantity", "1").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if not 1 <= number <= MAX_QUANTITY:
        raise CartError(f"The quantity must be a whole number from 1 to {MAX_QUANTITY}.")
    return number
