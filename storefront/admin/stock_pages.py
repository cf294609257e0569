"""/admin/stock: staff look up a variant's stock, set it with a reason for the ledger, and add deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.stock.inventory import StockChangedError, receive, set_on_hand
from storefront.stock.ledger import UnknownSkuError
from storefront.stock.lookup import MAX_LISTED, AmbiguousSkuError, VariantName, find_variant
from storefront.stock.models import StockItem, StockMovement
from storefront.unicode_text import read_whole_number
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_stock", __name__, cli_group=None)

MAX_MOVEMENTS = 20  # on the page


class StockFormError(StorefrontError):
    """The form is not valid; the text says why."""

    status = 422


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a person asks for: a code from one of our links and forms, or what they typed: a code or a label."""

    text: str
    is_code: bool

    def find(self) -> VariantName:
        return find_variant(self.text, is_code=self.is_code)


@bp.get("/admin/stock")
@limit("staff")
@permission_required("stock:read")
def show() -> Response:
    """Show a variant's stock and the last lines of its ledger."""
    return _page(_wanted(request.args))


@bp.post("/admin/stock")
@limit("staff")
@permission_required("stock:write")
def change() -> Response:
    """Set what is on hand, unless it is no longer what the form showed (`shown`)."""
    wanted = _wanted(request.form)
    try:
        sku, number, reason = wanted.find().sku, _number(), _reason(required=True)
        with write_transaction() as session:
            set_on_hand(session, sku, number, reason=reason, expected=_shown())
    except StorefrontError as error:
        return _refuse(wanted, error)
    return redirect(url_for("admin_stock.show", code=sku), 303)


@bp.post("/admin/stock/deliveries")
@limit("staff")
@permission_required("stock:write")
def add_delivery() -> Response:
    """Add a delivery to what is on hand."""
    wanted = _wanted(request.form)
    try:
        sku, number, reason = wanted.find().sku, _number(), _reason(required=False)
        with write_transaction() as session:
            receive(session, sku, number, reason=reason)
    except StorefrontError as error:
        return _refuse(wanted, error)
    return redirect(url_for("admin_stock.show", code=sku), 303)


def _wanted(values: Mapping[str, str]) -> _Wanted:
    if code := values.get("code", "")[:255]:
        return _Wanted(code, is_code=True)
    return _Wanted(values.get("sku", "").strip()[:255], is_code=False)


def _number() -> int:
    number = read_whole_number(request.form.get("number", ""), most_digits=9)
    if number is None:
        raise StockFormError(_("Enter a whole number from 0."))
    return number


def _reason(*, required: bool) -> str:
    reason = request.form.get("reason", "").strip()[:255]
    if required and not reason:
        raise StockFormError(_("Enter a reason."))
    return reason


def _shown() -> int | None:
    """Return what the form showed on hand; None if it did not say, as forms of earlier releases."""
    text = request.form.get("shown", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _refuse(wanted: _Wanted, error: StorefrontError) -> Response:
    """Return the page with the error and with everything that the person typed."""
    return _page(wanted, _sentence(error), error.status if error.status in (404, 409) else 422)


def _sentence(error: StorefrontError) -> str:
    if isinstance(error, UnknownSkuError):
        return _("There is no variant %(sku)s in stock.", sku=repr(error.sku))
    if isinstance(error, AmbiguousSkuError):
        return _("Several variants have this SKU. Choose one.")
    if isinstance(error, StockChangedError):
        return _(
            "The stock has changed: %(before)d on hand when you opened this page, %(now)d now. "
            "Nothing was saved. Check the number and send it again.",
            before=error.expected,
            now=error.now,
        )
    return str(error)


def _page(wanted: _Wanted, problem: str | None = None, status: int = 200) -> Response:
    variant, choices = None, tuple[VariantName, ...]()
    try:
        variant = wanted.find() if wanted.text else None
    except (UnknownSkuError, AmbiguousSkuError) as error:
        problem = problem or _sentence(error)
        choices = error.variants[:MAX_LISTED] if isinstance(error, AmbiguousSkuError) else ()
    sku = variant.sku if variant else ""
    item = db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one_or_none()
    ledger = select(StockMovement).where(StockMovement.sku == sku).order_by(StockMovement.id.desc())
    rows = db.session.execute(ledger.limit(MAX_MOVEMENTS)).scalars().all() if item else []
    return render_page(
        "stock/stock.html",
        status,
        wanted=wanted.text,
        variant=variant,
        choices=choices,
        item=item,
        movements=rows,
        actors=describe_actors({row.actor for row in rows}),
        problem=problem,
        typed=request.form,
    )
