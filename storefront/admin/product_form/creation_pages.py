"""/admin/products/new: staff create a product, from nothing or as a copy of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.admin.once_only import once_only
from storefront.admin.product_form import product_fields
from storefront.admin.product_form.form_edit import build_edit, find_plan_errors
from storefront.admin.product_form.form_fields import FormField
from storefront.admin.product_form.form_page import FormState, NotSavedError, bp, render_form
from storefront.admin.product_form.form_reader import ProductForm
from storefront.admin.product_form.merging import read_all
from storefront.admin.product_form.option_fields import apply_options
from storefront.admin.product_form.variant_naming import name_variants
from storefront.catalog.models import Variant
from storefront.catalog.product_writer import (
    LockedProduct,
    PictureEdit,
    ProductEdit,
    ProductRefusedError,
    VariantEdit,
    create_product,
    read_product,
)
from storefront.catalog.slug_change import is_taken
from storefront.catalog.slugs import slugify
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.web.staff_access import may, permission_required

MAX_TITLE = 500
_COPIED = ("description_html", "vendor", "product_type", "tags", "seo_title", "seo_description")
_COPIED_OF_VARIANTS = (
    "price",
    "compare_at_price",
    "weight_grams",
    "backorder",
    "requires_shipping",
    "taxable",
    "position",
)


@bp.get("/admin/products/new")
@limit("staff")
@permission_required("catalog:write")
def new() -> Response:
    """Show the form of a new product."""
    return render_form(product_fields.blank_product(), FormState(ProductForm(), may("stock:write")))


@bp.post("/admin/products/new")
@limit("staff")
@permission_required("catalog:write")
@once_only
def create() -> Response:
    """Create a product; a refused form comes back as it was typed."""
    state, blank = FormState(ProductForm(request.form), may("stock:write")), product_fields.blank_product()
    fields = product_fields.list_fields(blank)
    if not state.may_set_stock:
        fields = {name: each for name, each in fields.items() if each.field.kind != "stock"}
    values = read_all(state.form, fields)
    try:
        with write_transaction() as session:
            created = _create(session, state, values, fields, blank)
            product_id = created.row.id
    except NotSavedError:
        return render_form(blank, state)
    return redirect(url_for(".show", product_id=product_id, said="saved"), 303)


@bp.post("/admin/products/<int:product_id>/copies")
@limit("staff")
@permission_required("catalog:write")
@once_only
def copy(product_id: int) -> Response:
    """Make a draft with the same texts, prices and pictures; its stock is not copied."""
    with write_transaction() as session:
        copied = _copy(session, read_product(session, product_id))
        copy_id = copied.row.id
    return redirect(url_for(".show", product_id=copy_id, said="copied"), 303)


def _create(
    session: Session,
    state: FormState,
    values: Mapping[str, Any],
    fields: Mapping[str, FormField],
    blank: LockedProduct,
) -> LockedProduct:
    form, wanted = state.form, values["slug"]
    if wanted and is_taken(session, wanted, 0):
        form.errors["slug"] = _("Another product has this address. Choose another one.")
    form.errors |= find_plan_errors(blank, values)
    if form.errors:
        raise NotSavedError
    edit = build_edit(values, fields, blank)
    form.errors |= apply_options(edit, values, blank, may_remove=False)
    if form.errors:
        raise NotSavedError
    for variant in edit.variants:
        variant.code = ""
    edit.is_whole = True
    name_variants(session, edit, wanted or slugify(edit.values["title"]))
    try:
        return create_product(session, edit)
    except (ProductRefusedError, IntegrityError) as error:
        raise state.refuse(error) from error


def _copy(session: Session, source: LockedProduct) -> LockedProduct:
    row = source.row
    title = _("Copy of %(title)s", title=row.title)[:MAX_TITLE]
    edit = ProductEdit({"title": title} | {name: getattr(row, name) for name in _COPIED}, is_whole=True)
    edit.category, edit.further = source.category[0], [each.path for each in source.further]
    edit.variants = [_copy_variant(variant, row.option_names) for variant in source.sorted_variants()]
    edit.pictures = [
        PictureEdit(None, image.alt, image.source, image.digest, image.width, image.height)
        for image in source.images
    ]
    name_variants(session, edit, slugify(title))
    return create_product(session, edit)


def _copy_variant(variant: Variant, names: Sequence[str]) -> VariantEdit:
    """Return the same variant without its codes and its stock."""
    return VariantEdit(
        "",
        {name: getattr(variant, name) for name in _COPIED_OF_VARIANTS},
        options={
            names[place] if place < len(names) else f"Option {place + 1}": value
            for place, value in enumerate(variant.options)
        },
    )
