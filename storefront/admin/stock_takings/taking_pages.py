"""/admin/stock/takings: open a stock-taking, look at it, and apply, undo or discard what was counted."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.stock_takings.taking_page import bp, refuse, show_taking
from storefront.catalog.cards import money
from storefront.catalog.stock_list import load_stock
from storefront.catalog.stock_taking_value import read_values
from storefront.errors import StorefrontError
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.stock import stock_taking, stock_taking_reader, taking_runs
from storefront.stock.stock_adjustments import STEPS, TakingVerb
from storefront.stock.stock_taking_models import MAX_NAME, TakingState
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required


@bp.get("/admin/stock/takings")
@limit("staff")
@permission_required("stock:read")
def all_takings() -> Response:
    """List the stock-takings."""
    return _list_page(Form())


@bp.post("/admin/stock/takings")
@limit("staff")
@permission_required("stock:write")
@once_only
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
    return show_taking(number, code=request.args.get("code", "")[:255])


@bp.get("/admin/stock/takings/<int:number>/review")
@limit("staff")
@permission_required("stock:read")
def review(number: int) -> Response:
    """Show the differences, in number and value, before they are applied."""
    return _review_page(number)


@bp.get("/admin/stock/takings/<int:number>/progress")
@limit("staff")
@permission_required("stock:read")
def progress(number: int) -> Response:
    """Return the part of the page that says how far the work is."""
    taking = stock_taking_reader.find_taking(number)
    return render_page(
        "stock/taking-progress.html", taking=taking, totals=stock_taking_reader.read_totals(number)
    )


@bp.post("/admin/stock/takings/<int:number>/application")
@limit("staff")
@permission_required("stock:write")
def apply(number: int) -> Response:
    """Apply all differences; sent again, it goes on where it was interrupted."""
    return _run(number, "apply")


@bp.post("/admin/stock/takings/<int:number>/undo")
@limit("staff")
@permission_required("stock:write")
def undo(number: int) -> Response:
    """Take back what the stock-taking has changed."""
    return _run(number, "undo")


@bp.post("/admin/stock/takings/<int:number>/discard")
@limit("staff")
@permission_required("stock:write")
def discard(number: int) -> Response:
    """End a stock-taking without changing stock; what was counted is kept."""
    return _change_state(number, "discarded", of="open")


@bp.post("/admin/stock/takings/<int:number>/reopening")
@limit("staff")
@permission_required("stock:write")
def reopen(number: int) -> Response:
    """Go on with a stock-taking that was discarded."""
    return _change_state(number, "open", of="discarded")


def _run(number: int, verb: TakingVerb) -> Response:
    try:
        is_done = taking_runs.start(number, verb)
    except StorefrontError as error:
        return refuse(number, error)
    return redirect(url_for(".show", number=number, said=STEPS[verb].done if is_done else None), 303)


def _change_state(number: int, state: TakingState, of: TakingState) -> Response:
    try:
        with write_transaction() as session:
            stock_taking.change_state(session, number, state, of=(of,))
    except StorefrontError as error:
        return refuse(number, error)
    said = "discarded" if state == "discarded" else "saved"
    return redirect(url_for(".show", number=number, said=said), 303)


def _list_page(form: Form) -> Response:
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    takings = stock_taking_reader.list_takings(before)
    actors = describe_actors({taking.started_by for taking in takings})
    more = takings[-1].id if len(takings) == stock_taking_reader.PER_PAGE else None
    return render_page("stock/takings.html", form=form, takings=takings, actors=actors, more=more)


def _review_page(number: int) -> Response:
    taking = stock_taking_reader.find_taking(number)
    before = read_whole_number(request.args.get("before", ""), most_digits=9)
    lines, older = stock_taking_reader.read_lines(number, before, only_differing=True)
    missing, surplus = read_values(number)
    return render_page(
        "stock/review.html",
        taking=taking,
        totals=stock_taking_reader.read_totals(number),
        lines=lines,
        older=older,
        variants=load_stock([line.sku for line in lines]),
        missing=money(missing),
        surplus=money(surplus),
        money_of=money,
    )
