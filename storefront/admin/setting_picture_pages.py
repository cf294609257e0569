"""The logo and the icon of the shop, in forms on the page of its look: sent, replaced, removed."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.gate import may_upload
from storefront.admin.sent_pictures import store_picture
from storefront.admin.setting_pages import render_part
from storefront.catalog import shop_pictures
from storefront.catalog.pictures import PictureError
from storefront.change_sets.reason_texts import translate_reason
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.shop_settings import stored_settings
from storefront.shop_settings.stored_settings import Change, SetByEnvironmentError, SettingsChangedError
from storefront.web.body_limits import receives_upload
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_setting_pictures", __name__, cli_group=None)
PART = "look"


@bp.post("/admin/uploads/settings/<name>")
@receives_upload(partial(may_upload, "settings:write"))
@limit("staff")
@permission_required("settings:write")
def upload(name: str) -> Response:
    """Save the picture that the form carries."""
    form = _form_of(name)
    value = _store(name, form)
    return _change(name, form, value) if value else render_part(PART, form, 422)


@bp.post("/admin/settings/pictures/<name>/removal")
@limit("staff")
@permission_required("settings:write")
def remove(name: str) -> Response:
    """Take the picture away. Its file stays: letters that were sent show it."""
    return _change(name, _form_of(name), "")


def _form_of(name: str) -> Form:
    if name not in shop_pictures.NAMES:
        abort(404)
    return Form(request.form)


def _store(name: str, form: Form) -> str:
    """Store the file of the request; return the setting that names it, or "" with a sentence in the form's errors."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        form.errors[name] = _("Choose a picture.")
        return ""
    try:
        return shop_pictures.prepare(name, store_picture(file))
    except PictureError as error:
        form.errors[name] = _("This file can’t be used. %(reason)s", reason=translate_reason(str(error)))
    except OSError:
        current_app.logger.exception("a picture of the shop cannot be stored")
        form.errors[name] = _("It can’t be stored now. Try again later.")
    return ""


def _change(name: str, form: Form, value: str) -> Response:
    try:
        stored_settings.change_values({name: Change(form.typed("made_from"), value)})
    except (SettingsChangedError, SetByEnvironmentError) as error:
        form.errors[""] = str(error)
        return render_part(PART, form, error.status)
    return redirect(url_for("admin_settings.show", part=PART, said="saved"), 303)
