"""/admin/stock/takings: stock-takings, in which several people count with scanners; review, apply, undo."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.admin.stock_forms import WantedVariant, sentence_for
from storefront.catalog.cards import money
from storefront.catalog.stock_list import load_stock
from storefront.catalog.stock_taking_value import read_values
from storefront.errors import StorefrontError
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.stock import stock_taking
from storefront.stock.lookup import MAX_LISTED, AmbiguousSkuError, VariantName
from storefront.stock.stock_adjustments import apply_taking, undo_taking
from storefront.stock.stock_taking_models import MAX_KEY, MAX_NAME
from storefront.unicode_text import clean_line, read_whole_number
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_stock_takings", __name__, cli_group=None)

_QUANTITY_DIGITS = 5  # a longer number in the field of the quantity is a code that was scanned


@bp.get("/admin/stock/takings")
@limit("staff")
@permission_required("stock:read")
def all_takings() -> Response:
    """List the stock-takings."""
    return _list_page(Form())


@bp.post("/admin/stock/takings")
@limit("staff")
@permission_required("stock:write")
def start() -> Response:
    """Open a stock-taking."""
    form = Form(request.form)
    name = form.text("name", _("a name"), most=MAX_NAME)
    if form.errors:
        return _list_page(form)
    with write_transaction() as session:
        number = stock_taking.open_taking(session, name)
    return redirect(url_for("admin_stock_takings.show", number=number), 303)


@bp.get("/admin/stock/takings/<int:number>")
@limit("staff")
@permission_required("stock:read")
def show(number: int) -> Response:
    """Show what was counted; while it is open, with the field for the scanner."""
    return _page(number, code=request.args.get("code", "")[:255])


@bp.get("/admin/stock/takings/<int:number>/review")
@limit("staff")
@permission_required("stock:read")
def review(number: int) -> Response:
    """Show the differences, in number and value, before they are applied."""
    return _review_page(number)


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
        return _refuse(number, error, code=code)
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
            raise stock_taking.CountNumberError
        with write_transaction() as session:
            stock_taking.set_count(session, number, code, counted, seen, _read_key())
    except StorefrontError as error:
        return _refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, counted=code), 303)


@bp.post("/admin/stock/takings/<int:number>/application")
@limit("staff")
@permission_required("stock:write")
def apply(number: int) -> Response:
    """Apply all differences; sent again, it goes on where it was interrupted."""
    return _change(number, lambda: apply_taking(number))


@bp.post("/admin/stock/takings/<int:number>/undo")
@limit("staff")
@permission_required("stock:write")
def undo(number: int) -> Response:
    """Take back what the stock-taking has changed."""
    return _change(number, lambda: undo_taking(number))


@bp.post("/admin/stock/takings/<int:number>/discard")
@limit("staff")
@permission_required("stock:write")
def discard(number: int) -> Response:
    """End a stock-taking without changing stock; what was counted is kept."""

    def end() -> None:
        with write_transaction() as session:
            stock_taking.change_state(session, number, "discarded", of=("open",))

    return _change(number, end)


def _change(number: int, verb: Callable[[], None]) -> Response:
    try:
        verb()
    except StorefrontError as error:
        return _refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, said="saved"), 303)


@bp.post("/admin/stock/takings/<int:number>/reopening")
@limit("staff")
@permission_required("stock:write")
def reopen(number: int) -> Response:
    """Go on with a stock-taking that was discarded."""
    try:
        with write_transaction() as session:
            stock_taking.change_state(session, number, "open", of=("discarded",))
    except StorefrontError as error:
        return _refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, said="saved"), 303)


def _scan(number: int, text: str) -> Response:
    typed = clean_line(text[:255])
    code = request.form.get("choice", "")[:255]
    try:
        sku = WantedVariant(code or typed, is_code=bool(code)).find().sku
        with write_transaction() as session:
            stock_taking.add_count(session, number, sku, 1, _read_key())
    except StorefrontError as error:
        return _refuse(number, error)
    return redirect(url_for("admin_stock_takings.show", number=number, code=sku), 303)


def _read_key() -> str:
    return request.form.get("key", "")[:MAX_KEY] or secrets.token_urlsafe(16)


def _refuse(number: int, error: StorefrontError, *, code: str = "") -> Response:
    choices = error.variants[:MAX_LISTED] if isinstance(error, AmbiguousSkuError) else ()
    status = error.status if error.status in (404, 409) else 422
    return _page(number, code=code, problem=_sentence(error), choices=choices, status=status)


def _sentence(error: StorefrontError) -> str:
    if isinstance(error, stock_taking.TakingStateError):
        return _(
            "Nothing was counted or changed: somebody has ended this stock-taking meanwhile, or begun it again."
        )
    if isinstance(error, stock_taking.CountChangedError):
        return _(
            "Somebody has counted these goods meanwhile: %(now)d instead of %(seen)d. Nothing was saved.",
            now=error.now,
            seen=error.seen,
        )
    if isinstance(error, stock_taking.CountNumberError):
        return _("Enter a whole number from 0.")
    return sentence_for(error)


def _list_page(form: Form) -> Response:
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    takings = stock_taking.list_takings(before)
    actors = describe_actors({taking.started_by for taking in takings})
    more = takings[-1].id if len(takings) == stock_taking.PER_PAGE else None
    return render_page("stock/takings.html", form=form, takings=takings, actors=actors, more=more)


def _page(
    number: int,
    *,
    code: str = "",
    problem: str = "",
    choices: tuple[VariantName, ...] = (),
    status: int = 200,
) -> Response:
    taking = stock_taking.find_taking(number)
    counted = request.args.get("counted", "")[:255]
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    lines, older = stock_taking.read_lines(number, before)
    skus = {line.sku for line in lines} | {code, counted} - {""}
    last = next((line for line in lines if line.sku == (code or counted)), None)
    if last is None and (code or counted):
        last = stock_taking.read_line(number, code or counted)
    return render_page(
        "stock/taking.html",
        status,
        taking=taking,
        starter=describe_actors([taking.started_by])[taking.started_by],
        totals=stock_taking.read_totals(number),
        lines=lines,
        older=older,
        variants=load_stock(sorted(skus)),
        last=last,
        asks=code if last and taking.state == "open" else "",
        problem=problem,
        choices=choices,
        key=secrets.token_urlsafe(16),
    )


def _review_page(number: int) -> Response:
    taking = stock_taking.find_taking(number)
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    lines, older = stock_taking.read_lines(number, before, only_differing=True)
    missing, surplus = read_values(number)
    return render_page(
        "stock/review.html",
        taking=taking,
        totals=stock_taking.read_totals(number),
        lines=lines,
        older=older,
        variants=load_stock([line.sku for line in lines]),
        missing=money(missing),
        surplus=money(surplus),
        money_of=money,
    )
