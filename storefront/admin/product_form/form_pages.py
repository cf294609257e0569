"""/admin/products/ID: staff change one product; two people at once never overwrite each other."""

from __future__ import annotations

from functools import partial

from flask import redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.admin.gate import may_upload
from storefront.admin.product_form import product_fields
from storefront.admin.product_form.form_edit import build_edit, explain_fault, find_plan_errors
from storefront.admin.product_form.form_page import FormState, NotSavedError, bp, first_variant, render_form
from storefront.admin.product_form.form_reader import ProductForm
from storefront.admin.product_form.merging import merge
from storefront.admin.product_form.option_fields import REMOVAL, apply_options
from storefront.admin.product_form.picture_fields import (
    FILES,
    apply_pictures,
    find_foreign_pictures,
    store_files,
)
from storefront.admin.product_form.variant_naming import name_variants
from storefront.catalog.product_writer import (
    EditFault,
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
from storefront.stock.ledger import StockChangedError
from storefront.web.body_limits import receives_upload
from storefront.web.staff_access import may, permission_required


@bp.get("/admin/products/<int:product_id>")
@limit("staff")
@permission_required("catalog:read")
def show(product_id: int) -> Response:
    """Show the form of a product."""
    return render_form(read_product(db.session(), product_id), FormState(ProductForm(), may("stock:write")))


@bp.post("/admin/products/<int:product_id>")
@limit("staff")
@permission_required("catalog:write")
def save(product_id: int) -> Response:
    """Save what the sender changed; if others changed the same fields, show both and save nothing."""
    return _answer(product_id, FormState(ProductForm(request.form), may("stock:write")))


@bp.post("/admin/uploads/products/<int:product_id>")
@receives_upload(partial(may_upload, "catalog:write"))
@limit("staff")
@permission_required("catalog:write")
def upload(product_id: int) -> Response:
    """Save the form, and add the pictures that it carries; those that cannot be used are named."""
    state, refused = FormState(ProductForm(request.form), may("stock:write")), dict[str, str]()
    present = len(read_product(db.session(), product_id).images)
    state.added = store_files(refused, present)
    answer = _answer(product_id, state)
    if not refused:
        return answer
    state.form.errors |= refused
    return render_form(read_product(db.session(), product_id), state)


def _answer(product_id: int, state: FormState) -> Response:
    if state.form.typed(FILES):  # a form without files in it has only their names
        state.form.errors[FILES] = _("Press “Save and upload” to send the pictures. Choose them again.")
    try:
        with write_transaction() as session:
            _save(session, product_id, state)
    except NotSavedError:
        return render_form(read_product(db.session(), product_id), state)
    return redirect(url_for(".show", product_id=product_id, said="saved", start=first_variant() or None), 303)


def _save(session: Session, product_id: int, state: FormState) -> None:
    form = state.form
    loaded = lock_product(session, product_id, category=form.raw("category").strip())
    fields = product_fields.list_fields(loaded)
    state.merged = merged = merge(form, fields)
    if not state.may_set_stock:
        refused = [name for name in merged.changes if fields[name].field.kind == "stock"]
        form.errors |= dict.fromkeys(refused, _("Your role can’t set stock. Nothing was saved."))
    form.errors |= find_foreign_pictures(loaded, merged.changes, fields)
    form.errors |= find_plan_errors(loaded, merged.changes)
    if form.errors or merged.conflicts or merged.is_gone:
        if "slug" in merged.changes and is_taken(session, merged.changes["slug"], product_id):
            form.errors |= [explain_fault(EditFault("", "/slug"))]
        raise NotSavedError
    if not merged.changes and not state.added:
        return
    edit = build_edit(merged.changes, fields, loaded)
    edit.pictures = apply_pictures(loaded, merged.changes, state.added)
    form.errors |= apply_options(edit, merged.changes, loaded, may_remove=bool(form.typed(REMOVAL)))
    if form.errors:
        raise NotSavedError
    name_variants(session, edit, loaded.row.slug)
    try:
        write_product(session, loaded, edit)
    except (ProductRefusedError, InsufficientStockError, StockChangedError, IntegrityError) as error:
        raise state.refuse(error) from error
