"""/ops/stock: staff look a variant's stock up and set it, with a reason for the ledger."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.stock.inventory import set_on_hand
from storefront.stock.models import StockItem, StockMovement
from storefront.web.private import private_page
from storefront.web.staff_access import staff_only

bp = Blueprint("stock_staff", __name__)

MOVEMENTS = 20


class FormError(StorefrontError):
    """The form cannot be used; the text says why."""

    status = 422


@bp.get("/ops/stock")
@staff_only
def show() -> Response:
    """A variant's stock and the last lines of its ledger."""
    return _page(request.args.get("sku", "").strip()[:255])


@bp.post("/ops/stock")
@staff_only
def change() -> BaseResponse:
    """Set what is on hand."""
    sku, reason = request.form.get("sku", "").strip()[:255], request.form.get("reason", "").strip()[:255]
    try:
        with write_transaction() as session:
            set_on_hand(session, sku, _number(), reason=_required_reason(reason), actor="staff")
    except StorefrontError as error:
        response = _page(sku, str(error))
        response.status_code = error.status if error.status in (404, 409) else 422
        return response
    return redirect(url_for("stock_staff.show", sku=sku), 303)


def _number() -> int:
    text = request.form.get("number", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise FormError("The number must be a whole number from 0.")
    return int(text)


def _required_reason(reason: str) -> str:
    if not reason:
        raise FormError("Say why, for the ledger.")
    return reason


def _page(sku: str, problem: str | None = None) -> Response:
    item = (
        db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one_or_none()
        if sku
        else None
    )
    if sku and item is None and problem is None:
        problem = f"There is no variant {sku!r} in stock."
    ledger = select(StockMovement).where(StockMovement.sku == sku).order_by(StockMovement.id.desc())
    rows = db.session.execute(ledger.limit(MOVEMENTS)).scalars().all() if item else []
    page = render_template("ops/stock.html", sku=sku, item=item, movements=rows, problem=problem)
    return private_page(page)
