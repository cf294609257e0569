"""The page with the form of one product, which all its views render."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from storefront import moments
from storefront.actors import describe_actor
from storefront.admin.history_lines import KINDS, read_latest
from storefront.admin.pages import render_page
from storefront.admin.product_form import product_fields
from storefront.admin.product_form.form_edit import explain_fault, explain_reserved
from storefront.admin.product_form.form_fields import currency
from storefront.admin.product_form.form_reader import ProductForm
from storefront.admin.product_form.merging import Merge, describe_origin
from storefront.admin.product_form.option_fields import REMOVAL
from storefront.admin.product_form.picture_fields import list_pictures, name_pictures
from storefront.catalog.draft_preview import preview_url
from storefront.catalog.models import Category
from storefront.catalog.product_writer import LockedProduct, PictureEdit, ProductRefusedError
from storefront.change_sets.field_names import STATUSES
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.unicode_text import parse_digits
from storefront.web.staff_access import may

bp = Blueprint("admin_product_form", __name__, cli_group=None)

LATEST = 5  # changes below the form
MAX_CATEGORIES = 500  # in the list to choose from; with more, people type the path


class NotSavedError(StorefrontError):
    """The form was refused or others changed the same fields; the transaction is rolled back."""

    status = 422


@dataclass(slots=True)
class FormState:
    """The form of one request, whether its sender may set stock, and how it compares with the product."""

    form: ProductForm
    may_set_stock: bool
    merged: Merge = field(default_factory=Merge)
    added: list[PictureEdit] = field(default_factory=list)  # stored files that become pictures of the product

    def refuse(self, error: Exception) -> NotSavedError:
        """Note why the product's writer refused the form; return the error that ends the transaction."""
        errors = self.form.errors
        if isinstance(error, ProductRefusedError):
            errors |= dict(map(explain_fault, error.faults)) or {"": explain_reserved()}
        elif isinstance(error, IntegrityError):
            errors[""] = _("Another product or variant already has one of these values.")
        else:
            errors[""] = _("The stock has changed meanwhile. Check the numbers and save again.")
        return NotSavedError()


def render_form(loaded: LockedProduct, state: FormState) -> Response:
    """Return the page with what was typed, or with what the product has; 409 if others changed the same fields."""
    form, merged = state.form, state.merged
    fields = product_fields.list_fields(loaded)
    for name, each in fields.items():
        form.values.setdefault(name, each.shown)
    variants = product_fields.list_variants(loaded, first_variant())
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
        product=loaded.row if loaded.row.id else None,
        form=form,
        fields=fields,
        variants=variants,
        start=first_variant(),
        total=len(loaded.variants),
        page_size=product_fields.MAX_VARIANTS,
        made_from=describe_origin(shown, merged.refused),
        conflicts=[fields[name] for name in merged.conflicts if name in fields],
        is_gone=merged.is_gone,
        changed_by=describe_actor(loaded.row.changed_by or "") if is_stopped else "",
        preview=preview_url(loaded.row.id) if loaded.row.id and loaded.variants else "",
        statuses=STATUSES,
        categories=_read_categories(),
        currency=currency(),
        pictures=list_pictures(loaded),
        picture_names=name_pictures(loaded),
        removal=REMOVAL,
        latest=read_latest(loaded.row.id, LATEST) if loaded.row.id and may("changes:read") else [],
        kinds=KINDS,
        zone=moments.zone_name(),
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


def first_variant() -> int:
    """Return the place of the first variant on this page."""
    return parse_digits(request.args.get("start", ""), most_digits=5) or 0
