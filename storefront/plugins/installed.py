"""Finds the installed plugins and gives them their places in the shop."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import ParamSpec

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront.admin import sections
from storefront.app_state import AppState
from storefront.checkout import order_events, terms
from storefront.extensions import db
from storefront.ops import doctor
from storefront.ops.doctor.finding import Finding, ok, wrong
from storefront.plugins.plugin import Plugin
from storefront.stock import ledger
from storefront.web import template_slots

log = logging.getLogger(__name__)
P = ParamSpec("P")

GROUP = "storefront.plugins"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """An entry point, and the plugin that it led to; None if that is switched off, and a sentence that says why."""

    name: str
    plugin: Plugin | None
    problem: str = ""


_installed = AppState[list[InstalledPlugin]]("plugins.installed")


def installed_plugins(app: Flask) -> list[InstalledPlugin]:
    """Return the installed plugins by name, those that are switched off too."""
    return _installed.get(app)


def _find_problems() -> Iterable[Finding]:
    found = installed_plugins(current_app)
    on = ", ".join(f"{one.name} {one.plugin.version}".rstrip() for one in found if one.plugin)
    yield from (wrong("plugins", f"{one.problem} Mend or uninstall it.") for one in found if one.problem)
    if on:
        yield ok("plugins", f"On: {on}.")


def init_app(app: Flask) -> None:
    """Load each installed plugin and let it take its places."""
    found: list[InstalledPlugin] = []
    _installed.set(app, found)
    doctor.more_checks.register(app, _find_problems)
    for point in _find_entry_points():
        try:
            plugin = _load(point)
            check(app, plugin, [one.name for one in found])
            take_places(app, plugin)
        except Exception as error:  # of other people's code
            problem = f"The plugin {point.name} is switched off: {type(error).__name__}: {error}"
            log.exception("%s", problem)
            found.append(InstalledPlugin(point.name, None, problem))
        else:
            found.append(InstalledPlugin(plugin.name, plugin))


@functools.cache
def _find_entry_points() -> Iterable[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _load(point: EntryPoint) -> Plugin:
    plugin = point.load()
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{point.value} is not a storefront.plugins.Plugin.")
    return plugin


def check(app: Flask, plugin: Plugin, names: Iterable[str]) -> None:
    """Check a plugin before the shop is changed, on an app of its own.

    Args:
        app: the shop.
        plugin: the plugin.
        names: of the plugins that have their places.

    Raises:
        ValueError: something of it does not fit; the text says what.
        KeyError: a slot does not exist.
    """
    if not _NAME.fullmatch(plugin.name) or plugin.name in names:
        raise ValueError(f"{plugin.name!r} is not a name, or is taken: use a-z, 0-9 and _.")
    rehearsal = Flask(plugin.name, static_folder=None)
    for blueprint in plugin.blueprints:
        if blueprint.name in app.blueprints:
            raise ValueError(f"the shop has a blueprint {blueprint.name} already.")
        rehearsal.register_blueprint(blueprint)
    taken = {rule.rule for rule in app.url_map.iter_rules()}
    for rule in rehearsal.url_map.iter_rules():
        if rule.rule in taken:
            raise ValueError(f"the shop answers at {rule.rule} already.")
        is_office = rule.rule == "/admin" or rule.rule.startswith("/admin/")
        if is_office and not hasattr(rehearsal.view_functions[rule.endpoint], "permission"):
            raise ValueError(f"the view of {rule.rule} has no permission_required.")
    if not all(_NAME.fullmatch(each.name) and each.name != "seen" for each in plugin.settings):
        raise ValueError("a setting has no valid name: use a-z, 0-9 and _.")
    for page in plugin.office_pages:
        if page.endpoint not in rehearsal.view_functions:
            raise ValueError(f"there is no view {page.endpoint} for the menu.")
    for name in plugin.slots:
        if name not in template_slots.SLOTS:
            raise ValueError(f"there is no slot {name}; docs/extending.md lists them.")
    if plugin.migrations is not None and not (plugin.migrations / "versions").is_dir():
        raise ValueError(f"{plugin.migrations} has no folder versions.")


def take_places(app: Flask, plugin: Plugin) -> None:
    """Register all that a plugin has; it was checked before.

    Raises:
        ValueError: a code is taken; then nothing is registered.
    """
    terms.add(app, plugin.payment_providers, plugin.delivery_methods)
    for blueprint in plugin.blueprints:
        app.register_blueprint(blueprint)
    for page in plugin.office_pages:
        sections.add_plugin_page(app, page.endpoint, page.label)
    for name, template in plugin.slots.items():
        template_slots.fill_slot(app, name, template)
    for command in plugin.commands:
        app.cli.add_command(command)
    if plugin.order_changed:
        order_events.changed.register(app, _guarded(plugin, plugin.order_changed))
    if plugin.availability_changed:
        ledger.availability_changed.register(app, _guarded(plugin, plugin.availability_changed))


def _guarded(plugin: Plugin, handler: Callable[P, None]) -> Callable[P, None]:
    """Return the handler, whose failure undoes its own writes and nothing else."""

    @functools.wraps(handler)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        session = args[0] if isinstance(args[0], Session) else db.session()
        try:
            with session.begin_nested():
                handler(*args, **kwargs)
        except Exception:  # of other people's code
            log.exception("The plugin %s failed at an event, which goes on without it.", plugin.name)

    return call
