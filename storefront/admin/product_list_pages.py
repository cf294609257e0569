"""/admin/products: all products, drafts and archived ones too, with search, filters, orders and bulk edits."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, moments
from storefront.accounts.saved_filters import (
    SavedFilterError,
    list_saved_filters,
    remove_saved_filter,
    save_filter,
)
from storefront.admin import product_bulk_form
from storefront.admin.bulk_actions import BulkFormError, roundings
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.product_export import export_products
from storefront.catalog.product_list import (
    ProductFilter,
    iterate_matching_ids,
    list_choices,
    load_rows,
    read_filter,
    select_products,
)
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import limit
from storefront.unicode_text import parse_digits
from storefront.web.page_numbers import read_page_number
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_products", __name__, cli_group=None)

_LIST = "products"  # among the saved filters


@bp.get("/admin/products")
@limit("staff")
@permission_required("catalog:read")
def all_products() -> Response:
    """List the products that a search and filters leave, or all, the newest first."""
    return _page(read_filter(request.args), read_page_number())


@bp.get("/admin/products.csv")
@limit("staff")
@permission_required("catalog:read")
def export() -> Response:
    """Return the products that a search and filters leave as a CSV file."""
    wanted = read_filter(request.args)
    return export_products(iterate_matching_ids(wanted) if wanted.is_narrowed else None)


@bp.post("/admin/products/edits")
@limit("staff")
@permission_required("catalog:write")
@once_only
def plan() -> Response:
    """Plan a bulk edit as a change set, and lead to its page, which shows it and applies it."""
    try:
        bulk = product_bulk_form.read_edit(request.form)
        ids = product_bulk_form.read_ids(request.form)
        db.session.rollback()  # the planner reads on a connection of its own
        planned = product_bulk_form.plan(bulk, ids)
    except BulkFormError as error:
        number = parse_digits(request.form.get("page", ""), most_digits=6) or 1
        wanted = product_bulk_form.read_list_filter(request.form)
        return _page(wanted, number, str(error), error.status)
    return redirect(url_for("admin_change_sets.show", number=planned), 303)


@bp.post("/admin/products/filters")
@limit("staff")
@permission_required("catalog:read")
def save() -> Response:
    """Keep the list's filter for the person who is signed in."""
    wanted = product_bulk_form.read_list_filter(request.form)
    try:
        with write_transaction() as session:
            save_filter(session, _my_id(), _LIST, request.form.get("name", "")[:500], wanted.query())
    except SavedFilterError as error:
        return _page(wanted, 1, str(error), error.status)
    return redirect(url_for("admin_products.all_products", **wanted.fields, said="saved"), 303)  # type: ignore[arg-type]  # texts


@bp.post("/admin/products/filters/<int:filter_id>/removal")
@limit("staff")
@permission_required("catalog:read")
def remove(filter_id: int) -> Response:
    """Remove one of the person's saved filters."""
    with write_transaction() as session:
        remove_saved_filter(session, _my_id(), filter_id)
    return redirect(url_for("admin_products.all_products"), 303)


def _my_id() -> int:
    user = accounts.current_user()
    return user.id if user else 0


def _page(wanted: ProductFilter, page: int, problem: str = "", status: int = 200) -> Response:
    selection = select_products(wanted, page)
    return render_page(
        "products/products.html",
        status,
        wanted=wanted,
        page=page,
        selection=selection,
        rows=load_rows(selection.ids),
        choices=list_choices(),
        saved=list_saved_filters(_my_id(), _LIST),
        roundings=roundings(),
        problem=problem,
        typed=request.form,
        zone=moments.zone_name(),
        ticked=set(request.form.getlist("id")),
        has_form="admin_product_form.show" in current_app.view_functions,
        has_new="admin_product_form.new" in current_app.view_functions,
    )
