"""/admin/categories: the category tree, level by level: make, rename, move, order, hide, delete."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.sent_places import read_places
from storefront.catalog import category_edits, category_pictures
from storefront.catalog.categories import CategoryMoveError
from storefront.catalog.category_edits import CategoryChangedError, CategoryEditError, CategoryValues
from storefront.catalog.category_ranking import rank_key
from storefront.catalog.list_index.derivation import ancestor_paths
from storefront.catalog.models import MAX_PATH, ROOT_PATH, Category
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_categories", __name__, cli_group=None)

MOST_CHOICES = 500  # in a list to choose from; in a larger tree people type the address


@bp.get("/admin/categories")
@limit("staff")
@permission_required("catalog:read")
def tree() -> Response:
    """Show the top categories."""
    return render_category(find_category(None), Form())


@bp.get("/admin/categories/<int:category_id>")
@limit("staff")
@permission_required("catalog:read")
def show(category_id: int) -> Response:
    """Show a category and those directly below it."""
    return render_category(find_category(category_id), Form())


@bp.post("/admin/categories")
@limit("staff")
@permission_required("catalog:write")
@once_only
def create() -> Response:
    """Make a category below another one."""
    form = Form(request.form)
    values = CategoryValues(form.text("new", _("a name"), most=category_edits.MAX_NAME), _path(form, "below"))
    here = _at(values.parent)
    if form.errors:
        return render_category(here, form)

    def make() -> str:
        with write_transaction() as session:
            category_edits.create(session, values)
        return _url(here.id)

    return _try(make, here, form)


@bp.post("/admin/categories/<int:category_id>")
@limit("staff")
@permission_required("catalog:write")
def change(category_id: int) -> Response:
    """Rename, move, hide or show a category."""
    here, form = find_category(category_id), Form(request.form)
    values = CategoryValues(
        form.text("name", _("a name"), most=category_edits.MAX_NAME),
        _path(form, "parent"),
        form.text("slug", _("an address"), most=category_edits.MAX_NAME, required=False),
        form.ticked("hidden"),
    )
    if form.errors:
        return render_category(here, form)

    def save() -> str:
        with write_transaction() as session:
            category_edits.change(session, category_id, values, expected=form.typed("made_from"))
        return _url(category_id)

    return _try(save, here, form)


@bp.post("/admin/categories/order")
@limit("staff")
@permission_required("catalog:write")
def order() -> Response:
    """Order the categories below one: by the numbers that were typed, or one of them a place up or down."""
    form = Form(request.form)
    here = find_category(read_whole_number(form.typed("of"), most_digits=18))
    children = category_edits.list_children(db.session(), here.id)
    places = read_places(form, [child.id for child in children])

    def save() -> str:
        with write_transaction() as session:
            category_edits.order_children(session, here.id, places, expected=form.typed("made_from"))
        return _url(here.id)

    return render_category(here, form) if form.errors else _try(save, here, form)


@bp.post("/admin/categories/<int:category_id>/removal")
@limit("staff")
@permission_required("catalog:write")
def remove(category_id: int) -> Response:
    """Delete a category; its products go to another one."""
    here, form = find_category(category_id), Form(request.form)
    target = _path(form, "target") if form.typed("target") else None
    above = here.parent_id

    def delete() -> str:
        with write_transaction() as session:
            category_edits.delete(session, category_id, target=target, expected=form.typed("made_from"))
        return _url(above, said="deleted")

    return _try(delete, here, form)


def _try(work: Callable[[], str], here: Category, form: Form) -> Response:
    """Do the work and redirect to the URL that it returns; on an error show the page with all that was typed."""
    try:
        return redirect(work(), 303)
    except (CategoryEditError, CategoryMoveError, CategoryChangedError) as error:
        form.errors[""] = str(error)
        status = 409 if isinstance(error, CategoryChangedError) else 422
    found = db.session.get(Category, here.id)
    return render_category(found, form, status) if found else redirect(url_for("admin_categories.tree"), 303)


def render_category(here: Category, form: Form, status: int = 200) -> Response:
    """Return the page of a category, with what was typed into one of its forms."""
    trail, children = _read_neighbours(here)
    parent = here.path.rpartition("/")[0] or "/"
    stored = {"name": here.name, "slug": here.slug, "parent": parent, "hidden": "1" if here.hidden else ""}
    is_sent = "name" in form.values
    return render_page(
        "categories/category.html",
        status,
        form=form,
        here=here,
        shown=form.values if is_sent else stored,
        # What somebody else has saved meanwhile, beside what this person typed.
        differing={key: value for key, value in stored.items() if is_sent and form.values[key] != value},
        trail=trail,
        children=children,
        choices=_choices(),
        products=category_edits.count_products(db.session(), here.id),
        most_products=category_edits.MOST_COUNTED,
        version=category_edits.version_of(here),
        order_version=category_edits.version_of_order(children),
        is_root=here.path == ROOT_PATH,
        picture=category_pictures.picture_of(here),
        picture_version=category_pictures.version_of_picture(here),
    )


def _read_neighbours(here: Category) -> tuple[list[Category], list[Category]]:
    """Return the categories above one, root first, and those directly below it, in their order."""
    above = ancestor_paths(here.path)[:-1] if here.path else []
    near = or_(Category.parent_id == here.id, Category.path.in_(above))
    found = db.session.execute(select(Category).where(near)).scalars().all()
    trail = sorted((row for row in found if row.parent_id != here.id), key=lambda row: len(row.path))
    return trail, sorted((row for row in found if row.parent_id == here.id), key=rank_key)


def find_category(category_id: int | None) -> Category:
    """Return the category with this id, or the root if there is no id; answer 404 if no category has it."""
    wanted = Category.path == ROOT_PATH if category_id is None else Category.id == category_id
    found = db.session.execute(select(Category).where(wanted)).scalar_one_or_none()
    return found or abort(404)


def _at(path: str) -> Category:
    found = db.session.execute(select(Category).where(Category.path == path)).scalar_one_or_none()
    return found or find_category(None)


def _url(category_id: int | None, said: str = "saved") -> str:
    root = db.session.execute(select(Category.id).where(Category.path == ROOT_PATH)).scalar_one()
    if category_id in (None, root):
        return url_for("admin_categories.tree", said=said)
    return url_for("admin_categories.show", category_id=category_id, said=said)


def _path(form: Form, name: str) -> str:
    """Return the path of the category that was chosen from a list, or typed as its address: "/" is the root."""
    typed = form.typed(name).strip()[:MAX_PATH]
    form.values[name] = typed
    return typed.removeprefix("/categories/").strip("/")


def _choices() -> list[tuple[str, str]]:
    """Return path and indented name of all categories; nothing if there are too many to choose from."""
    query = select(Category.path, Category.name).where(Category.path != ROOT_PATH).order_by(Category.path)
    rows = db.session.execute(query.limit(MOST_CHOICES + 1)).all()
    if len(rows) > MOST_CHOICES:
        return []
    return [("/", _("Top level")), *((row.path, "– " * row.path.count("/") + row.name) for row in rows)]
