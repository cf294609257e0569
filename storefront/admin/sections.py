"""The sections of the back office and their pages. A person sees those that their role may open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for

from storefront.admin.pages import current_person
from storefront.app_state import AppState
from storefront.i18n import lazy_gettext
from storefront.web import staff_access


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the back office: its name, and its pages as endpoint and label; the first one opens it."""

    label: str
    pages: tuple[tuple[str, str], ...]


HOME = "admin_home.show"
SECTIONS = (
    Section(lazy_gettext("Home"), ((HOME, lazy_gettext("Home")),)),
    Section(lazy_gettext("Orders"), (("admin_orders.all_orders", lazy_gettext("Orders")),)),
    Section(
        lazy_gettext("Products"),
        (
            ("admin_products.all_products", lazy_gettext("Products")),
            ("admin_grid.show", lazy_gettext("Grid")),
        ),
    ),
    Section(
        lazy_gettext("Categories"),
        (
            ("admin_categories.tree", lazy_gettext("Categories")),
            ("admin_collections.all_collections", lazy_gettext("Collections")),
        ),
    ),
    Section(
        lazy_gettext("Stock"),
        (
            ("admin_stock.show", lazy_gettext("Stock")),
            ("admin_stock_takings.all_takings", lazy_gettext("Stock-taking")),
        ),
    ),
    Section(lazy_gettext("Customers"), (("admin_customers.everybody", lazy_gettext("Customers")),)),
    Section(
        lazy_gettext("Content"),
        (
            ("admin_content.all_pages", lazy_gettext("Pages")),
            ("admin_menus.all_menus", lazy_gettext("Menus")),
            ("admin_front_page.show", lazy_gettext("Front page")),
            ("admin_translations.overview", lazy_gettext("Translations")),
        ),
    ),
    Section(
        lazy_gettext("Settings"),
        (
            ("admin_settings.show", lazy_gettext("Settings")),
            ("admin_terms.delivery", lazy_gettext("Delivery")),
            ("admin_terms.tax", lazy_gettext("Taxes")),
            ("admin_terms.payment", lazy_gettext("Payment")),
            ("admin_letters.all_kinds", lazy_gettext("Letters")),
            ("admin_launch.show", lazy_gettext("First steps")),
        ),
    ),
    Section(lazy_gettext("Staff"), (("admin_staff.everybody", lazy_gettext("Staff")),)),
    Section(
        lazy_gettext("Imports"),
        (("admin_change_sets.all_change_sets", lazy_gettext("Imports and changes")),),
    ),
    Section(lazy_gettext("History"), (("admin_history.all_changes", lazy_gettext("Who changed what")),)),
    Section(
        lazy_gettext("System"),
        (
            ("ops.dashboard", lazy_gettext("Overview")),
            ("cache.dashboard", lazy_gettext("Cache")),
            ("rate_limiting.dashboard", lazy_gettext("Limits")),
            ("activity_staff.all_events", lazy_gettext("Security")),
            ("admin_plugins.all_plugins", lazy_gettext("Plugins")),
        ),
    ),
)


_PLUGINS = lazy_gettext("Plugins")
_plugin_pages = AppState[list[tuple[str, str]]]("admin.plugin_pages")


@dataclass(frozen=True, slots=True)
class VisibleSection:
    """A section as one person sees it: its name, its pages, and whether the current page is one of them."""

    label: str
    pages: Sequence[tuple[str, str]]
    is_current: bool


def visible_sections() -> list[VisibleSection]:
    """Return the sections that the current person may open, with their pages."""
    found = []
    here = (request.endpoint or "").partition(".")[0]
    of_plugins = Section(_PLUGINS, tuple(_plugin_pages.get(current_app)))
    for section in (*SECTIONS, of_plugins):
        pages = [page for page in section.pages if _is_open(page[0])]
        if pages:
            is_current = any(_is_below(endpoint, here) for endpoint, _label in pages)
            found.append(VisibleSection(section.label, pages, is_current))
    return found


def init_app(app: Flask) -> None:
    """Offer the navigation to templates."""
    _plugin_pages.set(app, [])
    app.add_template_global(visible_sections, "office_sections")
    app.add_template_global(staff_access.may, "may")
    app.add_template_global(current_person, "office_person")


def add_plugin_page(app: Flask, endpoint: str, label: str) -> None:
    """Show a plugin's page in the navigation, to people who may open it."""
    _plugin_pages.get(app).append((endpoint, label))


def _is_below(endpoint: str, blueprint: str) -> bool:
    """Return whether the current page is of the same blueprint as this one, or its address is below this one's."""
    if endpoint.partition(".")[0] == blueprint:
        return True
    if blueprint == "admin_terms":  # below the settings, but in a section of its own
        return False
    path = url_for(endpoint)
    return path != url_for(HOME) and f"{request.script_root}{request.path}".startswith(f"{path}/")


def _is_open(endpoint: str) -> bool:
    """Return whether the page exists (the cache's is missing when the cache is off) and the person may open it."""
    permission = staff_access.permission_of(current_app, endpoint)
    return permission is not None and staff_access.may(permission)
