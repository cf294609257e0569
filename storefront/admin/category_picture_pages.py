"""The picture of a category, in a form on the category's page: sent, described, replaced, removed."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.category_pages import find_category, render_category
from storefront.admin.gate import may_upload
from storefront.admin.sent_pictures import store_picture
from storefront.catalog import category_pictures
from storefront.catalog.category_edits import CategoryChangedError
from storefront.catalog.picture_edits import MAX_ALT
from storefront.catalog.pictures import PictureError, StoredPicture
from storefront.change_sets.reason_texts import translate_reason
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.web.body_limits import receives_upload
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_category_pictures", __name__, cli_group=None)


@bp.post("/admin/uploads/categories/<int:category_id>")
@receives_upload(partial(may_upload, "catalog:write"))
@limit("staff")
@permission_required("catalog:write")
def upload(category_id: int) -> Response:
    """Save the picture that the form carries, and the text of the picture."""
    here, form = find_category(category_id), Form(request.form)
    alt = form.text("picture_alt", _("a text"), most=MAX_ALT, required=False)
    stored = _store(form)
    if not stored and not here.picture_digest and not form.errors:
        form.errors["picture"] = _("Choose a picture.")
    if form.errors:
        return render_category(here, form, 422)
    expected = form.typed("made_from")
    try:
        with write_transaction() as session:
            category_pictures.change_picture(session, here.id, stored, alt=alt, expected=expected)
    except CategoryChangedError as error:
        return _refuse(category_id, form, error)
    return redirect(url_for("admin_categories.show", category_id=category_id, said="saved"), 303)


@bp.post("/admin/categories/<int:category_id>/picture/removal")
@limit("staff")
@permission_required("catalog:write")
def remove(category_id: int) -> Response:
    """Take the picture away."""
    here, form = find_category(category_id), Form(request.form)
    try:
        with write_transaction() as session:
            category_pictures.remove_picture(session, here.id, expected=form.typed("made_from"))
    except CategoryChangedError as error:
        return _refuse(category_id, form, error)
    return redirect(url_for("admin_categories.show", category_id=category_id, said="saved"), 303)


def _store(form: Form) -> StoredPicture | None:
    """Store the file of the request; None without one, or with a sentence in the form's errors."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        return None
    try:
        return store_picture(file)
    except PictureError as error:
        form.errors["picture"] = _("This file can’t be used. %(reason)s", reason=translate_reason(str(error)))
        return None


def _refuse(category_id: int, form: Form, error: CategoryChangedError) -> Response:
    form.errors[""] = str(error)
    return render_category(find_category(category_id), form, error.status)
