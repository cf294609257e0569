"""/admin/grid: prices, stock, SKUs and status of many variants on one page, saved as one change set."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.grid.carried_cells import CarriedRow, SeenRow, TooManyCarriedError, write_carried
from storefront.admin.grid.grid_form import GridForm
from storefront.admin.grid.grid_rows import GridRow, Window, load_rows, read_window
from storefront.admin.grid.grid_view import (
    COLUMNS,
    VIEWS,
    GridPlace,
    make_lines,
    read_start,
    read_target,
    read_view,
)
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.catalog.product_list import list_choices, read_filter, select_products
from storefront.change_sets.edits import plan_edits
from storefront.change_sets.field_names import STATUSES
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.web.page_numbers import read_page_number
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_grid", __name__, cli_group=None)


@bp.get("/admin/grid")
@limit("staff")
@permission_required("catalog:read")
def show() -> Response:
    """Show the variants of the products that a filter leaves."""
    place = _read_place()
    window, following = _read(place)
    return _page(window, GridForm(), place, following=following)


@bp.post("/admin/grid")
@limit("staff")
@permission_required("catalog:write")
@once_only
def save() -> Response:
    """Plan the changed cells as one change set, and lead to it; or show all cells again, with what is wrong.

    The buttons that lead to another page send the form, too: that page carries the changed cells along.
    """
    form = GridForm(request.form, may_set_stock=may("stock:write"))
    rows = load_rows(form.seen)
    if form.is_sent("walk") and not form.errors:
        return _walk(form, rows, read_target(form.typed("walk")))
    edits = form.read(rows)
    if not form.errors:
        plan = plan_edits(edits, lambda product: edits[product.id], name=_("Grid"))
        if plan.change_set_id:
            return redirect(url_for("admin_change_sets.show", number=plan.change_set_id), 303)
        if not plan.report.problems:
            values = request.args.to_dict() | {"said": "unchanged"}
            return redirect(url_for("admin_grid.show", **values), 303)  # type: ignore[arg-type]
        form.errors[""] = _("Somebody else was faster. Check the values and send them again.")
    return _show_again(form, rows)


def _walk(form: GridForm, rows: Mapping[int, GridRow], target: GridPlace) -> Response:
    """Show another page, which carries along what was changed on this one and before."""
    window, following = _read(target)
    try:
        carried = form.carry(rows, {row.id for row in window.rows})
    except TooManyCarriedError as error:
        form.errors[""] = str(error)
        return _show_again(form, rows)
    return _page(window, form, target, following=following, carried=carried, made_from=form.seen)


def _show_again(form: GridForm, rows: Mapping[int, GridRow]) -> Response:
    """Show the page's cells again, and those of other pages that are wrong; further ones are carried along."""
    wrong = [key for key in form.carried if key in rows and form.is_wrong(rows[key])]
    own = [key for key in form.seen if key in rows and key not in form.carried]
    shown = [*wrong, *own][: read_view(request.args).rows]
    window = Window([rows[key] for key in shown], has_more=False)
    return _page(window, form, _read_place(), carried=form.carry(rows, shown))


def _read_place() -> GridPlace:
    return GridPlace(read_page_number(), read_start(request.args.get("start", "")))


def _read(place: GridPlace) -> tuple[Window, GridPlace | None]:
    """Return the rows of a page, and the page behind it."""
    size = read_view(request.args).rows
    selection = select_products(read_filter(request.args), place.page, size)
    window = read_window(selection.ids, place.start, size)
    if window.has_more:
        return window, GridPlace(place.page, place.start + size)
    return window, GridPlace(place.page + 1) if selection.has_more else None


def _page(
    window: Window,
    form: GridForm,
    place: GridPlace,
    *,
    following: GridPlace | None = None,
    carried: Mapping[int, CarriedRow] | None = None,
    made_from: Mapping[int, SeenRow] | None = None,
) -> Response:
    view = read_view(request.args)
    locked = set(COLUMNS) if not may("catalog:write") else set() if may("stock:write") else {"on_hand"}
    return render_page(
        "grid/grid.html",
        form=form,
        lines=list(make_lines(window.rows, view, form, locked, made_from or {})),
        carried=write_carried(carried or {}),
        carried_rows=len(carried or {}),
        place=place,
        view=view,
        views=VIEWS,
        columns=COLUMNS,
        statuses=STATUSES,
        wanted=read_filter(request.args),
        choices=list_choices(),
        following=following,
        first=GridPlace(),
        may_save=may("catalog:write"),
    )
