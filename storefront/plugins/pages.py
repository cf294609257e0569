"""`/admin/plugins`: the installed plugins, and their settings."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.admin.shop_warnings import ShopWarning
from storefront.i18n import gettext as _
from storefront.plugins.installed import installed_plugins
from storefront.plugins.plugin import Plugin
from storefront.plugins.plugin_settings import change_settings, read_settings, settings_version
from storefront.rate_limiting import limit
from storefront.shop_settings.stored_settings import SettingsChangedError
from storefront.web.forms import Form
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_plugins", __name__, cli_group=None)
_MOST = 2000  # characters of a setting


@bp.get("/admin/plugins")
@limit("staff")
@permission_required("settings:read")
def all_plugins() -> Response:
    """List the installed plugins, each with the form of its settings."""
    return _page()


@bp.post("/admin/plugins/<name>")
@limit("staff")
@permission_required("settings:write")
def change(name: str) -> Response:
    """Store the settings of a plugin, all or none."""
    found = [one.plugin for one in installed_plugins(current_app) if one.plugin and one.name == name]
    if not found:
        abort(404)
    plugin, form = found[0], Form(request.form)
    values = _read(plugin, form)
    if form.errors:
        return _page(plugin, form)
    try:
        change_settings(plugin, values, seen=form.typed("seen"))
    except SettingsChangedError as error:
        form.errors[""] = str(error)
        return _page(plugin, form, error.status)
    return redirect(url_for(".all_plugins", said="saved"), 303)


def _read(plugin: Plugin, form: Form) -> dict[str, str]:
    values = {}
    for each in plugin.settings:
        text = form.text(each.name, each.label, most=_MOST, required=False)
        if each.name not in form.errors and form.is_sent(each.name):
            try:
                values[each.name] = each.check(text)
            except ValueError as error:
                form.errors[each.name] = str(error)
    return values


def _page(wrong: Plugin | None = None, form: Form | None = None, status: int = 200) -> Response:
    installed = installed_plugins(current_app)
    forms = {one.name: Form(values=read_settings(one.plugin)) for one in installed if one.plugin}
    if wrong is not None and form is not None:
        forms[wrong.name] = form
    versions = {one.name: settings_version(one.plugin) for one in installed if one.plugin}
    return render_page(
        "plugins.html",
        422 if form and status == 200 else status,
        installed=installed,
        forms=forms,
        versions=versions,
    )


def list_warnings() -> Iterator[ShopWarning]:
    """Yield what the first page of the back office says of the plugins that are switched off."""
    here = (url_for("admin_plugins.all_plugins"), _("Plugins")) if may("settings:read") else ("", "")
    for one in installed_plugins(current_app):
        if one.problem:
            yield ShopWarning(
                _("The plugin “%(name)s” is switched off, because it contains a mistake.", name=one.name),
                *here,
            )
