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

from storefront import periodic
from storefront.admin import sections
from storefront.app_state import AppState
from storefront.checkout import order_events, terms
from storefront.extensions import db
from storefront.ops import doctor
from storefront.ops.doctor.finding import Finding, ok, wrong
from storefront.plugins.plugin import Plugin
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.policies import setting_name
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


def policy_beginnings() -> list[str]:
    """Return how the names of rate limits of the installed plugins begin, before any of them is imported."""
    return [f"{point.name}." for point in _find_entry_points()]


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
    _check_limits(app, plugin, rehearsal)
    task_names = [task.name for task in plugin.tasks]
    if len(set(task_names)) < len(task_names) or not all(map(_NAME.fullmatch, task_names)):
        raise ValueError("a task has no valid name, or two have the same one: use a-z, 0-9 and _.")
    if any(task.interval < 1 for task in plugin.tasks):
        raise ValueError("a task has an interval of less than a second.")
    for page in plugin.office_pages:
        if page.endpoint not in rehearsal.view_functions:
            raise ValueError(f"there is no view {page.endpoint} for the menu.")
    for name in plugin.slots:
        if name not in template_slots.SLOTS:
            raise ValueError(f"there is no slot {name}; docs/extending.md lists them.")
    if plugin.migrations is not None and not (plugin.migrations / "versions").is_dir():
        raise ValueError(f"{plugin.migrations} has no folder versions.")


def _check_limits(app: Flask, plugin: Plugin, rehearsal: Flask) -> None:
    """Check a plugin's policies, the settings that name them, and the policies that its views are under."""
    names = [policy.name for policy in plugin.policies]
    if len(set(names)) < len(names) or not all(name.startswith(f"{plugin.name}.") for name in names):
        raise ValueError(f"names of rate limits begin with {plugin.name}. and differ.")
    if any(policy.in_sql for policy in plugin.policies):
        raise ValueError("a rate limit of a plugin is not counted in SQL.")
    settings = {setting_name(name) for name in names}
    for setting in app.config["LIMIT_RATES"]:
        if setting.startswith(setting_name(f"{plugin.name}.")) and setting not in settings:
            raise ValueError(f"{setting} names no rate limit of the plugin.")
    known = {*names, *rate_limits.get(app).policies}
    for endpoint, view in rehearsal.view_functions.items():
        for declared in getattr(view, "rate_limits", ()):
            if declared.policy not in known:
                raise ValueError(
                    f"the view {endpoint} is under the rate limit {declared.policy}, which is missing."
                )


def take_places(app: Flask, plugin: Plugin) -> None:
    """Register all that a plugin has; it was checked before.

    Raises:
        ValueError: a code is taken; then nothing is registered.
    """
    rate_limits.get(app).add_policies(plugin.policies)
    terms.add(app, plugin.payment_providers, plugin.delivery_methods)
    for task in plugin.tasks:
        periodic.add_task(app, f"{plugin.name}-{task.name}", task.work, interval=task.interval)
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
