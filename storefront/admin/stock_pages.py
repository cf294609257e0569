"""/admin/stock: variants with their stock; deliveries, counts, corrections, low thresholds and the ledger of each."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.stock_forms import (
    WantedVariant,
    read_number,
    read_reason,
    read_shown,
    read_wanted,
    sentence_for,
)
from storefront.catalog.stock_list import SHOWN, Position, Shown, list_stock
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import limit
from storefront.stock.inventory import receive, set_on_hand
from storefront.stock.ledger import UnknownSkuError
from storefront.stock.ledger_pages import read_ledger
from storefront.stock.lookup import MAX_LISTED, AmbiguousSkuError, VariantName
from storefront.stock.models import StockItem
from storefront.stock.stock_corrections import set_low_threshold, subtract
from storefront.unicode_text import clean_line, parse_digits
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_stock", __name__, cli_group=None)

_MOST_DIGITS = 18  # of an id in a URL


@bp.get("/admin/stock")
@limit("staff")
@permission_required("stock:read")
def show() -> Response:
    """Show one variant (`code` or `sku`) with its ledger, or the list of variants."""
    wanted = read_wanted(request.args)
    return _variant_page(wanted) if wanted.text else _list_page()


@bp.post("/admin/stock")
@limit("staff")
@permission_required("stock:write")
def change() -> Response:
    """Set what is on hand to what was counted, unless it is no longer what the form showed (`shown`)."""

    def count(session: Session, sku: str) -> None:
        set_on_hand(session, sku, read_number(), reason=read_reason(required=True), expected=read_shown())

    return _change(count)


@bp.post("/admin/stock/deliveries")
@limit("staff")
@permission_required("stock:write")
@once_only
def add_delivery() -> Response:
    """Add a delivery to what is on hand."""
    return _change(
        lambda session, sku: receive(session, sku, read_number(), reason=read_reason(required=False))
    )


@bp.post("/admin/stock/corrections")
@limit("staff")
@permission_required("stock:write")
@once_only
def correct() -> Response:
    """Subtract goods that are broken, lost or given away."""
    return _change(
        lambda session, sku: subtract(session, sku, read_number(), reason=read_reason(required=True))
    )


@bp.post("/admin/stock/thresholds")
@limit("staff")
@permission_required("stock:write")
def change_threshold() -> Response:
    """Set the number at which the stock counts as low."""
    return _change(lambda session, sku: set_low_threshold(session, sku, read_number(), expected=read_shown()))


def _change(verb: Callable[[Session, str], object]) -> Response:
    """Apply a verb to the variant of the form; show the form again, as it was typed, if that is not possible."""
    wanted = read_wanted(request.form)
    try:
        sku = wanted.find().sku
        with write_transaction() as session:
            verb(session, sku)
    except StorefrontError as error:
        status = error.status if error.status in (404, 409) else 422
        return _variant_page(wanted, sentence_for(error), status)
    return redirect(url_for("admin_stock.show", code=sku, said="saved"), 303)


def _list_page() -> Response:
    text = clean_line(request.args.get("q", "")[:255])
    if text and (found := _find_exactly(text)):
        return redirect(url_for("admin_stock.show", code=found.sku), 303)
    shown: Shown = next((name for name in SHOWN if name == request.args.get("show")), "all")
    page = list_stock(text, shown, _read_position(request.args.get("after", "")))
    after = f"{page.next.left}.{page.next.id}" if page.next else None
    return render_page("stock/variants.html", page=page, text=text, shown=shown, after=after)


def _find_exactly(text: str) -> VariantName | None:
    """Return the variant if a text is the code, SKU or barcode of one alone."""
    try:
        return WantedVariant(text, is_code=False).find()
    except (UnknownSkuError, AmbiguousSkuError):
        return None


def _variant_page(wanted: WantedVariant, problem: str | None = None, status: int = 200) -> Response:
    variant, choices = None, tuple[VariantName, ...]()
    try:
        variant = wanted.find() if wanted.text else None
    except (UnknownSkuError, AmbiguousSkuError) as error:
        problem = problem or sentence_for(error)
        choices = error.variants[:MAX_LISTED] if isinstance(error, AmbiguousSkuError) else ()
    sku = variant.sku if variant else ""
    ledger = read_ledger(sku, _read_id(request.args.get("before", "")))
    return render_page(
        "stock/stock.html",
        status,
        wanted=wanted.text,
        variant=variant,
        choices=choices,
        item=db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one_or_none(),
        ledger=ledger,
        actors=describe_actors({line.actor for line in ledger.lines}),
        problem=problem,
        typed=request.form,
    )


def _read_id(text: str) -> int | None:
    """Return an id of a URL; None if there is none or if it is not a number."""
    return parse_digits(text, most_digits=_MOST_DIGITS)


def _read_position(text: str) -> Position | None:
    left, _dot, ident = text.partition(".")
    number, row = _read_id(left.removeprefix("-")), _read_id(ident)
    if number is None or row is None:
        return None
    return Position(-number if left.startswith("-") else number, row)
