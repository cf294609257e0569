"""/admin/menus: the menus in the header and the footer of the shop, which a merchant makes of links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.admin import menu_view
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.sent_places import read_places
from storefront.content import menu_edits, menu_start, menu_versions
from storefront.content.menu_edits import EntryValues
from storefront.content.menu_models import MAX_ADDRESS, MAX_LABEL, MenuItem
from storefront.content.menu_targets import MenuEditError
from storefront.content.menu_versions import MenuChangedError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_menus", __name__, cli_group=None)


@bp.get("/admin/menus")
@limit("staff")
@permission_required("content:read")
def all_menus() -> Response:
    """Show both menus."""
    return render_page("menus/menus.html", menus=[menu_view.read_menu(name) for name in menu_edits.NAMES])


@bp.get("/admin/menus/<name>")
@limit("staff")
@permission_required("content:read")
def show(name: str) -> Response:
    """Show a menu: its entries, their order, the form of a new one, and its versions."""
    return _page(_find_name(name), Form())


@bp.post("/admin/menus/<name>")
@limit("staff")
@permission_required("content:write")
@once_only
def add(name: str) -> Response:
    """Add an entry."""
    form = Form(request.form)
    values = _read(form)
    return _save(_find_name(name), form, lambda s, seen: menu_edits.add(s, name, values, expected=seen))


@bp.post("/admin/menus/<name>/order")
@limit("staff")
@permission_required("content:write")
def order(name: str) -> Response:
    """Order the entries that share a parent: by the numbers that were typed, or one of them a place up or down."""
    form, parent = Form(request.form), _below(request.form.get("of", ""))
    entries = menu_view.read_menu(_find_name(name)).entries
    places = read_places(form, [each.id for each in entries if each.parent_id == parent])
    return _save(name, form, lambda s, seen: menu_edits.order(s, name, parent, places, expected=seen))


@bp.post("/admin/menus/<name>/start")
@limit("staff")
@permission_required("content:write")
def start(name: str) -> Response:
    """Copy the menu that the shop makes itself."""
    form = Form(request.form)
    return _save(_find_name(name), form, lambda s, seen: menu_start.copy_automatic(s, name, expected=seen))


@bp.post("/admin/menus/<name>/versions/<int:number>")
@limit("staff")
@permission_required("content:write")
def restore(name: str, number: int) -> Response:
    """Put a former version back."""
    form = Form(request.form)
    return _save(
        _find_name(name), form, lambda s, seen: menu_versions.restore(s, name, number, expected=seen)
    )


@bp.get("/admin/menus/entries/<int:item_id>")
@limit("staff")
@permission_required("content:read")
def entry(item_id: int) -> Response:
    """Show the form of an entry."""
    return _entry(_find(item_id), Form())


@bp.post("/admin/menus/entries/<int:item_id>")
@limit("staff")
@permission_required("content:write")
def change(item_id: int) -> Response:
    """Save an entry."""
    item, form = _find(item_id), Form(request.form)
    values = _read(form)
    return _save(
        item.menu, form, lambda s, seen: menu_edits.change(s, item_id, values, expected=seen), item_id
    )


@bp.post("/admin/menus/entries/<int:item_id>/removal")
@limit("staff")
@permission_required("content:write")
def remove(item_id: int) -> Response:
    """Remove an entry with those below it."""
    name, form = _find(item_id).menu, Form(request.form)
    return _save(name, form, lambda s, seen: menu_edits.remove(s, item_id, expected=seen), said="deleted")


def _save(
    name: str,
    form: Form,
    work: Callable[[Session, int], Any],
    item_id: int | None = None,
    said: str = "saved",
) -> Response:
    """Do the work and show the menu; on an error show the form with all that was typed."""
    status = 422
    if not form.errors:
        try:
            with write_transaction() as session:
                work(session, form.version("made_from"))
            return redirect(url_for("admin_menus.show", name=name, said=said), 303)
        except (MenuEditError, MenuChangedError) as error:
            form.errors[error.field if isinstance(error, MenuEditError) else ""] = str(error)
            status = error.status
    item = db.session.get(MenuItem, item_id) if item_id else None
    return _entry(item, form, status) if item else _page(name, form, status)


def _read(form: Form) -> EntryValues:
    target = form.text("target", _("where the entry leads"), most=40, required=False)
    if not target:
        form.errors.setdefault("target", _("Choose %(label)s.", label=_("where the entry leads")))
    address = form.text("address", _("an address"), most=MAX_ADDRESS, required=target == "address")
    label = form.text("label", _("a label"), most=MAX_LABEL, required=False)
    parent = form.values["parent"] = form.typed("parent")
    return EntryValues(target, address, label, _below(parent))


def _below(typed: str) -> int | None:
    """Return the id of the entry above; None at the top. A forged one names no entry."""
    return (read_whole_number(typed, most_digits=9) or 0) if typed else None


def _page(name: str, form: Form, status: int = 200) -> Response:
    return render_page("menus/menu.html", status, **menu_view.describe_menu(name, form))


def _entry(item: MenuItem, form: Form, status: int = 200) -> Response:
    return render_page("menus/entry.html", status, **menu_view.describe_entry(item, form))


def _find_name(name: str) -> str:
    return name if name in menu_edits.NAMES else abort(404)


def _find(item_id: int) -> MenuItem:
    return db.session.get(MenuItem, item_id) or abort(404)
