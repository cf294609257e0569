"""/admin/products/ID: staff change one product; two people at once never overwrite each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actors import describe_actor
from storefront.admin.pages import render_page
from storefront.admin.product_form import product_fields
from storefront.admin.product_form.form_edit import build_edit, explain_fault
from storefront.admin.product_form.form_reader import ProductForm
from storefront.admin.product_form.merging import Merge, describe_origin, merge
from storefront.catalog.models import Category
from storefront.catalog.product_writer import (
    LockedProduct,
    ProductRefusedError,
    lock_product,
    read_product,
    write_product,
)
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.stock import InsufficientStockError
from storefront.stock.inventory import StockChangedError
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_product_form", __name__, url_prefix="/admin/products", cli_group=None)

MAX_CATEGORIES = 500  # in the list to choose from; with more, people type the path


class _NotSavedError(StorefrontError):
    """The form was refused or others changed the same fields; the transaction is rolled back."""

    status = 422


@dataclass(slots=True)
class _State:
    """The form of one request, and how it compares with the product."""

    form: ProductForm
    may_set_stock: bool = False
    merged: Merge = field(default_factory=Merge)


@bp.get("/<int(max=2147483647):product_id>")
@limit("staff")
@permission_required("catalog:read")
def show(product_id: int) -> Response:
    """Show the form of a product."""
    return _page(
        read_product(db.session(), product_id), _State(ProductForm(), may_set_stock=may("stock:write"))
    )


@bp.post("/<int(max=2147483647):product_id>")
@limit("staff")
@permission_required("catalog:write")
def save(product_id: int) -> Response:
    """Save what the sender changed; if others changed the same fields, show both and save nothing."""
    state = _State(ProductForm(request.form), may_set_stock=may("stock:write"))
    try:
        with write_transaction() as session:
            _save(session, product_id, state)
    except _NotSavedError:
        return _page(read_product(db.session(), product_id), state)
    return redirect(url_for(".show", product_id=product_id, said="saved", start=_start() or None), 303)


def _save(session: Session, product_id: int, state: _State) -> None:
    loaded, form = lock_product(session, product_id), state.form
    fields = product_fields.list_fields(loaded)
    state.merged = merged = merge(form, fields)
    if not state.may_set_stock:
        refused = [name for name in merged.changes if fields[name].field.kind == "stock"]
        form.errors |= dict.fromkeys(refused, _("Your role can’t set stock. Nothing was saved."))
    if form.errors or merged.conflicts or merged.is_gone:
        raise _NotSavedError
    if not merged.changes:
        return
    try:
        write_product(session, loaded, build_edit(merged.changes, fields, loaded))
    except ProductRefusedError as error:
        form.errors |= {explain_fault(fault)[0]: explain_fault(fault)[1] for fault in error.faults}
        form.errors = form.errors or {"": str(error)}
        raise _NotSavedError from error
    except (InsufficientStockError, StockChangedError) as error:
        form.errors[""] = _("The stock has changed meanwhile. Check the numbers and save again.")
        raise _NotSavedError from error
    except IntegrityError as error:
        form.errors[""] = _("Another product or variant already has one of these values.")
        raise _NotSavedError from error


def _page(loaded: LockedProduct, state: _State) -> Response:
    form, merged = state.form, state.merged
    fields = product_fields.list_fields(loaded)
    for name, each in fields.items():
        form.values.setdefault(name, each.shown)
    variants = product_fields.list_variants(loaded, _start())
    prefixes = {variant.prefix for variant in variants}
    shown = {
        name: each
        for name, each in fields.items()
        if (not each.code or name.partition("-")[0] in prefixes)
        and (each.field.kind != "stock" or state.may_set_stock)
    }
    is_stopped = bool(merged.conflicts or merged.is_gone)
    return render_page(
        "products/product.html",
        409 if is_stopped and not form.errors else 200,
        product=loaded.row,
        form=form,
        fields=fields,
        variants=variants,
        start=_start(),
        total=len(loaded.variants),
        page_size=product_fields.MAX_VARIANTS,
        made_from=describe_origin(shown, merged.refused),
        conflicts=[fields[name] for name in merged.conflicts if name in fields],
        is_gone=merged.is_gone,
        changed_by=describe_actor(loaded.row.changed_by) if is_stopped else "",
        statuses=product_fields.STATUSES,
        categories=_read_categories(),
        currency=product_fields.currency(),
    )


def _read_categories() -> dict[str, str] | None:
    """Return the names of all categories by path, from the top down; None if they are too many for a list."""
    query = select(Category.path, Category.name).where(Category.path != "").order_by(Category.path)
    names = {row.path: row.name for row in db.session.execute(query.limit(MAX_CATEGORIES + 1))}
    if len(names) > MAX_CATEGORIES:
        return None
    parts: dict[str, Any] = {path: path.split("/") for path in names}
    return {
        path: " › ".join(names.get("/".join(slugs[: level + 1]), slugs[level]) for level in range(len(slugs)))
        for path, slugs in parts.items()
    }


def _start() -> int:
    """Return the place of the first variant on this page."""
    text = request.args.get("start", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
