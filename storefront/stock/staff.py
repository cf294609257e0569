"""/ops/stock: staff look up a variant's stock and set it, with a reason for the ledger."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from storefront.actors import describe_actors
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.stock.inventory import set_on_hand
from storefront.stock.ledger import UnknownSkuError
from storefront.stock.models import StockItem, StockMovement
from storefront.web.private import private_page
from storefront.web.staff_access import staff_only

bp = Blueprint("stock_staff", __name__)

MAX_MOVEMENTS = 20  # on the page


class StockFormError(StorefrontError):
    """The form is not valid; the text says why."""

    status = 422


@bp.get("/ops/stock")
@staff_only
def show() -> Response:
    """Show a variant's stock and the last lines of its ledger."""
    return _page(request.args.get("sku", "").strip()[:255])


@bp.post("/ops/stock")
@staff_only
def change() -> BaseResponse:
    """Set what is on hand."""
    sku, reason = request.form.get("sku", "").strip()[:255], request.form.get("reason", "").strip()[:255]
    try:
        with write_transaction() as session:
            set_on_hand(session, sku, _number(), reason=_required_reason(reason))
    except UnknownSkuError:
        return _page(sku, _unknown(sku), 404)
    except StorefrontError as error:
        return _page(sku, str(error), 409 if error.status == 409 else 422)
    return redirect(url_for("stock_staff.show", sku=sku), 303)


def _number() -> int:
    text = request.form.get("number", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise StockFormError(_("The number must be a whole number from 0."))
    return int(text)


def _required_reason(reason: str) -> str:
    if not reason:
        raise StockFormError(_("Say why, for the ledger."))
    return reason


def _unknown(sku: str) -> str:
    return _("There is no variant %(sku)s in stock.", sku=repr(sku))


def _page(sku: str, problem: str | None = None, status: int = 200) -> Response:
    item = (
        db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one_or_none()
        if sku
        else None
    )
    if sku and item is None and problem is None:
        problem = _unknown(sku)
    ledger = select(StockMovement).where(StockMovement.sku == sku).order_by(StockMovement.id.desc())
    rows = db.session.execute(ledger.limit(MAX_MOVEMENTS)).scalars().all() if item else []
    actors = describe_actors({row.actor for row in rows})
    page = render_template(
        "ops/stock.html", sku=sku, item=item, movements=rows, actors=actors, problem=problem
    )
    return private_page(page, status)
