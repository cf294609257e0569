"""/admin/settings and the pages below it: the merchant's settings. A change shows at once on all workers."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import moments
from storefront.admin import named_codes
from storefront.admin.pages import render_page
from storefront.admin.setting_fields import MOST, MOST_OF_LINES, SettingField, SettingPart
from storefront.admin.setting_parts import FIELDS, PARTS
from storefront.config.shop import find_nearest_color, read_text, variable_of
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import shop_locale
from storefront.rate_limiting import limit
from storefront.shop_settings import stored_settings
from storefront.shop_settings.announcement import moment_of
from storefront.shop_settings.stored_settings import Change, DescribedSetting, SettingsChangedError
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_settings", __name__, cli_group=None)

_MOMENTS = ("announcement_end", "reopens_at")
_SEEN = "seen-"  # before the name of a setting: the field with the value that the form showed
# Before the name of a setting: the button that saves the value which the page proposes instead.
_TAKE = "take-"


@bp.get("/admin/settings", defaults={"part": "shop"})
@bp.get("/admin/settings/<part>")
@limit("staff")
@permission_required("settings:read")
def show(part: str) -> Response:
    """Show a page of settings in a form."""
    settings = _describe()
    return _page(_find(part), settings, Form(values={name: each.text for name, each in settings.items()}))


@bp.post("/admin/settings", defaults={"part": "shop"})
@bp.post("/admin/settings/<part>")
@limit("staff")
@permission_required("settings:write")
def change(part: str) -> Response:
    """Save the fields that were changed, all or none; a field that the form lacks stays as it is."""
    here, settings, form = _find(part), _describe(), Form(request.form)
    changes = _read(form, settings)
    if form.errors:
        return _page(here, settings, form)
    try:
        stored_settings.change_values(changes)
    except SettingsChangedError as error:
        return _show_conflict(here, form, error)
    except stored_settings.SettingRefusedError as error:
        form.errors[error.name] = str(error)
        return _page(here, _describe(), form, error.status)
    except stored_settings.SetByEnvironmentError as error:
        form.errors[""] = str(error)
        return _page(here, _describe(), form, error.status)
    return redirect(url_for("admin_settings.show", part=part, said="saved"), 303)


def render_part(slug: str, form: Form, status: int) -> Response:
    """Return a page of settings as they are stored, with the errors of a form that is not the page's own."""
    settings = _describe()
    form.values.update({name: each.text for name, each in settings.items()})
    return _page(_find(slug), settings, form, status)


def _find(slug: str) -> SettingPart:
    return next((part for part in PARTS if part.slug == slug), None) or abort(404)


def _describe() -> dict[str, DescribedSetting]:
    return {each.name: each for each in stored_settings.describe_settings()}


def _read(form: Form, settings: dict[str, DescribedSetting]) -> dict[str, Change]:
    """Return what the sender changed, by the settings' names; `form.errors` has a sentence for each wrong field."""
    changes = {}
    for name, each in FIELDS.items():
        if not form.is_sent(name) or settings[name].origin == "environment":
            form.values[name] = settings[name].text
            continue
        text, seen = _typed(form, each), form.typed(_SEEN + name).replace("\r\n", "\n")
        if text == seen or name in form.errors:
            continue
        changes[name] = Change(seen, _check(form, each, text))
    _refuse_past_moments(form, settings, changes)
    return changes


def _refuse_past_moments(
    form: Form, settings: dict[str, DescribedSetting], changes: dict[str, Change]
) -> None:
    """Refuse a moment that has passed: the announcement would not show, and a shop that is being closed stay open."""
    texts = {name: changes[name].text if name in changes else settings[name].text for name in _MOMENTS}
    closes = "closed" in changes and changes["closed"].text == "on"
    for name, text in texts.items():
        is_set = name in changes or (closes and name == "reopens_at")
        if is_set and text and name not in form.errors and moment_of(text) <= moments.now():
            form.errors[name] = _("This moment has passed. Choose a later one, or leave it empty.")


def _typed(form: Form, field: SettingField) -> str:
    if field.kind == "lines":
        return form.lines(field.name, most=MOST_OF_LINES)
    text = form.text(field.name, field.label, most=MOST, required=False)
    form.values[field.name] = text = named_codes.read_code(field.name, text, shop_locale())
    if proposed := find_nearest_color(field.name, text) if form.is_sent(_TAKE + field.name) else "":
        form.values[field.name] = text = proposed
    return text


def _check(form: Form, field: SettingField, text: str) -> str:
    """Return the text as it is stored; empty, for the default, if nothing was typed."""
    if not text:
        return ""
    try:
        return stored_settings.typed(read_text(field.name, text, label=field.label))
    except ConfigurationError as error:
        form.errors[field.name] = str(error)
        return text


def _show_conflict(part: SettingPart, form: Form, error: SettingsChangedError) -> Response:
    settings = _describe()
    form.errors[""] = str(error)
    for name in error.names:
        form.errors[name] = _("Saved now: %(value)s", value=settings[name].text or "–")
    return _page(part, settings, form, error.status)


def _page(
    part: SettingPart, settings: dict[str, DescribedSetting], form: Form, status: int = 200
) -> Response:
    # A form that is shown again still carries what its sender saw, but for fields whose new value it shows now.
    seen = {
        name: each.text if name in form.errors and status == 409 else form.typed(_SEEN + name) or each.text
        for name, each in settings.items()
    }
    return render_page(
        "settings.html",
        status,
        form=form,
        part=part,
        parts=PARTS,
        settings=settings,
        seen=seen,
        proposed={name: find_nearest_color(name, form.values.get(name, "")) for name in form.errors if name},
        variable_of=variable_of,
        suggest=partial(named_codes.suggest, locale=shop_locale()),
    )
