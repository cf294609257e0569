"""/admin/collections: lists of products that a rule fills: make, preview, change, delete and restore them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from storefront.admin import collection_form
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.catalog.collection import collection_builds, collection_edits
from storefront.catalog.collection.collection_edits import (
    ALL_PRODUCTS,
    CollectionChangedError,
    CollectionEditError,
)
from storefront.catalog.collection.membership_rules import Rule, read_rule
from storefront.catalog.collection.models import Collection
from storefront.catalog.collection.rule_preview import SHOWN, RulePreview, preview_rule
from storefront.catalog.list_index import reader
from storefront.catalog.list_index.list_range import collection_range
from storefront.catalog.list_request import ListRequest
from storefront.catalog.product_list import load_rows
from storefront.catalog.slugs import collection_path
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_collections", __name__, cli_group=None)


@bp.get("/admin/collections")
@limit("staff")
@permission_required("catalog:read")
def all_collections() -> Response:
    """Show all collections, each with its rule and its number of products."""
    return _list(Form())


@bp.get("/admin/collections/new")
@limit("staff")
@permission_required("catalog:write")
def new() -> Response:
    """Show the empty form."""
    return _page(None, Form(values={"match": "all"}))


@bp.post("/admin/collections/new")
@limit("staff")
@permission_required("catalog:write")
@once_only
def create() -> Response:
    """Make a collection, or show what it would list."""
    form = Form(request.form)
    values = collection_form.read_values(form)

    def make() -> int:
        with write_transaction() as session:
            return collection_edits.create(session, values).id

    return _save(None, form, values.rule, make)


@bp.get("/admin/collections/<int:collection_id>")
@limit("staff")
@permission_required("catalog:read")
def show(collection_id: int) -> Response:
    """Show a collection with the first of its products."""
    here = _find(collection_id)
    return _page(here, Form(values=collection_form.write_values(collection_edits.values_of(here))))


@bp.post("/admin/collections/<int:collection_id>")
@limit("staff")
@permission_required("catalog:write")
def change(collection_id: int) -> Response:
    """Save a collection, or show what it would list."""
    here, form = collection_edits.find_collection(db.session(), collection_id), Form(request.form)
    values = collection_form.read_values(form)
    if here is None:
        form.errors[""] = _("Somebody has deleted this collection meanwhile. Save it to make it again.")
        return _page(None, form, status=409)

    def save() -> int:
        with write_transaction() as session:
            made_from = form.typed("made_from")
            return collection_edits.change(session, collection_id, values, expected=made_from).id

    return _save(here, form, values.rule, save)


@bp.post("/admin/collections/<int:collection_id>/removal")
@limit("staff")
@permission_required("catalog:write")
def remove(collection_id: int) -> Response:
    """Delete a collection; its address leads to another page."""
    here = _find(collection_id)
    form = Form(request.form, values=collection_form.write_values(collection_edits.values_of(here)))
    target = form.choice("target", _("where its address leads"), dict(_targets(here)))
    if form.errors:
        return _page(here, form)
    try:
        with write_transaction() as session:
            collection_edits.delete(session, collection_id, target=target, expected=form.typed("made_from"))
    except (CollectionEditError, CollectionChangedError) as error:
        form.errors[""] = str(error)
        return _page(_find(collection_id), form, status=error.status)
    collection_builds.start_build(collection_id)
    return redirect(url_for("admin_collections.all_collections", said="deleted"), 303)


@bp.post("/admin/collections/<int:collection_id>/restoration")
@limit("staff")
@permission_required("catalog:write")
def restore(collection_id: int) -> Response:
    """Put back a deleted collection."""
    form = Form()
    try:
        with write_transaction() as session:
            collection_edits.restore(session, collection_id)
    except (CollectionEditError, CollectionChangedError) as error:
        form.errors[""] = str(error)
        return _list(form, error.status)
    collection_builds.start_build(collection_id)
    return redirect(url_for("admin_collections.show", collection_id=collection_id, said="restored"), 303)


def _list(form: Form, status: int = 200) -> Response:
    columns = (Collection.id, Collection.slug, Collection.title, Collection.rule)
    query = select(*columns, Collection.product_count, Collection.build_before, Collection.deleted_at)
    rows = db.session.execute(query.order_by(func.lower(Collection.title), Collection.id)).all()
    described = [(row, collection_form.describe_rule(read_rule(row.rule))) for row in rows]
    present = [pair for pair in described if pair[0].deleted_at is None]
    deleted = [pair for pair in described if pair[0].deleted_at is not None]
    return render_page("collections/collections.html", status, form=form, rows=present, deleted=deleted)


def _save(here: Collection | None, form: Form, rule: Rule, save: Callable[[], int]) -> Response:
    """Save what was typed and redirect; or show the form again, with its preview, errors or further rows."""
    wish = form.typed("do")
    if wish == "more":
        form.errors.clear()
    if form.errors or wish in ("preview", "more"):
        return _page(here, form, preview_rule(rule) if wish == "preview" and rule.conditions else None)
    try:
        collection_id = save()
    except (CollectionEditError, CollectionChangedError) as error:
        form.errors[""] = str(error)
        found = collection_edits.find_collection(db.session(), here.id) if here else None
        return _page(found, form, status=error.status)
    collection_builds.start_build(collection_id)
    return redirect(url_for("admin_collections.show", collection_id=collection_id, said="saved"), 303)


def _page(
    here: Collection | None, form: Form, preview: RulePreview | None = None, *, status: int = 200
) -> Response:
    stored = collection_form.write_values(collection_edits.values_of(here)) if here else {}
    listed = preview.product_ids if preview else _first_products(here) if here else []
    return render_page(
        "collections/collection.html",
        status,
        form=form,
        here=here,
        # What somebody else has saved meanwhile, beside what this person typed.
        differing=_differing(stored, form.values) if here else {},
        rows=collection_form.count_rows(form.values, more=form.typed("do") == "more"),
        kinds=collection_form.KIND_LABELS,
        matches=collection_form.MATCH_LABELS,
        preview=preview,
        products=load_rows(listed),
        targets=_targets(here) if here else [],
        version=collection_edits.version_of(here) if here else "",
    )


def _differing(stored: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    return {
        name: stored.get(name, "")
        for name in {*stored, *typed}
        if stored.get(name, "") != typed.get(name, "")
    }


def _first_products(here: Collection) -> Sequence[int]:
    place = collection_range(here.id, datetime.now(UTC))
    return reader.select_in_range(ListRequest(), place, here.product_count).ids[:SHOWN]


def _targets(here: Collection) -> list[tuple[str, str]]:
    """Return the pages to which the address of a deleted collection may lead: path and name."""
    others = (
        select(Collection.slug, Collection.title)
        .where(Collection.id != here.id, Collection.is_present())
        .order_by(Collection.title)
    )
    rows = db.session.execute(others).all()
    return [(ALL_PRODUCTS, _("All products")), *((collection_path(row.slug), row.title) for row in rows)]


def _find(collection_id: int) -> Collection:
    return collection_edits.find_collection(db.session(), collection_id) or abort(404)
