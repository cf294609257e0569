"""Counting in a stock-taking: scans, quantities, and numbers that are corrected."""

from __future__ import annotations

import secrets

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.stock_forms import WantedVariant
from storefront.admin.stock_takings.taking_page import bp, refuse
from storefront.errors import StorefrontError
from storefront.extensions import write_transaction
from storefront.rate_limiting import limit
from storefront.stock import stock_taking
from storefront.stock.stock_taking_errors import CountNumberError
from storefront.stock.stock_taking_models import MAX_KEY
from storefront.unicode_text import clean_line, read_whole_number
from storefront.web.staff_access import permission_required

_QUANTITY_DIGITS = 5  # a longer number in the field of the quantity is a code that was scanned


@bp.post("/admin/stock/takings/<int:number>/scans")
@limit("staff")
@permission_required("stock:write")
def scan(number: int) -> Response:
    """Count one of the scanned variant, and ask how many there are."""
    return _scan(number, request.form.get("typed", ""))


@bp.post("/admin/stock/takings/<int:number>/quantities")
@limit("staff")
@permission_required("stock:write")
def add_quantity(number: int) -> Response:
    """Count so many of the variant that was scanned, which was counted once; a code instead is the next scan."""
    typed, code = request.form.get("number", "").strip() or "1", request.form.get("code", "")[:255]
    quantity = read_whole_number(typed, most_digits=_QUANTITY_DIGITS)
    if quantity is None:
        return _scan(number, typed)
    try:
        if quantity != 1:
            with write_transaction() as session:
                stock_taking.add_count(session, number, code, quantity - 1, _read_key())
    except StorefrontError as error:
        return refuse(number, error, code=code)
    return redirect(url_for("admin_stock_takings.show", number=number, counted=code), 303)


@bp.post("/admin/stock/takings/<int:number>/counts")
@limit("staff")
@permission_required("stock:write")
def set_count(number: int) -> Response:
    """Set what was counted of a variant, if nobody has counted it since the page was shown."""
    code = request.form.get("code", "")[:255]
    counted, seen = (read_whole_number(request.form.get(n, ""), most_digits=8) for n in ("number", "shown"))
    try:
        if counted is None or seen is None:
            raise CountNumberError
        with write_transaction() as session:
            stock_taking.set_count(session, number, code, counted, seen, _read_key())
    except StorefrontError as error:
        return refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, counted=code), 303)


def _scan(number: int, text: str) -> Response:
    typed = clean_line(text[:255])
    code = request.form.get("choice", "")[:255]
    try:
        sku = WantedVariant(code or typed, is_code=bool(code)).find().sku
        with write_transaction() as session:
            stock_taking.add_count(session, number, sku, 1, _read_key())
    except StorefrontError as error:
        return refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, code=sku), 303)


def _read_key() -> str:
    return request.form.get("key", "")[:MAX_KEY] or secrets.token_urlsafe(16)
