"""/admin/settings: the merchant's settings. A change shows at once on every page, on every worker."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.admin.setting_fields import FIELDS, GROUPS, MOST, SettingField
from storefront.config.shop import read_text, variable_of
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.shop_settings import stored_settings
from storefront.shop_settings.stored_settings import Change, DescribedSetting, SettingsChangedError
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_settings", __name__, cli_group=None)

_SEEN = "seen-"  # before the name of a setting: the field with the value that the form showed


@bp.get("/admin/settings")
@limit("staff")
@permission_required("settings:read")
def show() -> Response:
    """Show all settings in a form."""
    settings = _describe()
    return _page(settings, Form(values={name: each.text for name, each in settings.items()}))


@bp.post("/admin/settings")
@limit("staff")
@permission_required("settings:write")
def change() -> Response:
    """Save the fields that were changed, all or none; a field that the form lacks stays as it is."""
    settings, form = _describe(), Form(request.form)
    changes = _read(form, settings)
    if form.errors:
        return _page(settings, form)
    try:
        stored_settings.change_values(changes)
    except SettingsChangedError as error:
        return _show_conflict(form, error)
    except stored_settings.SetByEnvironmentError as error:
        form.errors[""] = str(error)
        return _page(_describe(), form, error.status)
    return redirect(url_for("admin_settings.show", said="saved"), 303)


def _describe() -> dict[str, DescribedSetting]:
    return {each.name: each for each in stored_settings.describe_settings()}


def _read(form: Form, settings: dict[str, DescribedSetting]) -> dict[str, Change]:
    """Return what the sender changed, by the settings' names; `form.errors` has a sentence for each wrong field."""
    changes = {}
    for name, each in FIELDS.items():
        if not form.is_sent(name) or settings[name].origin == "environment":
            form.values[name] = settings[name].text
            continue
        text, seen = form.text(name, each.label, most=MOST, required=False), form.typed(_SEEN + name)
        if text == seen or name in form.errors:
            continue
        changes[name] = Change(seen, _check(form, each, text))
    return changes


def _check(form: Form, field: SettingField, text: str) -> str:
    """Return the text as it is stored; empty, for the default, if nothing was typed."""
    if not text:
        return ""
    try:
        return stored_settings.typed(read_text(field.name, text, label=field.label))
    except ConfigurationError as error:
        form.errors[field.name] = str(error)
        return text


def _show_conflict(form: Form, error: SettingsChangedError) -> Response:
    settings = _describe()
    form.errors[""] = str(error)
    for name in error.names:
        form.errors[name] = _("Saved now: %(value)s", value=settings[name].text or "–")
    return _page(settings, form, error.status)


def _page(settings: dict[str, DescribedSetting], form: Form, status: int = 200) -> Response:
    # A form that is shown again still carries what its sender saw, but for fields whose new value it shows now.
    seen = {
        name: each.text if name in form.errors and status == 409 else form.typed(_SEEN + name) or each.text
        for name, each in settings.items()
    }
    return render_page(
        "settings.html",
        status,
        form=form,
        groups=GROUPS,
        settings=settings,
        seen=seen,
        variable_of=variable_of,
    )
