"""The page of one stock-taking, which its views render: with what was counted, or why something was refused."""

from __future__ import annotations

import secrets

from flask import Blueprint, request
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.admin.stock_forms import sentence_for
from storefront.catalog.stock_list import load_stock
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.stock import stock_taking_errors, stock_taking_reader
from storefront.stock.lookup import MAX_LISTED, AmbiguousSkuError, VariantName
from storefront.unicode_text import read_whole_number

bp = Blueprint("admin_stock_takings", __name__, cli_group=None)


def refuse(number: int, error: StorefrontError, *, code: str = "") -> Response:
    """Render the page with the reason why nothing was counted or changed."""
    choices = error.variants[:MAX_LISTED] if isinstance(error, AmbiguousSkuError) else ()
    status = error.status if error.status in (404, 409) else 422
    return show_taking(number, code=code, problem=_sentence(error), choices=choices, status=status)


def show_taking(
    number: int,
    *,
    code: str = "",
    problem: str = "",
    choices: tuple[VariantName, ...] = (),
    status: int = 200,
) -> Response:
    """Render the page; `code` is the variant whose quantity it asks for."""
    taking = stock_taking_reader.find_taking(number)
    counted = request.args.get("counted", "")[:255]
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    lines, older = stock_taking_reader.read_lines(number, before)
    skus = {line.sku for line in lines} | {code, counted} - {""}
    last = next((line for line in lines if line.sku == (code or counted)), None)
    if last is None and (code or counted):
        last = stock_taking_reader.read_line(number, code or counted)
    return render_page(
        "stock/taking.html",
        status,
        taking=taking,
        starter=describe_actors([taking.started_by])[taking.started_by],
        totals=stock_taking_reader.read_totals(number),
        lines=lines,
        older=older,
        variants=load_stock(sorted(skus)),
        last=last,
        asks=code if last and taking.state == "open" else "",
        problem=problem,
        choices=choices,
        key=secrets.token_urlsafe(16),
    )


def _sentence(error: StorefrontError) -> str:
    if isinstance(error, stock_taking_errors.TakingStateError):
        return _(
            "Nothing was counted or changed: somebody has ended this stock-taking meanwhile, or begun it again."
        )
    if isinstance(error, stock_taking_errors.CountChangedError):
        return _(
            "Somebody has counted these goods meanwhile: %(now)d instead of %(seen)d. Nothing was saved.",
            now=error.now,
            seen=error.seen,
        )
    if isinstance(error, stock_taking_errors.CountNumberError):
        return _("Enter a whole number from 0.")
    return sentence_for(error)
