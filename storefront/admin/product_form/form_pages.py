"""/admin/products/ID: staff change one product; two people at once never overwrite each other."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.admin.product_form import product_fields
from storefront.admin.product_form.form_edit import build_edit
from storefront.admin.product_form.form_page import FormState, NotSavedError, bp, first_variant, render_form
from storefront.admin.product_form.form_reader import ProductForm
from storefront.admin.product_form.merging import merge
from storefront.catalog.product_writer import (
    ProductRefusedError,
    lock_product,
    read_product,
    write_product,
)
from storefront.catalog.slug_change import is_taken
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.stock import InsufficientStockError
from storefront.stock.inventory import StockChangedError
from storefront.web.staff_access import may, permission_required


@bp.get("/<int(max=2147483647):product_id>")
@limit("staff")
@permission_required("catalog:read")
def show(product_id: int) -> Response:
    """Show the form of a product."""
    return render_form(read_product(db.session(), product_id), FormState(ProductForm(), may("stock:write")))


@bp.post("/<int(max=2147483647):product_id>")
@limit("staff")
@permission_required("catalog:write")
def save(product_id: int) -> Response:
    """Save what the sender changed; if others changed the same fields, show both and save nothing."""
    state = FormState(ProductForm(request.form), may("stock:write"))
    try:
        with write_transaction() as session:
            _save(session, product_id, state)
    except NotSavedError:
        return render_form(read_product(db.session(), product_id), state)
    return redirect(url_for(".show", product_id=product_id, said="saved", start=first_variant() or None), 303)


def _save(session: Session, product_id: int, state: FormState) -> None:
    loaded, form = lock_product(session, product_id), state.form
    fields = product_fields.list_fields(loaded)
    state.merged = merged = merge(form, fields)
    if not state.may_set_stock:
        refused = [name for name in merged.changes if fields[name].field.kind == "stock"]
        form.errors |= dict.fromkeys(refused, _("Your role can’t set stock. Nothing was saved."))
    if "slug" in merged.changes and is_taken(session, merged.changes["slug"], product_id):
        form.errors["slug"] = _("Another product has this address. Choose another one.")
    if form.errors or merged.conflicts or merged.is_gone:
        raise NotSavedError
    if not merged.changes:
        return
    try:
        write_product(session, loaded, build_edit(merged.changes, fields, loaded))
    except (ProductRefusedError, InsufficientStockError, StockChangedError, IntegrityError) as error:
        raise state.refuse(error) from error
