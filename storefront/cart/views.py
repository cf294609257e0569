"""The cart's pages, and /me for the header of public pages. Changes are POSTs that redirect with 303.

The basket's page is one form, `POST /cart`. The addresses for one line are for scripts and pages of earlier releases;
they name the line by the field `sku`: a path cannot hold every code, since browsers remove `.` and `..` from paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from storefront import accounts, rate_limiting
from storefront.accounts import Shopper
from storefront.app_state import Hook
from storefront.cart import basket_form, commands, cookie, merge, queries, recently_viewed
from storefront.cart.basket_form import MAX_QUANTITY, BasketForm
from storefront.cart.commands import CartError
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext as _l
from storefront.web.private import mark_private, private_page

bp = Blueprint("cart", __name__, cli_group=None)
me_bp = Blueprint("me", __name__, cli_group=None)

for _blueprint in (bp, me_bp):
    _blueprint.before_request(merge.merge_siblings)

# Asks each room above for more members of `/me` about a person who is signed in. It runs with each page: no SQL.
more_of_me = Hook[[Shopper], Mapping[str, object]]("cart.more_of_me")

# What the page says after a redirect. The key is in the URL (`said`), so that no session is needed.
_NOTICES = {
    "added": _l("It is in your basket."),
    "changed": _l("The quantity has been changed."),
    "saved": _l("Saved for later."),
    "back": _l("It is in your basket again."),
    "removed": _l("Removed."),
}
_DONE = {"remove": "removed", "save": "saved", "back": "back"}  # the notice of each button


@bp.get("/cart")
def cart() -> Response:
    """Show the cart."""
    return _page()


@bp.post("/cart")
@rate_limiting.limit("cart")
def update_cart() -> BaseResponse:
    """Save the quantities that were changed, then do what the pressed button says."""
    form = basket_form.read_basket_form(request.form)
    is_complete = not form.changes or commands.set_quantities(form.changes)
    if form.button == "remove":
        commands.remove_line(form.line)
    elif form.button in ("save", "back"):
        commands.save_for_later(form.line, saved=form.button == "save")
    if form.wrong or not is_complete:
        return _page_with_errors(form)
    if form.button == "take":
        taken = commands.take_what_is_left(form.line or None)
        return redirect(url_for("cart.cart", taken=taken[: basket_form.MAX_TAKEN]), 303)
    if form.button == "checkout":
        return redirect(url_for("checkout.details"), 303)
    return _respond(_DONE.get(form.button) or ("changed" if form.changes else None))


@bp.post("/cart/lines")
@rate_limiting.limit("cart")
def add_line() -> BaseResponse:
    """Add a variant."""
    title = commands.add_line(_sku(), _quantity())
    return _respond("added", _("%(title)s is in your basket.", title=title))


@bp.post("/cart/removal")
@bp.post("/cart/lines/<path:sku>/removal")
@rate_limiting.limit("cart")
def remove_line(sku: str | None = None) -> BaseResponse:
    """Remove a line."""
    commands.remove_line(sku or _sku())
    return _respond("removed")


@bp.post("/cart/saving")
@bp.post("/cart/lines/<path:sku>/saving")
@rate_limiting.limit("cart")
def save_line(sku: str | None = None) -> BaseResponse:
    """Save a line for later (`saved=1`), or move it back into the cart (`saved=0`)."""
    saved = request.form.get("saved") != "0"
    commands.save_for_later(sku or _sku(), saved=saved)
    return _respond("saved" if saved else "back")


@bp.post("/cart/quantity")
@bp.post("/cart/lines/<path:sku>")
@rate_limiting.limit("cart")
def set_line(sku: str | None = None) -> BaseResponse:
    """Set a line's quantity."""
    commands.set_quantity(sku or _sku(), _quantity())
    return _respond("changed")


@me_bp.get("/me")
@rate_limiting.limit("me")
def me() -> Response:
    """Return who is signed in, and how many items the cart holds, as JSON."""
    shopper = accounts.current_user()
    more = more_of_me.fire(shopper) if shopper else ()
    response = jsonify(
        {
            "signed_in": shopper is not None,
            "name": shopper.name if shopper else None,
            "cart_quantity": queries.count_items(),
        }
        | dict(chain.from_iterable(part.items() for part in more))
    )
    return mark_private(response)


@bp.errorhandler(CartError)
def handle_cart_error(error: CartError) -> Response | tuple[Response, int]:
    """Show the error on the cart's page, or return it as JSON to the page's script."""
    if _wants_json():
        return jsonify(message=str(error)), 422
    response = _page(str(error))
    response.status_code = 422
    return response


def _respond(done: str | None, message: str = "") -> BaseResponse:
    page = url_for("cart.cart", said=done)
    if _wants_json():
        said = message or str(_NOTICES[done] if done else "")
        return jsonify(message=said, cart_quantity=queries.count_items(), page=page)
    return redirect(page, 303)


def _page_with_errors(form: BasketForm) -> Response:
    """Show the page with a sentence beside each quantity that is not valid; the others are saved."""
    problem = (
        _("Check the highlighted quantity. Everything else is saved.")
        if form.wrong
        else _("This product is no longer in your basket.")
    )
    response = _page(problem, form.wrong)
    response.status_code = 422
    return response


def _page(problem: str | None = None, wrong: Mapping[int, str] | None = None) -> Response:
    """Return the page. `wrong` is what was typed instead of a quantity, by the line's id."""
    # First: a change between the two reads then has a higher version, and the page is loaded again.
    watched = queries.load_watched_variants()
    page, said = queries.load_cart_page(), request.args.get("said", "")
    if said == "added" and not cookie.read_token() and not page.lines:
        problem = _("Your basket can’t be saved. Allow cookies for this shop, then add the item again.")
    notice = None if problem else _NOTICES.get(said)
    recent = recently_viewed.load_recent_cards({line.product_id for line in [*page.lines, *page.saved]})
    return private_page(
        render_template(
            "cart/cart.html",
            cart=page,
            watched=watched,
            recent=recent,
            notice=notice,
            taken=page.describe_taken(basket_form.read_taken(request.args)),
            problem=problem,
            most=MAX_QUANTITY,
            wrong=wrong or {},
            wrong_sentence=basket_form.quantity_sentence(),
        )
    )


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _sku() -> str:
    sku = request.form.get("sku", "").strip()
    if not sku or len(sku) > 255 or "\x00" in sku:
        raise CartError(_("Something went wrong with this form. Reload the page and try again."))
    return sku


def _quantity() -> int:
    number = basket_form.read_quantity(request.form.get("quantity", "1"))
    if number is None:
        raise CartError(_("Choose a quantity from 1 to %(most)d.", most=MAX_QUANTITY))
    return number
