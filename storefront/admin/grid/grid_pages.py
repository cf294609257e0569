"""/admin/grid: prices, stock, SKUs and status of many variants on one page, saved as one change set."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.grid.grid_form import STATUS_LABELS, GridForm
from storefront.admin.grid.grid_rows import Window, load_rows, read_window
from storefront.admin.grid.grid_view import COLUMNS, VIEWS, make_lines, read_start, read_view
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.catalog.product_list import list_choices, read_filter, select_products
from storefront.change_sets.edits import plan_edits
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
    rows = read_view(request.args).rows
    selection = select_products(read_filter(request.args), read_page_number())
    window = read_window(selection.ids, read_start(request.args), rows)
    return _page(window, GridForm(), has_next_page=selection.has_more)


@bp.post("/admin/grid")
@limit("staff")
@permission_required("catalog:write")
@once_only
def save() -> Response:
    """Plan the changed cells as one change set, and lead to it; or show all cells again, with what is wrong."""
    form = GridForm(request.form, may_set_stock=may("stock:write"))
    rows = load_rows(form.seen)
    edits = form.read(rows)
    if not form.errors:
        plan = plan_edits(edits, lambda product: edits[product.id], name=_("Grid"))
        if plan.change_set_id:
            return redirect(url_for("admin_change_sets.show", number=plan.change_set_id), 303)
        if not plan.report.problems:
            values = request.args.to_dict() | {"said": "unchanged"}
            return redirect(url_for("admin_grid.show", **values), 303)  # type: ignore[arg-type]
        form.errors[""] = _("Somebody else was faster. Check the values and send them again.")
    return _page(Window([rows[key] for key in form.seen if key in rows], has_more=False), form)


def _page(window: Window, form: GridForm, *, has_next_page: bool = False) -> Response:
    view, start, page = read_view(request.args), read_start(request.args), read_page_number()
    following = (
        {"page": page, "start": start + view.rows}
        if window.has_more
        else {"page": page + 1, "start": ""}
        if has_next_page
        else None
    )
    locked = set(COLUMNS) if not may("catalog:write") else set() if may("stock:write") else {"on_hand"}
    return render_page(
        "grid/grid.html",
        form=form,
        lines=list(make_lines(window.rows, view, form, locked)),
        view=view,
        views=VIEWS,
        columns=COLUMNS,
        statuses=STATUS_LABELS,
        wanted=read_filter(request.args),
        choices=list_choices(),
        following=following,
        is_first=page == 1 and not start,
        may_save=may("catalog:write"),
    )
